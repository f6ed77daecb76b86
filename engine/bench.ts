import { setTimeout as sleep } from 'node:timers/promises';
import type { Measuring } from '../fixtures/bench/generator.ts';
import { cutFromServer } from '../fixtures/faults/kinds/partition.ts';
import { inject } from '../fixtures/faults/inject.ts';
import { allOrNone } from '../fixtures/run/all-or-none.ts';
import type { Run } from '../fixtures/run/run.ts';
import { startMesh, type Mesh } from '../fixtures/target/mesh.ts';
import type { MeshTools } from '../fixtures/target/mesh-spec.ts';
import type { LocatedMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import { phaseTitles, type BenchPhase, type BenchPlan } from '../plans/bench.ts';
import { beginRotation } from '../scenarios/rotation/authority.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import type { BenchRow } from '../src/history.ts';
import { rowBenches } from '../src/statistics/bench-rows.ts';
import { kneeOf, kneePhase } from '../src/statistics/knee.ts';
import { FixtureError } from '../src/errors.ts';
import {
  generatorTool,
  measure,
  measureAll,
  orderOf,
  yardsticks,
  type Bench,
  type Doing,
  type Meanwhile,
  type Wanted,
} from './measure-rows.ts';
import type { RunningTarget } from './run.ts';
import { recordRun, type RunResult, type RunSetting } from './record-run.ts';
import { phase as marked } from './run-work.ts';
import { startRuntime } from './start-runtime.ts';
import { meshTitle } from './steps.ts';

export interface BenchOptions extends RunSetting, Wanted {
  readonly plan: BenchPlan;
  /** By the name of the runtime; or a mesh that runs already. */
  readonly on: string | RunningTarget;
  /** Finds the programs: those of the mesh, and the generators by id. */
  prepare(): Promise<BenchTools>;
  readonly shards: number;
}

export interface BenchTools {
  /** Those of a mesh that is to be stood up. */
  readonly mesh?: LocatedMeshTools;
  readonly generators: Bench['generators'];
  /** The path of the program that is the yardstick in Go, which is that of our own generator, too; and what it says of itself. */
  readonly yardstick: string;
  readonly generatorVersion: string;
}

/** Measures the rows of a plan, phase by phase, and writes down what came of it. */
export function runBench(options: BenchOptions): Promise<RunResult> {
  const { plan, on, objectives, baseline } = options;
  return recordRun(options, {
    runtime: typeof on === 'string' ? on : undefined,
    prepare: () => options.prepare(),
    begins: ({ mesh, generatorVersion }) => ({
      ...{ runtime: typeof on === 'string' ? on : 'attach', clauses: [] },
      versions: { ...mesh?.versions, [generatorTool]: generatorVersion },
      target:
        typeof on === 'string'
          ? {
              kind: 'stood up by Assay',
              trustDomain: plan.meshes[0]?.trustDomain,
              nodeUnderTest: plan.meshes[0]?.nodes.map(({ implementation }) => implementation).join(', '),
            }
          : on.note,
    }),
    async work(run, tools) {
      const { recorder, signal } = run;
      for (const { rows } of plan.phases) for (const row of rows) recorder.record(row);
      for (const wanted of [...objectives, ...baseline]) recorder.record(wanted);
      await using ground = new AsyncDisposableStack();
      const meshes = typeof on === 'string' ? await standUp(options, on, run, tools.mesh!.paths, ground) : [];
      const targets =
        typeof on === 'string'
          ? meshes
          : [ground.use(await options.steps.step('attach', 'Attach to the target', () => on.open(run, nothingOfOurs)))];
      let rotating: Promise<unknown> | undefined;
      const rotate = () => (rotating ??= Promise.all(meshes.flatMap((mesh) => mesh.startRotating?.(signal) ?? [])));
      const { seed, shards } = options;
      const yardstickOf = yardsticks(run, tools.yardstick, ground);
      const bench: BenchOfPhases = {
        ...{ options, run, meshes, targets, rotate, yardstickOf, seed, shards },
        generators: tools.generators,
      };
      await options.steps.step('warm-up', 'Warm-up, which is not measured', () => warmUp(bench));
      const { capacity } = plan;
      let searched: Promise<void> | undefined;
      const search = () =>
        capacity &&
        (searched ??= options.steps.step(kneePhase, 'The rate at which latency bends', (say) =>
          marked(run, kneePhase, () => findKnee({ ...bench, say }, capacity)),
        ));
      for (const { phase, rows } of plan.phases) {
        signal.throwIfAborted();
        // What has begun to rotate does not end.
        if (rotatesFrom.includes(phase)) await search();
        const title = `${phase}: ${phaseTitles[phase]}`;
        await options.steps.step(phase, title, (say) =>
          marked(run, phase, () => phases[phase]({ ...bench, say }, rows)),
        );
      }
      await search();
    },
  });
}

// Handshakes are those of the probe.
const nothingOfOurs = { authority: false, names: false };

async function standUp(
  { plan, steps }: BenchOptions,
  on: string,
  run: Run,
  tools: MeshTools,
  ground: AsyncDisposableStack,
): Promise<readonly Mesh[]> {
  if (plan.meshes.length === 0) return [];
  const runtime = ground.use(await startRuntime(on, run, tools, steps));
  return allOrNone(
    plan.meshes.map((spec) =>
      steps.step(`mesh-${spec.name}`, meshTitle(spec), () =>
        marked(run, `mesh ${spec.name}`, () => startMesh(run, runtime, tools, spec)),
      ),
    ),
    ground,
  );
}

// What was compiled beforehand fills no more than its caches.
const warmUpSeconds = 3;
const warmUpOfGo = 0.5;

/** Whoever compiles while it runs, or fills caches, is not measured while it does. */
async function warmUp(bench: BenchOfPhases): Promise<void> {
  const rows = bench.options.plan.phases[0]?.rows ?? [];
  const nodes = Map.groupBy(
    rows.filter(({ generator }) => generator === 'assay'),
    ({ node }) => node,
  );
  for (const [first] of nodes.values()) {
    const seconds = first!.yardstick === undefined || first!.on !== undefined ? warmUpSeconds : warmUpOfGo;
    const order = await orderOf(bench, { ...first!, row: 'warm-up', seconds });
    await using measuring = bench.generators.get('assay')!.measure({ ...order, shards: 1 }, () => undefined);
    await measuring.done;
  }
}

const rotatesFrom: readonly BenchPhase[] = ['storm', 'authority'];

/** With what its phases do. */
interface BenchOfPhases extends Bench {
  readonly options: BenchOptions;
  /** What was stood up for it. */
  readonly meshes: readonly Mesh[];
  /** From then on SVIDs live so short that they rotate all the time. */
  readonly rotate: () => Promise<unknown>;
}

type InPhase = Doing<BenchOfPhases>;

/** What a phase does to the mesh around its rows. */
const phases: Readonly<Record<BenchPhase, (doing: InPhase, rows: readonly BenchRow[]) => Promise<void>>> = {
  steady: measurePhase,
  async partition(doing, rows) {
    const { run, meshes } = doing;
    const faults = meshes.flatMap((mesh) =>
      mesh.nodes.map((node) => cutFromServer(mesh, node, node.serverLink!, run.recorder)),
    );
    await using _cut = await inject({ recorder: run.recorder, signal: run.signal, scenario: 'partition' }, faults);
    await measurePhase(doing, rows);
  },
  healed: measurePhase,
  async storm(doing, rows) {
    await doing.rotate();
    await measurePhase(doing, rows);
  },
  async authority(doing, rows) {
    await doing.rotate();
    await measurePhase(doing, rows, (measuring, row) => replaceAuthority(doing, measuring, row));
  },
};

function measurePhase(doing: InPhase, rows: readonly BenchRow[], meanwhile?: Meanwhile): Promise<void> {
  return measureAll(doing, rows, doing.options, meanwhile);
}

/** Raises the rate until latency bends, twice at the same one, and looks between that and the last that held. */
async function findKnee(doing: InPhase, first: BenchRow): Promise<void> {
  const { recorder } = doing.run;
  const tried = new Map<number, number>();
  const atRate = async (perSecond: number) => {
    const times = (tried.get(perSecond) ?? 0) + 1;
    tried.set(perSecond, times);
    const seconds = Math.max(first.seconds, Math.ceil(leastInTry / perSecond));
    const row = {
      ...{ ...first, row: `${kneePhase}/${perSecond}${times > 1 ? ` again` : ''}` },
      ...{ wantedPerSecond: perSecond, seconds },
    };
    recorder.record(row);
    await measure(doing, row);
    const knee = kneeOf(rowBenches(recorder.history));
    const point = knee?.curve.find(({ wantedPerSecond }) => wantedPerSecond === perSecond);
    if (point === undefined)
      throw new FixtureError(
        `capacity: at ${perSecond} connections a second not one ${first.resumed ? 'resumed ' : ''}handshake was measured, so that nothing can be seen to bend`,
      );
    return point.bends;
  };
  // One bad moment is no knee.
  const bends = async (perSecond: number) => (await atRate(perSecond)) !== null && (await atRate(perSecond)) !== null;
  let held = 0;
  let rate = first.wantedPerSecond ?? 0;
  for (let steps = 0; steps < mostKneeSteps && !(await bends(rate)); steps++) {
    held = rate;
    rate = Math.round(rate * kneeStep);
  }
  for (let looks = 0; looks < kneeLooks && held > 0; looks++) {
    const between = Math.round((held + rate) / 2);
    if (between === held || between === rate) return;
    if (await bends(between)) rate = between;
    else held = between;
  }
}

// For a p90 to say something.
const leastInTry = 120;
const mostKneeSteps = 16;
const kneeStep = 1.5;
const kneeLooks = 2;

/** Replaces the authority step by step, so that the steps lie within the time that the row is measured. */
async function replaceAuthority(bench: BenchOfPhases, measuring: Measuring, row: BenchRow): Promise<void> {
  const mesh = bench.meshes.find(({ nodes }) => nodes.some(({ name }) => name === row.node))!;
  const { recorder, signal } = bench.run;
  const refresh = async () => {
    const [identity, authorities] = await Promise.all([mesh.probeIdentity(), mesh.authorities()]);
    await measuring.refresh?.(identity, authorities);
  };
  const authority = await beginRotation({ target: mesh, recorder, signal, load: { refresh } });
  await authority.prepare(await forgeAuthority({ trustDomain: mesh.trustDomain, commonName: 'Assay companion' }));
  await refresh();
  await sleep(mesh.timing.uptakeMs, undefined, { signal });
  await authority.activate();
  await sleep(mesh.timing.uptakeMs, undefined, { signal });
  await authority.taint();
  await authority.revoke();
}

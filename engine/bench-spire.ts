import { leadMs, oneTurn, scheduleOf } from '../fixtures/bench/schedule.ts';
import { deliverEntry } from '../fixtures/bench/spire/entry.ts';
import type { Operation, SpireGround } from '../fixtures/bench/spire/operation.ts';
import { timeOpenly } from '../fixtures/bench/timed.ts';
import type { Run } from '../fixtures/run/run.ts';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import { startMesh, type Mesh } from '../fixtures/target/mesh.ts';
import { propagationMs } from '../fixtures/target/propagation.ts';
import { locateMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import type { SpireBenchPlan } from '../plans/bench-spire.ts';
import { FixtureError } from '../src/errors.ts';
import type { BenchRow } from '../src/history.ts';
import { openWindow } from './measure-rows.ts';
import { recordRun, type RunResult, type RunSetting } from './record-run.ts';
import { phase } from './run-work.ts';
import { startRuntime } from './start-runtime.ts';
import { meshTitle } from './steps.ts';

export interface SpireBenchOptions extends RunSetting {
  readonly plan: SpireBenchPlan;
}

/** How a stage is shown. */
export const stageStep = (entries: number) => ({
  id: `entries=${entries}`,
  title: `Beside ${entries} ${entries === 1 ? 'entry' : 'entries'} of the agent`,
});

/** Times what SPIRE does, one operation after the other, and writes down what came of it. */
export function runSpireBench(options: SpireBenchOptions): Promise<RunResult> {
  const { plan, steps, seed, signal } = options;
  return recordRun(options, {
    runtime: defaultRuntime,
    prepare: () => steps.step('toolchain', 'Toolchain', (say) => locateMeshTools({ say, signal })),
    begins: ({ versions }) => ({
      ...{ runtime: defaultRuntime, clauses: [], versions },
      target: {
        kind: 'stood up by Assay',
        trustDomain: plan.mesh.trustDomain,
        sync: `every ${plan.mesh.syncIntervalMs / 1000} s`,
        datastore: 'SQLite',
      },
    }),
    async work(run, { paths }) {
      for (const { rows } of plan.stages) for (const { row } of rows) run.recorder.record(row);
      await using runtime = await startRuntime(defaultRuntime, run, paths, steps);
      await using mesh = await steps.step(`mesh-${plan.mesh.name}`, meshTitle(plan.mesh), () =>
        phase(run, `mesh ${plan.mesh.name}`, () => startMesh(run, runtime, paths, plan.mesh)),
      );
      const ground = await groundOf(run, mesh);
      for (const { entries, rows } of plan.stages) {
        const { id, title } = stageStep(entries);
        await steps.step(id, title, (say) =>
          phase(run, id, async () => {
            say('makes the entries');
            await fill(ground, entries);
            for (const { row, operation } of rows) {
              say(operation.times);
              await time(ground, row, operation, seed);
            }
          }),
        );
      }
    },
  });
}

async function groundOf(run: Run, mesh: Mesh): Promise<SpireGround> {
  const node = mesh.nodes[0]!;
  const own = (await mesh.spire.api.listEntries()).find(({ spiffeId }) => spiffeId === node.spiffeId);
  if (own === undefined) throw new FixtureError(`SPIRE server: it lists no entry of ${node.spiffeId}`);
  const { parentId, selectors } = own;
  return { run, mesh, node, parentId, selectors, withinMs: propagationMs(mesh.spec) };
}

// A user whom nobody here is: the agent holds its SVIDs and hands them to nobody.
const nobody = [{ type: 'unix', value: 'uid:4294900000' }];

/** Gives the agent of the node so many entries in all, and waits until it has them. */
async function fill(ground: SpireGround, entries: number): Promise<void> {
  const { api } = ground.mesh.spire;
  const { parentId, mesh } = ground;
  const have = (await api.listEntries()).filter((one) => one.parentId === parentId).length;
  const more = Array.from({ length: Math.max(0, entries - have) }, (_, nth) => ({
    ...{ spiffeId: `spiffe://${mesh.trustDomain}/filler/${have + nth}`, parentId, selectors: nobody },
  }));
  if (more.length > 0) await api.createEntries(more);
  // One that comes after them all is delivered when they are there.
  let gone: Promise<void> | undefined;
  await deliverEntry(ground, (deleted) => {
    gone = deleted;
  });
  await gone;
}

async function time(ground: SpireGround, row: BenchRow, operation: Operation, seed: number): Promise<void> {
  const { run, mesh } = ground;
  const { recorder, signal } = run;
  const fromZeroUs = scheduleOf(row, oneTurn(row, 0), seed);
  await using operating = await operation.begin(ground, fromZeroUs.length);
  const fromMs = recorder.now() + leadMs;
  const dues = fromZeroUs.map((dueUs) => Math.round(dueUs + fromMs * 1000));
  using window = openWindow({ run, targets: [mesh] }, row);
  const cpu = process.cpuUsage();
  const { inFlight } = await timeOpenly(run, row.row, dues, (nth) => operating.once(nth));
  const { user, system } = process.cpuUsage(cpu);
  window.end()({ inFlight, due: dues.length, cpuMs: (user + system) / 1000, wallMs: recorder.now() - fromMs });
  signal.throwIfAborted();
}

import { openLoadSource } from '../fixtures/load/load.ts';
import type { Run } from '../fixtures/run/run.ts';
import { searchKept } from '../fixtures/run/search-kept.ts';
import type { Runtime } from '../fixtures/runtime/runtime.ts';
import { startMesh } from '../fixtures/target/mesh.ts';
import { type MeshTools } from '../fixtures/target/mesh-spec.ts';
import type { Needed } from '../fixtures/target/attach.ts';
import type { Target } from '../fixtures/target/target.ts';
import { locateMeshTools, type LocatedMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import { decidedOfOthersAlone, narrowed, onOneMesh, type Chosen, type Part, type Plan } from '../plans/plan.ts';
import { quietPart, type QuietWindow } from '../plans/quiet-window.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import type { AcceptedFailure } from '../src/history.ts';
import { tokenNotInOurLogs } from '../src/clauses/mesh/tokens.ts';
import { generatorTool } from './measure-rows.ts';
import { locateQuietTools, measureQuietly, recordWanted, type QuietTools } from './quiet-window.ts';
import { recordRun, type RunBody, type RunResult, type RunSetting } from './record-run.ts';
import { runWork, phase } from './run-work.ts';
import { neededOf } from './skips.ts';
import { startRuntime } from './start-runtime.ts';
import { meshTitle } from './steps.ts';

/** A mesh that somebody else runs, to be judged in the place of those that the plan would stand up. */
export interface RunningTarget {
  open(run: Run, needs: Needed): Promise<Target & AsyncDisposable>;
  /** What it is, for the report. */
  readonly note: Readonly<Record<string, unknown>>;
}

export interface RunOptions extends RunSetting {
  readonly plan: Plan;
  readonly chosen: Chosen;
  /** Where the meshes of the plan are stood up, by the runtime's name; or a mesh that runs already. */
  readonly on: string | RunningTarget;
  /** What is under test, for the report of a run that stands its meshes up. */
  readonly nodeUnderTest?: string;
  /** Where the programs of the toolchain are looked for; `process.env` when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Failures that somebody accepted beforehand. */
  readonly accepted?: readonly AcceptedFailure[];
  /** What is measured when all else is over; left out: nothing is. */
  readonly quiet?: QuietWindow;
}

/** The programs of a run: those of meshes that it stands up, and the one that measures. */
export interface Tools {
  readonly mesh?: LocatedMeshTools;
  readonly quiet?: QuietTools;
}

/** Runs a plan and judges what came of it, as `recordRun` does. */
export function runPlan(options: RunOptions): Promise<RunResult> {
  return recordRun(
    options,
    judging(options, (run, tools) => runOn(options, run, tools)),
  );
}

/** What a run of clauses does, whatever `work` it is that shows them. */
export function judging(options: RunOptions, work: RunBody<Tools>['work']): RunBody<Tools> {
  const { plan, chosen, on, quiet } = options;
  return {
    runtime: typeof on === 'string' ? on : undefined,
    prepare: () => locate(options),
    begins: (tools) => ({
      runtime: typeof on === 'string' ? on : 'attach',
      versions: { ...tools.mesh?.versions, ...(tools.quiet && { [generatorTool]: tools.quiet.version }) },
      target: typeof on === 'string' ? standingUp(plan, options) : on.note,
      clauses: clauses.map((clause) => clause.id).filter((clause) => chosen.has(clause)),
    }),
    async work(run, tools) {
      for (const failure of options.accepted ?? []) run.recorder.record(failure);
      if (quiet !== undefined) recordWanted(run, quiet);
      await work(run, tools);
      // All that writes a log is gone by now.
      if (chosen.has(tokenNotInOurLogs.id)) await searchKept(run);
    },
  };
}

async function locate({ steps, signal, env, on, quiet }: RunOptions): Promise<Tools> {
  if (typeof on !== 'string' && quiet === undefined) return {};
  return steps.step('toolchain', 'Toolchain', async (say) => ({
    ...(typeof on === 'string' && { mesh: await locateMeshTools({ say, signal, ...(env && { env }) }) }),
    ...(quiet && { quiet: await locateQuietTools(say, { signal }) }),
  }));
}

function standingUp(
  { parts }: Plan,
  { nodeUnderTest = 'reference node' }: RunOptions,
): Readonly<Record<string, unknown>> {
  return { kind: 'stood up by Assay', trustDomain: parts[0]?.mesh.trustDomain, nodeUnderTest };
}

/** Runs a plan on the meshes that it stands up, or on the one that runs already, and records what is seen. */
export async function runOn(options: RunOptions, run: Run, tools: Tools): Promise<void> {
  const { on, steps, quiet } = options;
  const plan = narrowed(options.plan, options.chosen);
  const measureAt = async (target: Target) => {
    if (quiet !== undefined) await measureQuietly(run, options, quiet, target, tools.quiet!);
  };
  if (typeof on !== 'string') {
    const work = onOneMesh(plan);
    const needs = neededOf(work, options.chosen);
    await using target = await steps.step('attach', 'Attach to the target', () => on.open(run, needs));
    if (work !== undefined) await runWork({ ...options, afterwards: () => measureAt(target) }, run, work, target);
    return;
  }
  for (const { id } of decidedOfOthersAlone(plan).filter((clause) => options.chosen.has(clause.id)))
    run.recorder.record({
      ...{ kind: 'skip', clause: id },
      reason: 'it is decided in a mesh that others run, by commands that its target file names: --target FILE',
    });
  await using runtime = await startRuntime(on, run, tools.mesh!.paths, steps);
  const runPart = (part: Part, afterwards?: (target: Target) => Promise<void>) =>
    standUpAndRun(options, run, runtime, tools.mesh!.paths, part, afterwards);
  // When the others are gone.
  const measured = quiet && quietPart(plan.parts);
  const ofOthers = plan.parts.filter((part) => part !== measured).map((part) => runPart(part));
  const settled = await Promise.allSettled([
    ...(measured === undefined
      ? []
      : [
          runPart(measured, async (mesh) => {
            await Promise.allSettled(ofOthers);
            await measureAt(mesh);
          }),
        ]),
    ...ofOthers,
  ]);
  // What ends the whole run is the reason of each of its meshes.
  const failed = [
    ...new Set(settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))),
  ];
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) throw new AggregateError(failed);
}

/** @param afterwards - done on the mesh when all was looked at but how nodes end */
async function standUpAndRun(
  options: RunOptions,
  run: Run,
  runtime: Runtime,
  tools: MeshTools,
  part: Part,
  afterwards?: (target: Target) => Promise<void>,
): Promise<void> {
  const { name } = part.mesh;
  await using source = part.scenarios.length > 0 ? openLoadSource() : undefined;
  const standUp = () => startMesh(run, runtime, tools, part.mesh);
  await using mesh = await options.steps.step(`mesh-${name}`, meshTitle(part.mesh), () =>
    phase(run, `mesh ${name}`, standUp),
  );
  await runWork({ ...options, afterwards: afterwards && (() => afterwards(mesh)) }, run, part, mesh, source);
}

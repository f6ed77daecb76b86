import { join } from 'node:path';
import { openRecorder, type Recorder } from '../fixtures/run/recorder.ts';
import { newRunId, type Run } from '../fixtures/run/run.ts';
import { withRun } from '../fixtures/run/with-run.ts';
import type { Runtime } from '../fixtures/runtime/runtime.ts';
import { startMesh } from '../fixtures/target/mesh.ts';
import { type MeshTools } from '../fixtures/target/mesh-spec.ts';
import type { Target } from '../fixtures/target/target.ts';
import { locateMeshTools, type LocatedMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import { narrowed, onOneMesh, type Chosen, type Part, type Plan } from '../plans/plan.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { findError, messageOf } from '../src/errors.ts';
import { HealError } from '../src/heal-error.ts';
import type { History } from '../src/history.ts';
import { buildReport, type Report } from '../src/report/report.ts';
import { runWork, phase } from './run-work.ts';
import { startRuntime } from './start-runtime.ts';
import type { Steps } from './steps.ts';

/** A mesh that somebody else runs, to be judged in the place of those that the plan would stand up. */
export interface RunningTarget {
  open(run: Run): Promise<Target & AsyncDisposable>;
  /** What it is, for the report. */
  readonly note: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  readonly plan: Plan;
  readonly chosen: Chosen;
  /** Where the meshes of the plan are stood up, by the runtime's name; or a mesh that runs already. */
  readonly on: string | RunningTarget;
  /** Of the run directory; reports/out/<run id> when absent. */
  readonly out?: string;
  readonly seed: number;
  /** The command line, for the report. */
  readonly command: string;
  /** What is under test, for the report of a run that stands its meshes up. */
  readonly nodeUnderTest?: string;
  readonly signal: AbortSignal;
  readonly steps: Steps;
  /** Where the programs of the toolchain are looked for; `process.env` when absent. */
  readonly env?: NodeJS.ProcessEnv;
  readonly papers?: Papers;
}

/** Writes what is made of a finished run. */
export interface Papers {
  /** @throws FixtureError that says what is kept and how the others are written later */
  write(directory: string, report: Report): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RunResult {
  readonly report: Report;
  /** What the report was made from. */
  readonly history: History;
  readonly directory: string;
  /** What ended the run early, when it was not a person. */
  readonly failure?: unknown;
}

/**
 * Runs a plan and judges what came of it. Leaves history.jsonl and whatever `papers` writes, whatever happens on the way; what goes wrong
 * in the harness itself stands in the history as trouble, and makes the run inconclusive.
 *
 * @throws what kept the run from beginning; nothing is left then
 */
export async function runPlan(options: RunOptions): Promise<RunResult> {
  const { steps, signal, on } = options;
  const id = newRunId(new Date());
  const directory = options.out ?? join('reports', 'out', id);
  const recorder = openRecorder(directory);
  await using papers = options.papers;
  let aborted: string | undefined;
  let failure: unknown;
  const failed = (error: unknown) => {
    failure ??= error;
    recorder.record({ kind: 'trouble', clauses: [], message: messageOf(error) });
    steps.trouble(messageOf(error));
  };
  let clockMs = NaN;
  try {
    const tools = typeof on === 'string' ? await locate(options) : undefined;
    clockMs = begin(recorder, id, options, tools);
    recorder.broken.throwIfAborted();
    await withRun({ id, directory, recorder, signal, runtime: typeof on === 'string' ? on : undefined }, (run) =>
      runOn(options, run, tools?.paths),
    );
  } catch (error) {
    if (recorder.history.length === 0) {
      recorder.discard();
      throw error;
    }
    if (signal.aborted) aborted = messageOf(signal.reason);
    // That something could not be healed outweighs that a person stopped the run.
    if (!signal.aborted || findError(error, HealError) !== undefined) failed(error);
  }
  // Certificates are judged by the wall clock: a clock that was set meanwhile would make that worthless.
  const driftMs = Math.abs(Date.now() - clockMs - recorder.now());
  if (driftMs > 500) {
    const message = `the wall clock of this machine was set by ${driftMs.toFixed(0)} ms during the run`;
    recorder.record({ kind: 'trouble', clauses: [], message });
  }
  recorder.record({ kind: 'run-ended', endedAt: new Date().toISOString(), ...(aborted !== undefined && { aborted }) });
  return await steps.step('report', 'Report', async () => {
    if (recorder.broken.aborted && failure === undefined) failed(recorder.broken.reason);
    recorder.close();
    const report = buildReport(recorder.history, clauses);
    try {
      await papers?.write(directory, report);
    } catch (error) {
      failed(error);
    }
    return { report, history: recorder.history, directory, ...(failure !== undefined && { failure }) };
  });
}

function locate({ steps, signal, env }: RunOptions): Promise<LocatedMeshTools> {
  return steps.step('toolchain', 'Toolchain', (say) => locateMeshTools({ say, signal, ...(env && { env }) }));
}

/** Writes the first line of the history. Gives the wall clock's time, in milliseconds, at which the run's own clock stood at zero. */
function begin(recorder: Recorder, id: string, options: RunOptions, tools: LocatedMeshTools | undefined): number {
  const { plan, chosen, on } = options;
  // A first run builds its programs: that is no part of its timeline.
  const startedAt = recorder.startClock();
  recorder.record({
    kind: 'run-started',
    id,
    command: options.command,
    startedAt: startedAt.toISOString(),
    seed: options.seed,
    runtime: typeof on === 'string' ? on : 'attach',
    versions: {
      ...{ assay: '0.1.0', node: process.versions.node, openssl: process.versions.openssl },
      ...tools?.versions,
    },
    target: typeof on === 'string' ? standingUp(plan, options) : on.note,
    clauses: clauses.map((clause) => clause.id).filter((clause) => chosen.has(clause)),
  });
  return startedAt.getTime();
}

function standingUp(
  { parts }: Plan,
  { nodeUnderTest = 'reference node' }: RunOptions,
): Readonly<Record<string, unknown>> {
  return { kind: 'stood up by Assay', trustDomain: parts[0]?.mesh.trustDomain, nodeUnderTest };
}

async function runOn(options: RunOptions, run: Run, tools: MeshTools | undefined): Promise<void> {
  const { on, steps } = options;
  const plan = narrowed(options.plan, options.chosen);
  if (typeof on !== 'string') {
    await using target = await steps.step('attach', 'Attach to the target', () => on.open(run));
    const work = onOneMesh(plan);
    if (work !== undefined) await runWork(options, run, work, target);
    return;
  }
  await using runtime = await startRuntime(on, run, tools!, steps);
  const settled = await Promise.allSettled(
    plan.parts.map((part) => standUpAndRun(options, run, runtime, tools!, part)),
  );
  // What ends the whole run is the reason of each of its meshes.
  const failed = [
    ...new Set(settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))),
  ];
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) throw new AggregateError(failed);
}

async function standUpAndRun(
  options: RunOptions,
  run: Run,
  runtime: Runtime,
  tools: MeshTools,
  part: Part,
): Promise<void> {
  const { name, nodes } = part.mesh;
  const title = `Mesh ${name}: SPIRE, ${nodes.length} nodes with an agent each`;
  const standUp = () => startMesh(run, runtime, tools, part.mesh);
  await using mesh = await options.steps.step(`mesh-${name}`, title, () => phase(run, `mesh ${name}`, standUp));
  await runWork(options, run, part, mesh);
}

import { join } from 'node:path';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { findError, messageOf } from '../src/errors.ts';
import { HealError } from '../src/heal-error.ts';
import { startLoad } from '../fixtures/load/load.ts';
import { startMesh, type Mesh, type MeshTools } from '../fixtures/target/mesh.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId, type Run } from '../fixtures/run/run.ts';
import type { Runtime } from '../fixtures/runtime/runtime.ts';
import { loadRuntime } from '../fixtures/runtime/runtimes.ts';
import type { Target } from '../fixtures/target/target.ts';
import { locateTools, type Tool, type ToolProgress } from '../fixtures/toolchain/toolchain.ts';
import { withRun } from '../fixtures/run/with-run.ts';
import { runScenario } from '../scenarios/scenario.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { buildReport, type Report } from '../src/report/report.ts';
import { meshSpecs, type DeploymentOverrides, type NodeUnderTest } from '../plans/deployment.ts';
import { planFor, wholePlan, type MeshPlan } from '../plans/gate.ts';
import type { Steps } from './steps.ts';

export interface GateOptions {
  /** The name of a kind of runtime, or `attach`, which starts nothing. */
  readonly runtime: string;
  /** Of the run directory; reports/out/<run id> when absent. */
  readonly out?: string;
  readonly seed: number;
  readonly chosen: ReadonlySet<string>;
  readonly command: string;
  readonly nodeUnderTest?: NodeUnderTest;
  readonly deployment?: DeploymentOverrides;
  /** For attach: opens the target that somebody else runs. */
  readonly attach?: (run: Run) => Promise<Target & AsyncDisposable>;
  readonly targetNote?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly steps: Steps;
  /** Writes report.json and what is made of it; stopped at the end. Without it the history alone is kept. */
  readonly papers?: AsyncDisposable & { write(directory: string, report: Report): Promise<void> };
}

export interface GateResult {
  readonly report: Report;
  readonly directory: string;
  /** What ended the run early, when it was not a person. */
  readonly failure?: unknown;
}

// Open loop; in all at least 200 new connections a second over the pairs of the steady mesh.
const steadyLoad = { perSecond: { toNode: 110, betweenNodes: 8, fromNode: 6 }, keptPerSecond: 10, resume: 0.05 };
const briefLoad = { perSecond: { toNode: 4, betweenNodes: 15, fromNode: 0 }, keptPerSecond: 0, resume: 0 };

/**
 * Runs the gate and judges it. Leaves history.jsonl and the papers, whatever happens on the way; what goes wrong in the
 * harness itself stands in them as trouble, and makes the run inconclusive.
 *
 * @throws what kept the run from beginning; nothing is left then
 */
export async function runGate(options: GateOptions): Promise<GateResult> {
  const startedAt = new Date();
  const id = newRunId(startedAt);
  const directory = options.out ?? join('reports', 'out', id);
  const recorder = openRecorder(directory);
  await using papers = options.papers;
  const wallStart = Date.now();
  const { steps, signal, chosen } = options;
  let aborted: string | undefined;
  let failure: unknown;
  const failed = (error: unknown) => {
    failure ??= error;
    recorder.record({ kind: 'trouble', clauses: [], message: messageOf(error) });
    steps.trouble(messageOf(error));
  };
  let tools: Record<'spire-server' | 'spire-agent' | 'toxiproxy', Tool> | undefined;
  try {
    if (options.runtime !== 'attach')
      tools = await steps.step('toolchain', 'Toolchain', (say) =>
        locateTools(['spire-server', 'spire-agent', 'toxiproxy'], {
          signal,
          onProgress: (progress) => say(describeProgress(progress)),
        }),
      );
    recorder.record({
      kind: 'run-started',
      id,
      command: options.command,
      startedAt: new Date(wallStart).toISOString(),
      seed: options.seed,
      runtime: options.runtime,
      versions: {
        assay: '0.1.0',
        node: process.versions.node,
        openssl: process.versions.openssl,
        ...(tools && { spire: tools['spire-server'].version, toxiproxy: tools.toxiproxy.version }),
      },
      target: options.targetNote ?? {
        kind: 'stood up by Assay',
        trustDomain: 'x0tta6bl4.mesh',
        nodeUnderTest: options.nodeUnderTest?.implementation ?? 'reference node',
      },
      clauses: clauses.map(({ id: clause }) => clause).filter((clause) => chosen.has(clause)),
    });
    recorder.broken.throwIfAborted();
    await judgeTargets(
      options,
      id,
      directory,
      recorder,
      tools && {
        spireServer: tools['spire-server'].path,
        spireAgent: tools['spire-agent'].path,
        toxiproxy: tools.toxiproxy.path,
      },
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
  const drift = Math.abs(Date.now() - wallStart - recorder.now());
  if (drift > 500)
    recorder.record({
      kind: 'trouble',
      clauses: [],
      message: `the wall clock of this machine was set by ${drift.toFixed(0)} ms during the run`,
    });
  recorder.record({ kind: 'run-ended', endedAt: new Date().toISOString(), ...(aborted !== undefined && { aborted }) });
  // Awaited here: the papers would else be stopped while they are written.
  return await steps.step('report', 'Report', async () => {
    if (recorder.broken.aborted && failure === undefined) failed(recorder.broken.reason);
    recorder.close();
    const report = buildReport(recorder.history, clauses);
    try {
      await papers?.write(directory, report);
    } catch (error) {
      failed(error);
    }
    return { report, directory, ...(failure !== undefined && { failure }) };
  });
}

async function judgeTargets(
  options: GateOptions,
  id: string,
  directory: string,
  recorder: Run['recorder'],
  tools: MeshTools | undefined,
): Promise<void> {
  const { steps, signal, attach } = options;
  await withRun({ id, directory, recorder, signal, runtime: attach ? undefined : options.runtime }, async (run) => {
    if (attach !== undefined) {
      await using target = await steps.step('attach', 'Attach to the target', () => attach(run));
      await judgeMesh(options, run, wholePlan(options.chosen), target);
      return;
    }
    await using runtime = await startRuntime(options.runtime, run, tools!, steps);
    const specs = meshSpecs(options.nodeUnderTest, options.deployment ?? {});
    const settled = await Promise.allSettled(
      planFor(options.chosen).map((plan) => meshAndJudge(options, run, runtime, tools!, specs[plan.mesh], plan)),
    );
    // What ends the whole run is the reason of each of its meshes.
    const failed = [
      ...new Set(settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))),
    ];
    if (failed.length === 1) throw failed[0];
    if (failed.length > 1) throw new AggregateError(failed);
  });
}

async function startRuntime(name: string, run: Run, tools: MeshTools, steps: Steps): Promise<Runtime> {
  const kind = await loadRuntime(name);
  const start = () => kind.start(run, { programs: { ...tools }, projectDir: join(import.meta.dirname, '..') });
  return kind.startsAtOnce ? start() : steps.step('runtime', kind.title, start);
}

async function meshAndJudge(
  options: GateOptions,
  run: Run,
  runtime: Runtime,
  tools: MeshTools,
  spec: Parameters<typeof startMesh>[3],
  plan: MeshPlan,
): Promise<void> {
  const { steps, recorder } = { steps: options.steps, recorder: run.recorder };
  recorder.record({ kind: 'phase', phase: `mesh ${spec.name}`, state: 'begun' });
  await using mesh: Mesh = await steps.step(
    `mesh-${spec.name}`,
    `Mesh ${spec.name}: SPIRE, ${spec.nodes.length} nodes with an agent each`,
    () => startMesh(run, runtime, tools, spec),
  );
  recorder.record({ kind: 'phase', phase: `mesh ${spec.name}`, state: 'ended' });
  await judgeMesh(options, run, plan, mesh);
}

async function judgeMesh(options: GateOptions, run: Run, plan: MeshPlan, target: Target): Promise<void> {
  const { steps, chosen } = options;
  const { recorder, signal } = run;
  const wants = (clause: string) => chosen.has(clause);
  const phase = async <T>(name: string, work: () => Promise<T>) => {
    recorder.record({ kind: 'phase', phase: name, state: 'begun' });
    try {
      return await work();
    } finally {
      recorder.record({ kind: 'phase', phase: name, state: 'ended' });
    }
  };
  // Trouble in one suite or scenario concerns its own clauses; the others still get their verdict.
  const contained = async (
    of: { readonly id: string; readonly title: string; readonly clauses: readonly string[] },
    work: () => Promise<void>,
  ) => {
    try {
      await steps.step(of.id, of.title, () => phase(of.id, work));
    } catch (error) {
      if (findError(error, HealError) !== undefined) throw error;
      signal.throwIfAborted();
      recorder.record({ kind: 'trouble', clauses: of.clauses.filter(wants), message: messageOf(error) });
    }
  };
  const suites = allEnded(
    plan.suites.map((suite) => contained(suite, () => suite.run({ target, recorder, signal, wants }))),
  );
  const runnable = plan.scenarios.filter((scenario) => {
    const why = scenarioNeeds(target);
    if (why === undefined) return true;
    for (const clause of scenario.clauses.filter(wants)) recorder.record({ kind: 'skip', clause, reason: why });
    return false;
  });
  if (runnable.length === 0) {
    await suites;
    return;
  }
  const othersDone = suites.then(() => undefined);
  othersDone.catch(() => {
    /* told below */
  });
  try {
    await using load = await startLoad(target, recorder, {
      ...(plan.mesh === 'steady' ? steadyLoad : briefLoad),
      seed: options.seed,
    });
    for (const scenario of runnable)
      await contained(scenario, () => runScenario(scenario, { target, load, recorder, signal, wants, othersDone }));
  } finally {
    await suites;
  }
}

function scenarioNeeds(target: Target): string | undefined {
  if (target.withheld?.scenarios !== undefined) return target.withheld.scenarios;
  if (
    target.server === undefined ||
    target.nodes.some(({ serverLink, agent }) => serverLink === undefined || agent === undefined)
  )
    return 'not injectable here: this target was not started by Assay and its file allows no faults';
  return undefined;
}

export function describeProgress({
  tool,
  step,
  position,
  of,
  totalElapsedMs,
  totalExpectedMs,
  packages,
  builder,
}: ToolProgress): string {
  const seconds = (ms: number) => (ms < 90_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`);
  if (step === 'waiting') return `another Assay (pid ${builder}) builds ${tool}; waiting, ${seconds(totalElapsedMs)}`;
  if (step === 'ready') return `${tool} is ready (${position} of ${of})`;
  return `${step} ${tool} (${position} of ${of})${packages > 0 ? `, ${packages} packages` : ''}: ${seconds(totalElapsedMs)} of about ${seconds(totalExpectedMs)}; this happens once`;
}

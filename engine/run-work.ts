import { setTimeout as sleep } from 'node:timers/promises';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { startLightLoad } from '../fixtures/load/light.ts';
import { startLoad, type LoadSource } from '../fixtures/load/load.ts';
import type { Run } from '../fixtures/run/run.ts';
import type { Target } from '../fixtures/target/target.ts';
import { clausesOf, lastPhases, type Chosen, type Work } from '../plans/plan.ts';
import { runScenario, type Scenario } from '../scenarios/scenario.ts';
import { FixtureError, findError, messageOf } from '../src/errors.ts';
import type { History } from '../src/history.ts';
import { capacityOf } from '../src/reading/healthy.ts';
import { wallClockOff } from '../src/reading/wall-clock.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { HealError } from '../src/heal-error.ts';
import type { Suite } from '../suites/suite.ts';
import { decidesAny, skipWhatIsLacking } from './skips.ts';
import type { Steps } from './steps.ts';

export interface WorkOptions {
  readonly seed: number;
  readonly chosen: Chosen;
  readonly steps: Steps;
  /** Done when all was looked at but how nodes end. */
  readonly afterwards?: (() => Promise<void>) | undefined;
}

/** Runs suites and scenarios on a mesh and records what they see. What the mesh lacks is skipped, with its own reason. */
export async function runWork(
  { seed, chosen, steps, afterwards }: WorkOptions,
  run: Run,
  work: Work,
  target: Target,
  source?: LoadSource,
): Promise<void> {
  const { recorder, signal } = run;
  const decidable = skipWhatIsLacking(recorder, target, work, chosen);
  const wants = (clause: KnownClause) => decidable.has(clause.id);
  const runs = (one: Suite | Scenario) => decidesAny(one, target, decidable);
  // Trouble in one suite or scenario concerns its own clauses; the others still get their verdict.
  const contained = async (of: Suite | Scenario, begin: () => Promise<void>) => {
    try {
      await begin();
    } catch (error) {
      if (findError(error, HealError) !== undefined) throw error;
      signal.throwIfAborted();
      const concerned = clausesOf(of).filter(({ id }) => chosen.has(id));
      recorder.record({ kind: 'trouble', clauses: concerned.map(({ id }) => id), message: messageOf(error) });
    }
  };
  const shown = (of: Suite | Scenario, begin: () => Promise<void>) =>
    contained(of, () => steps.step(of.id, of.title, () => phase(run, of.id, begin)));
  const context = { target, recorder, signal, wants };
  const asked = (one: Suite) => clausesOf(one).some(({ id }) => chosen.has(id));
  for (const suite of work.suites.filter(asked)) suite.declare?.(context);
  const runSuites = () => allEnded(work.suites.filter(runs).map((suite) => shown(suite, () => suite.run(context))));
  const scenarios = work.scenarios.filter(runs);
  const last = async (step: keyof typeof lastPhases) => {
    const all = work.suites.filter((suite) => runs(suite) && suite[step] !== undefined);
    const one = (suite: Suite) => phase(run, lastPhases[step](suite), async () => suite[step]?.(context));
    await allEnded(all.map((suite) => contained(suite, () => one(suite))));
  };
  const finish = async () => {
    await last('finish');
    await afterwards?.();
    await last('end');
  };
  if (scenarios.length === 0) {
    await runSuites();
    await finish();
    return;
  }
  // What a node bears is measured while nobody else asks it for anything, as far as that is soon done.
  const quiet = Promise.withResolvers<void>();
  let lost = false;
  // Nobody asks somebody else's mesh for two things at once.
  const { callsPerSecond } = target;
  if (callsPerSecond !== undefined) quiet.resolve();
  const suites = atLast(quiet.promise, quietMs, signal).then(async () => {
    signal.throwIfAborted();
    if (!lost) await runSuites();
  });
  const othersDone = suites.then(() => undefined);
  heardElsewhere(othersDone);
  // Once, for all that come after what wants a calm mesh.
  let rotating: Promise<void> | undefined;
  try {
    if (callsPerSecond !== undefined) await suites;
    await using load =
      callsPerSecond === undefined
        ? await startLoad(target, recorder, { ...work.load, seed }, source)
        : await startLightLoad(target, recorder, { perSecond: callsPerSecond, signal });
    for (const scenario of scenarios) {
      await shown(scenario, async () => {
        await unlessAborted(load.fitted, signal);
        if (scenario.calm !== true) {
          anybodyAnswers(recorder.history, target);
          heardElsewhere((rotating ??= target.startRotating?.(signal) ?? Promise.resolve()));
          if (scenario.early !== true) {
            quiet.resolve();
            await rotating;
          }
        }
        if (scenario.measuredAgain === true) await unlessAborted(load.fitAgain(), signal);
        await runScenario(scenario, { ...context, load, othersDone, healing: quiet.resolve });
        await rotating;
      });
    }
  } catch (error) {
    // What was left broken is judged by nobody who has not begun.
    lost = findError(error, HealError) !== undefined;
    throw error;
  } finally {
    quiet.resolve();
    await Promise.allSettled([rotating]);
    await suites;
  }
  await finish();
}

// A right node is measured, and its agent is back, in half of that; one that has to get warm first is measured beside suites.
const quietMs = 3_000;

/** Ends with the work, but not later than that. */
async function atLast(work: Promise<void>, withinMs: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const patience = sleep(withinMs, undefined, { signal: AbortSignal.any([signal, over.signal]) });
  // Whoever stops a run is heard by what comes next.
  await Promise.allSettled([Promise.race([work, patience])]);
  over.abort();
}

/**
 * A scenario shows what a fault or a rotation changes: of nodes that answered nothing before, it would only wait, and for long.
 *
 * @throws FixtureError that names them
 */
function anybodyAnswers(history: History, { nodes }: Target): void {
  const judged = nodes.filter((node) => node.judged).map(({ name }) => name);
  if (judged.length === 0 || judged.some((name) => capacityOf(history, name)?.count !== 0)) return;
  throw new FixtureError(
    `${judged.join(' and ')} answered nothing when healthy, so that nothing could be seen to change`,
  );
}

/** Whoever stops a run does not wait for a node that is slow to answer. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Marks the beginning and the end of some work of the harness, for the timeline. */
export async function phase<T>({ recorder }: Run, name: string, work: () => Promise<T>): Promise<T> {
  recorder.record({ kind: 'phase', phase: name, state: 'begun' });
  try {
    return await work();
  } finally {
    const wallClockOffMs = wallClockOff(recorder.history, Date.now(), recorder.now());
    recorder.record({ kind: 'phase', phase: name, state: 'ended', wallClockOffMs });
  }
}

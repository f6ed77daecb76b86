import { allEnded } from '../fixtures/run/all-ended.ts';
import { startLoad } from '../fixtures/load/load.ts';
import type { Run } from '../fixtures/run/run.ts';
import type { Target } from '../fixtures/target/target.ts';
import { clausesOf, type Chosen, type Work } from '../plans/plan.ts';
import { runScenario, type Scenario } from '../scenarios/scenario.ts';
import { findError, messageOf } from '../src/errors.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { HealError } from '../src/heal-error.ts';
import type { Suite } from '../suites/suite.ts';
import { skipWhatIsLacking } from './skips.ts';
import type { Steps } from './steps.ts';

export interface WorkOptions {
  readonly seed: number;
  readonly chosen: Chosen;
  readonly steps: Steps;
}

/** Runs suites and scenarios on a mesh and records what they see. What the mesh lacks is skipped, with its own reason. */
export async function runWork(
  { seed, chosen, steps }: WorkOptions,
  run: Run,
  work: Work,
  target: Target,
): Promise<void> {
  const { recorder, signal } = run;
  const decidable = skipWhatIsLacking(recorder, target, work, chosen);
  const wants = (clause: KnownClause) => decidable.has(clause.id);
  const runs = (one: Suite | Scenario) => clausesOf(one).some(wants);
  // Trouble in one suite or scenario concerns its own clauses; the others still get their verdict.
  const contained = async (of: Suite | Scenario, begin: () => Promise<void>) => {
    try {
      await steps.step(of.id, of.title, () => phase(run, of.id, begin));
    } catch (error) {
      if (findError(error, HealError) !== undefined) throw error;
      signal.throwIfAborted();
      const concerned = clausesOf(of).filter(({ id }) => chosen.has(id));
      recorder.record({ kind: 'trouble', clauses: concerned.map(({ id }) => id), message: messageOf(error) });
    }
  };
  const context = { target, recorder, signal, wants };
  const asked = (one: Suite) => clausesOf(one).some(({ id }) => chosen.has(id));
  for (const suite of work.suites.filter(asked)) suite.declare?.(context);
  const suites = allEnded(work.suites.filter(runs).map((suite) => contained(suite, () => suite.run(context))));
  const scenarios = work.scenarios.filter(runs);
  if (scenarios.length === 0) {
    await suites;
    return;
  }
  const othersDone = suites.then(() => undefined);
  heardElsewhere(othersDone);
  try {
    await using load = await startLoad(target, recorder, { ...work.load, seed });
    for (const scenario of scenarios) {
      await contained(scenario, () => runScenario(scenario, { ...context, load, othersDone }));
    }
  } finally {
    await suites;
  }
}

/** Marks the beginning and the end of some work of the harness, for the timeline. */
export async function phase<T>({ recorder }: Run, name: string, work: () => Promise<T>): Promise<T> {
  recorder.record({ kind: 'phase', phase: name, state: 'begun' });
  try {
    return await work();
  } finally {
    recorder.record({ kind: 'phase', phase: name, state: 'ended' });
  }
}

import type { Load } from '../fixtures/load/load.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import type { Capability } from '../fixtures/target/capability.ts';
import type { MeshProfile } from '../fixtures/target/profile.ts';
import { DeadlineError } from '../src/errors.ts';
import type { Recorder } from '../fixtures/run/recorder.ts';
import type { Target } from '../fixtures/target/target.ts';
import type { Entry } from '../src/history.ts';

export interface ScenarioContext {
  readonly target: Target;
  readonly load: Load;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  wants(clause: KnownClause): boolean;
  /** Resolves when nobody else works with identities of the first authority any more. */
  readonly othersDone: Promise<void>;
}

/** A fault that a scenario injects, and what proves it from outside of what injected it. */
export interface FaultDeclaration {
  readonly kind: string;
  readonly does: string;
  readonly inForceWhen: string;
  readonly goneWhen: string;
}

/** A bound that a scenario computes; its value stands in the history under `name`, in milliseconds. */
export interface BoundDeclaration {
  readonly name: string;
  readonly says: string;
}

/** An experiment: a hypothesis, faults that are proven in force and gone, and what was seen meanwhile. It records; the clauses judge. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** One falsifiable sentence. */
  readonly hypothesis: string;
  readonly clauses: readonly KnownClause[];
  readonly needs: readonly Capability[];
  readonly mesh: MeshProfile;
  /** What happens, step by step, for the scenario's page. */
  readonly steps: readonly string[];
  /** None where what is changed is no fault, as in a rotation. */
  readonly faults: readonly FaultDeclaration[];
  readonly bounds: readonly BoundDeclaration[];
  /** Bounds in milliseconds by name, added to `scenario` marks as they become known. */
  run(context: ScenarioContext, bounds: Record<string, number>): Promise<void>;
}

/** Runs a scenario between its marks; requests due meanwhile bear its name. */
export async function runScenario(scenario: Scenario, context: ScenarioContext): Promise<void> {
  const { recorder, load } = context;
  const bounds: Record<string, number> = {};
  const { id, hypothesis } = scenario;
  const clauses = scenario.clauses.map((clause) => clause.id);
  recorder.record({ kind: 'scenario', scenario: id, state: 'begun', hypothesis, clauses });
  load.during(id);
  try {
    await scenario.run(context, bounds);
    recorder.record({ kind: 'scenario', scenario: id, state: 'ended', hypothesis, clauses, boundsMs: bounds });
  } finally {
    load.during('');
  }
}

/** Waits until the history holds such an entry from `fromIndex` on. */
export async function recorded(
  recorder: Recorder,
  condition: string,
  fromIndex: number,
  wanted: (entry: Entry) => boolean,
  withinMs: number,
  signal: AbortSignal,
): Promise<Entry> {
  return eventually(condition, () => recorder.history.slice(fromIndex).find(wanted), { withinMs, everyMs: 20, signal });
}

/** A wait whose running out is itself what the clause judges: the history shows that it did not come. */
export async function orNot(wait: Promise<unknown>): Promise<void> {
  try {
    await wait;
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
  }
}

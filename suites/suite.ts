import type { Recorder } from '../fixtures/run/recorder.ts';
import type { Capability } from '../fixtures/target/capability.ts';
import type { MeshProfile } from '../fixtures/target/profile.ts';
import type { Target } from '../fixtures/target/target.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';

/** What a suite works with. It records what it sees; the clauses judge. */
export interface SuiteContext {
  readonly target: Target;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  /** Whether this clause was chosen for the run, and can be decided on this target. */
  wants(clause: KnownClause): boolean;
}

/** A clause that a suite decides, and what that takes of the target beyond what the suite itself needs. */
export interface Decides {
  readonly clause: KnownClause;
  readonly needs: readonly Capability[];
  /** What can be tried without is tried all the same; the skip stands beside it and says what was not. */
  readonly partly?: true;
}

/** The checks of one subject, run together because they share their controls. */
export interface Suite {
  readonly id: string;
  readonly title: string;
  readonly mesh: MeshProfile;
  /** Whatever a target lacks of it is skipped by the engine, with the target's own reason. */
  readonly needs: readonly Capability[];
  readonly decides: readonly (KnownClause | Decides)[];
  /** Records what the report says of the target whether or not anything can be decided on it. */
  declare?(context: SuiteContext): void;
  run(context: SuiteContext): Promise<void>;
  /** What comes when all suites and scenarios on the target have ended, and no load is on it. */
  finish?(context: SuiteContext): Promise<void>;
  /** Ends nodes, when all else was looked at and measured. */
  end?(context: SuiteContext): Promise<void>;
}

/** The clauses that a suite decides, each with what it needs of the target in all. */
export function decidedBy({ needs, decides }: Pick<Suite, 'needs' | 'decides'>): readonly Decides[] {
  return decides.map((one) => ('clause' in one ? { ...one, needs: [...needs, ...one.needs] } : { clause: one, needs }));
}

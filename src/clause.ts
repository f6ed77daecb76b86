import type { History } from './history.ts';
import type { RequirementId } from './requirements/catalogue.ts';
import type { Judgement } from './verdict.ts';

export type Level = 'MUST' | 'MUST_NOT' | 'SHOULD' | 'SHOULD_NOT' | 'MAY';

/** The promises of the mesh; every clause of the gate belongs to one. */
export type MeshPromise = 'tls' | 'pinning' | 'tokens' | 'rotation' | 'partition';

/** One obligation of one document, and the rule that decides it from a history. */
export interface Clause {
  /** Stable: promise / subject / obligation. */
  readonly id: string;
  /** Id in the requirement catalogue, or null where the catalogue lacks it. */
  readonly catalogue: RequirementId | null;
  readonly promise: MeshPromise;
  /** Document and section. */
  readonly spec: string;
  readonly level: Level;
  readonly subject: string;
  readonly title: string;
  /** What a broken implementation would do, for the person who reads a failure. */
  readonly danger: string;
  readonly judge: (history: History) => Judgement;
}

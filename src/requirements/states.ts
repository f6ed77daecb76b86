import type { Level } from '../clause.ts';
import type { ClauseOutcome } from '../report/acceptance.ts';
import { requirements } from './catalogue.ts';
import { documentOf, type DocumentId } from './documents.ts';
import type { Testable } from './requirement.ts';

/** What a run found out about one requirement of the catalogue. */
export interface RequirementState {
  readonly id: string;
  readonly document: DocumentId;
  readonly level: Level;
  /** `not asked`: a clause decides it, and the run did not choose that one. `untested`: no clause does. */
  readonly state: ClauseOutcome | 'not asked' | 'untested';
  /** The clauses that decide it, as far as the run judged them. */
  readonly clauses: readonly string[];
  readonly reason: string;
}

/** What this needs of a clause that a run judged. */
interface JudgedClause {
  readonly id: string;
  readonly catalogue: string | null;
  readonly reason: string;
  readonly outcome: ClauseOutcome;
}

/**
 * What a run found out about every requirement of the catalogue, in its order. It held where each of the clauses that decide it did: what was skipped
 * or not asked was not exercised.
 */
export function requirementStates(
  clauses: readonly { readonly id: string; readonly catalogue: string | null }[],
  judged: readonly JudgedClause[],
): RequirementState[] {
  const ofRequirement = Map.groupBy(judged, ({ catalogue }) => catalogue);
  const known = Map.groupBy(clauses, ({ catalogue }) => catalogue);
  return requirements.map(({ id, level, testable }) => {
    const own = ofRequirement.get(id) ?? [];
    const common = { id, document: documentOf(id)!, level, clauses: own.map((clause) => clause.id) };
    const first = (outcomes: readonly ClauseOutcome[]) =>
      outcomes
        .map((outcome) => own.find((clause) => clause.outcome === outcome))
        .find((clause) => clause !== undefined);
    const open = first(['fail', 'inconclusive']);
    if (open !== undefined) return { ...common, state: open.outcome, reason: open.reason };
    const some = known.get(id)?.filter((clause) => !own.some((one) => one.id === clause.id)) ?? [];
    const telling = first(['skipped', 'accepted', 'deviation', 'pass']);
    if (some.length === 0 && telling !== undefined)
      return { ...common, state: telling.outcome, reason: telling.reason };
    return some.length === 0
      ? { ...common, state: 'untested', reason: whyUntested[testable] }
      : {
          ...common,
          state: 'not asked',
          reason: `The run did not choose ${some.map((clause) => clause.id).join(', ')}`,
        };
  });
}

const whyUntested: Readonly<Record<Testable, string>> = {
  'black-box': 'No clause of this version decides it',
  'white-box': 'It wants configuration, files or logs of the system, and no clause of this version decides it',
  no: 'No program can decide it',
};

import { entriesOf, type AcceptedFailure, type History } from '../history.ts';
import type { ClauseVerdict } from '../verdict.ts';
import type { ClauseReport, Report } from './shape.ts';

/** That somebody accepted a failure, why, and until when. */
export type Acceptance = Pick<AcceptedFailure, 'reason' | 'owner' | 'until'>;

/** What a reader is told of a clause: its verdict, and of a failure whether somebody accepted it. */
export type ClauseOutcome = ClauseVerdict | 'accepted';

export function outcomeOf({ verdict, accepted }: Pick<ClauseReport, 'verdict' | 'accepted'>): ClauseOutcome {
  return accepted === undefined ? verdict : 'accepted';
}

/** As what a clause counts for the verdict of its run. */
export function countedAs({ verdict, accepted }: Pick<ClauseReport, 'verdict' | 'accepted'>): ClauseVerdict {
  return accepted === undefined ? verdict : 'pass';
}

/** What came of a line of the file of accepted failures. */
export interface AcceptanceReport extends Acceptance {
  readonly clause: string;
  /**
   * `in force`: the clause failed. `stale`: it holds, so that the line is to go. `expired`: its last day was over when the run began. `open`: the
   * clause was not decided, or not asked.
   */
  readonly state: 'in force' | 'stale' | 'expired' | 'open';
}

/** Those that nobody may go on relying on: the run fails until the file is mended. */
export function wrongAcceptances({ acceptances = [] }: Pick<Report, 'acceptances'>): readonly AcceptanceReport[] {
  return acceptances.filter(({ state }) => state === 'stale' || state === 'expired');
}

/** What came of each line of the file, in its order; empty where there was none. */
export function readAcceptances(
  history: History,
  judged: readonly ClauseReport[],
  startedAt: string,
): AcceptanceReport[] {
  return entriesOf(history, 'accepted').map(({ clause, reason, owner, until }) => ({
    ...{ clause, reason, owner, until },
    state: startedAt.slice(0, 10) > until ? 'expired' : stateOf(judged.find(({ id }) => id === clause)),
  }));
}

function stateOf(clause: ClauseReport | undefined): AcceptanceReport['state'] {
  if (clause?.verdict === 'fail') return 'in force';
  return clause?.verdict === 'pass' ? 'stale' : 'open';
}

/** The same clauses, each failure that is accepted with whose doing that is. */
export function withAccepted(
  judged: readonly ClauseReport[],
  acceptances: readonly AcceptanceReport[],
): ClauseReport[] {
  const inForce = new Map(
    acceptances.flatMap(({ clause, reason, owner, until, state }) =>
      state === 'in force' ? [[clause, { reason, owner, until }] as const] : [],
    ),
  );
  return judged.map((clause) => {
    const accepted = inForce.get(clause.id);
    return accepted === undefined ? clause : { ...clause, accepted };
  });
}

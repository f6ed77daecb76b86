import type { Clause } from '../clause.ts';
import type { History } from '../history.ts';
import { entriesOf } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { endsOf } from '../reading/lives.ts';
import { deviationOf } from '../deviations.ts';
import { cite, traceOf } from './evidence.ts';
import type { ClauseReport } from './shape.ts';

/** Something that keeps clauses from being decided, and what is said of those it touches. */
export interface Doubt {
  readonly touches: (clauseId: string) => boolean;
  readonly says: string;
  /** Also a fail cannot be held against the target, as when a fault was still there that should have been gone. */
  readonly evenFails: boolean;
  /** The line up to which what was seen to be broken is held against the target all the same. */
  readonly notBefore?: number;
  /** It speaks of what was skipped: it leaves a clause open that was, and one that passed all the same too, or not. */
  readonly skips?: 'alone' | 'too';
}

/** The verdict over every chosen clause, in the order chosen. */
export function judgeClauses(
  history: History,
  clauses: readonly Clause[],
  chosen: readonly string[],
  doubts: readonly Doubt[],
): ClauseReport[] {
  const byId = new Map(clauses.map((clause) => [clause.id, clause]));
  const spire = entriesOf(history, 'run-started')[0]?.versions.spire;
  return [...new Set(chosen)].map((id) => {
    const clause = byId.get(id) ?? unknownClause(id);
    const judgement = known(id, doubted(id, judge(clause, history), doubts), spire);
    const named = cite(history, judgement.evidence);
    return {
      id,
      catalogue: clause.catalogue,
      level: clause.level,
      spec: clause.spec,
      verdict: judgement.verdict,
      reason: judgement.reason,
      ...(named.evidenceTotal > 0 ? named : cite(history, traceOf(history, id))),
      promise: clause.promise,
      title: clause.title,
      danger: clause.danger,
    };
  });
}

/** The doubts that the harness' own trouble and an early end cast; beside most of them a fail stays a fail. */
export function troubleDoubts(history: History, aborted: string | null): Doubt[] {
  const doubts = entriesOf(history, 'trouble').map(
    ({ clauses, message, notReady, evenFails = false, notBefore = 0 }): Doubt => ({
      touches: (id) => clauses.length === 0 || clauses.some((name) => id === name || id.startsWith(`${name}/`)),
      says: notReady === undefined ? `the harness had trouble: ${message}` : message,
      evenFails,
      notBefore,
    }),
  );
  if (aborted !== null) doubts.push({ touches: () => true, says: `the run ended early: ${aborted}`, evenFails: false });
  return doubts;
}

/** A node that ended while it was judged passes nothing in a run that did not ask whether nodes stay alive. */
export function lifeDoubts(history: History, chosen: readonly string[]): Doubt[] {
  if (chosen.includes(staysAliveClause)) return [];
  return endsOf(history).map(({ node, entry }) => ({
    touches: () => true,
    says: `${node} ${entry.how} while it was judged, and ${staysAliveClause} was not asked`,
    evenFails: false,
  }));
}

// The clause itself is the catalogue's; judging knows of none but by what it is handed.
const staysAliveClause = 'mesh/node/stays-alive';

function judge(clause: Clause, history: History): Judgement {
  try {
    return clause.judge(history, clause);
  } catch (error) {
    return {
      verdict: 'inconclusive',
      reason: `Its judge failed: ${error instanceof Error ? error.message : String(error)}`,
      evidence: [],
    };
  }
}

function doubted(id: string, judgement: Judgement, doubts: readonly Doubt[]): Judgement {
  const { verdict, reason, evidence } = judgement;
  const leavesOpen = ({ evenFails, notBefore = 0, skips }: Doubt) =>
    (verdict === 'pass' && skips !== 'alone') ||
    (verdict === 'skipped' && skips !== undefined) ||
    (verdict === 'fail' && evenFails && !restsOn(evidence, notBefore));
  const doubt = doubts.find((one) => one.touches(id) && leavesOpen(one));
  if (doubt === undefined) return judgement;
  if (verdict === 'skipped')
    return { ...judgement, verdict: 'inconclusive', reason: `Could not be decided: ${doubt.says}.` };
  const saw = verdict === 'pass' ? 'What was recorded looks right' : 'What was recorded looks wrong';
  return { ...judgement, verdict: 'inconclusive', reason: `Could not be decided: ${doubt.says}. ${saw}: ${reason}` };
}

/** Whether evidence stands in the history up to a line, all of it. */
export function restsOn(evidence: readonly number[], upTo: number): boolean {
  return evidence.length > 0 && evidence.every((index) => index <= upTo);
}

/** A fail that is declared as known for this version of SPIRE; one that is declared and holds is said to be stale. */
function known(id: string, judgement: Judgement, spire: string | undefined): Judgement {
  const deviation = deviationOf(id, spire);
  if (deviation === undefined) return judgement;
  if (judgement.verdict === 'fail')
    return {
      ...judgement,
      verdict: 'deviation',
      reason: `${judgement.reason}. Known of SPIRE ${spire}: ${deviation.why} (${deviation.upstream})`,
    };
  return judgement.verdict === 'pass'
    ? {
        ...judgement,
        reason: `${judgement.reason}. It is listed as a known deviation of SPIRE ${spire}, which no longer holds`,
      }
    : judgement;
}

function unknownClause(id: string): Clause {
  return {
    id,
    catalogue: null,
    promise: null,
    spec: '',
    level: 'MUST',
    subject: '',
    title: id,
    danger: '',
    roles: [],
    judge: () => ({
      verdict: 'inconclusive',
      reason: 'This catalogue has no clause with this id, so nothing could judge it.',
      evidence: [],
    }),
  };
}

import type { History } from '../src/history.ts';
import { countedAs } from '../src/report/acceptance.ts';
import type { ClauseReport, Report } from '../src/report/report.ts';
import { rowName } from '../src/statistics/bench-rows.ts';
import { worst } from '../src/verdict.ts';
import { because } from './wording.ts';

/** What stands beside the clauses where something else made the verdict of the run: it has no clause, and no document. */
export const runPoint = 'run';

/**
 * What passed, failed or stayed open in a run, for formats that know of nothing else: its clauses, each bound that was set and each comparison,
 * and where all of them together say better than the run came to, or there are none, the run itself.
 */
export function pointsOf(report: Report, history: History): readonly ClauseReport[] {
  const { verdict, clauses, objectives = [] } = report;
  const points = [
    ...clauses,
    ...objectives.map((one) =>
      point(
        `${one.kind === 'bound' ? 'slo' : 'baseline'}/${one.objective}/${rowName(one.bench)}`,
        `${one.objective} on ${rowName(one.bench)}`,
        one.kind === 'bound' ? 'set by --slo' : 'compared by --baseline',
        one,
      ),
    ),
  ];
  const isTold = points.length > 0 && worst(points.map(countedAs)) === verdict;
  return isTold
    ? points
    : [
        ...points,
        point(runPoint, 'The run as a whole', 'the verdict of the run', { verdict, reason: because(report, history) }),
      ];
}

function point(
  id: string,
  title: string,
  spec: string,
  { verdict, reason }: Pick<ClauseReport, 'verdict' | 'reason'>,
): ClauseReport {
  const none = { catalogue: null, promise: null, danger: '', evidence: [], evidenceTotal: 0 } as const;
  return { ...none, id, title, level: 'MUST', spec, verdict, reason };
}

/** Why a point came to what it did, and who accepted that where somebody did. */
export function reasonOf({ reason, accepted }: ClauseReport): string {
  return accepted === undefined
    ? reason
    : `${reason}. Accepted until ${accepted.until} by ${accepted.owner}: ${accepted.reason}`;
}

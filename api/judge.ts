import type { Clause } from '../src/clause.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import type { History } from '../src/history.ts';
import { buildReport, type Report } from '../src/report/report.ts';

/**
 * Decides the verdicts of a run from its history alone, by the clauses of this version or by yours. Of these only such are judged as the run chose when it
 * began; one that it chose and that is not among them is inconclusive. The content of `report.json`.
 *
 * @throws TypeError when the history does not begin with a run-started entry
 */
export function judge(history: History, by: readonly Clause[] = clauses): Report {
  return buildReport(history, by);
}

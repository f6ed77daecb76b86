import type { ClauseReport, Report } from '../src/report/report.ts';
import { rowName } from '../src/statistics/bench-rows.ts';

/** The report with each bound that was set, and each comparison, as one more clause, for formats that know of nothing else that passes or fails. */
export function withObjectives(report: Report): Report {
  const bounds = (report.objectives ?? []).map(({ kind, objective, bench, verdict, reason }): ClauseReport => ({
    ...{
      id: `${kind === 'bound' ? 'slo' : 'baseline'}/${objective}/${rowName(bench)}`,
      title: `${objective} on ${rowName(bench)}`,
      verdict,
      reason,
    },
    ...{
      catalogue: null,
      level: 'MUST',
      spec: kind === 'bound' ? 'set by --slo' : 'compared by --baseline',
      promise: null,
      danger: '',
    },
    ...{ evidence: [], evidenceTotal: 0 },
  }));
  return { ...report, clauses: [...report.clauses, ...bounds] };
}

import { rowName } from '../../../src/statistics/bench-rows.ts';
import { referencedLine } from '../../../src/report/evidence.ts';
import type { EntryOf, History } from '../../../src/history.ts';
import { entriesOf } from '../../../src/history.ts';
import { notReadyOf } from '../../../src/reading/not-ready.ts';
import { outcomeOf, wrongAcceptances } from '../../../src/report/acceptance.ts';
import type { Report } from '../../../src/report/report.ts';
import { again } from '../../again.ts';
import { reasonOf } from '../../points.ts';
import { tell } from '../../telling.ts';
import {
  because,
  byPromise,
  count,
  coverageSentence,
  coversEveryPromise,
  groupVerdict,
  isBench,
  kneeSentence,
  levelWords,
  machineSentence,
  milliseconds,
  outcomes,
  rotationTotals,
  sentence,
  thousands,
  verdictWords,
  wrongSentence,
} from '../../wording.ts';

const mostLines = 6;

/** One history line as the page shows it. */
export interface EvidenceLine {
  readonly line: number;
  readonly at: string;
  readonly kind: string;
  readonly says: string;
  readonly raw: string;
}

/** Everything that the template needs, in words. */
export function pageView(report: Report, history: History) {
  const byLine = new Map(history.map((entry) => [entry.index, entry]));
  const evidence = (references: readonly string[]): EvidenceLine[] =>
    references.slice(0, mostLines).flatMap((reference) => {
      const entry = byLine.get(referencedLine(reference) ?? 0);
      return entry === undefined
        ? []
        : [
            {
              line: entry.index,
              at: seconds(entry.atMs),
              kind: entry.kind,
              says: tell(entry),
              raw: JSON.stringify(entry),
            },
          ];
    });
  const wrong = wrongAcceptances(report);
  const ofSpire = report.bench.some(({ row }) => row?.times !== undefined);
  return {
    report,
    evidence,
    outcomeOf,
    reasonOf,
    wrongAcceptances: wrong.map(wrongSentence),
    verdictWords,
    milliseconds,
    seconds,
    thousands,
    anchor,
    instant,
    timing,
    isBench: isBench(report),
    ofSpire,
    rowsHeading: ofSpire ? 'Latency' : isBench(report) ? 'Handshake latency' : 'Handshakes in a quiet window',
    rowName,
    kneeSentence,
    sentence,
    headline: {
      pass: isBench(report) ? 'Measured' : coversEveryPromise(report) ? 'The mesh held' : 'All that was asked held',
      fail: report.clauses.some((clause) => outcomeOf(clause) === 'fail')
        ? 'The mesh broke a promise'
        : wrong.length > 0
          ? 'The file of accepted failures is out of date'
          : 'A bound was broken',
      inconclusive: 'Could not be decided',
    }[report.verdict],
    because: because(report, history),
    notReady: notReadyOf(history),
    machine: machineSentence(report, history),
    again: again(report.run),
    took: seconds(Date.parse(report.run.endedAt) - Date.parse(report.run.startedAt)),
    rotations: rotationTotals(report),
    coverage: coverageSentence(report),
    counts: outcomes
      .toReversed()
      .map((verdict) => ({ verdict, count: count(report.clauses, verdict) }))
      .filter((one) => one.count > 0),
    groups: byPromise(report).map((group) => ({
      ...group,
      verdict: groupVerdict(group.clauses),
      counts: outcomes
        .toReversed()
        .map((verdict) => ({ verdict, count: count(group.clauses, verdict) }))
        .filter((one) => one.count > 0),
    })),
    attention: (['fail', 'inconclusive', 'accepted', 'deviation', 'skipped'] as const)
      .map((verdict) => ({ verdict, clauses: report.clauses.filter((clause) => outcomeOf(clause) === verdict) }))
      .filter((one) => one.clauses.length > 0),
    nodes: entriesOf(history, 'node'),
    level: levelWords,
    target: Object.entries(report.run.target).map(
      ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
  };
}

function timing(nodes: readonly EntryOf<'node'>[]): string {
  const range = (values: readonly number[], unit: string) =>
    [...new Set(values)]
      .sort((a, b) => a - b)
      .map((value) => `${value} ${unit}`)
      .join(', ');
  return `SVID lifetime ${range(
    nodes.map((node) => node.svidTtlSeconds),
    's',
  )}; agents sync every ${range(
    nodes.map((node) => node.syncIntervalMs),
    'ms',
  )}; nodes take up SVID and bundle within ${range(
    nodes.map((node) => node.uptakeMs / 1000),
    's',
  )}`;
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(3).replace(/(\.\d*?[1-9])0+$|\.0+$/, '$1')} s` : 'unknown';
}

function instant(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC');
}

function anchor(id: string): string {
  return id.replace(/[^\w-]/g, '-');
}

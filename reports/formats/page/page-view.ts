import { rowName } from '../../../src/statistics/bench-rows.ts';
import { referencedLine } from '../../../src/report/evidence.ts';
import type { EntryOf, History } from '../../../src/history.ts';
import { entriesOf } from '../../../src/history.ts';
import { notReadyOf } from '../../../src/reading/not-ready.ts';
import { outcomeOf, wrongAcceptances } from '../../../src/report/acceptance.ts';
import type { ClauseReport, Report } from '../../../src/report/report.ts';
import { again } from '../../again.ts';
import { documents } from '../../../src/requirements/documents.ts';
import type { RequirementState } from '../../../src/requirements/states.ts';
import { claimSentence, claimVerdicts, isSelfTest, selfTestSentence, toldClaims } from '../../claims.ts';
import { reasonOf } from '../../points.ts';
import { tell } from '../../telling.ts';
import {
  because,
  byPromise,
  count,
  coverageSentence,
  leftSentence,
  coversEveryPromise,
  groupVerdict,
  isBench,
  kneeSentence,
  levelWords,
  machineSentence,
  duration,
  milliseconds,
  outcomes,
  redactedSentence,
  rotationTotals,
  sentence,
  thousands,
  verdictWords,
  wrongSentence,
} from '../../wording.ts';

const mostLines = 6;
const mostTogether = 16;

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
    duration,
    milliseconds,
    seconds,
    thousands,
    anchor,
    scenarioAnchor: ({ id, pass = '' }: Report['scenarios'][number]) => anchor(`scenario-${id} ${pass}`.trim()),
    escaped,
    instant,
    timing,
    isBench: isBench(report),
    ofSpire,
    rowsHeading: ofSpire ? 'Latency' : isBench(report) ? 'Handshake latency' : 'Handshakes in a quiet window',
    ...{ claimSentence, claimVerdicts, selfTestSentence, toldClaims, documentGroups },
    passTitle: (pass: string) => report.certification?.passes.find((one) => one.pass === pass)?.title ?? pass,
    rowName,
    kneeSentence,
    redactedSentence,
    sentence,
    headline: {
      pass: isSelfTest(report)
        ? 'Assay caught what it has to'
        : isBench(report)
          ? 'Measured'
          : coversEveryPromise(report)
            ? 'The mesh held'
            : 'All that was asked held',
      fail: isSelfTest(report)
        ? 'Assay judged wrongly on this machine'
        : report.clauses.some((clause) => outcomeOf(clause) === 'fail')
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
    took: duration(Date.parse(report.run.endedAt) - Date.parse(report.run.startedAt)),
    rotations: rotationTotals(report),
    coverage: coverageSentence(report),
    leftSentence,
    counts: countsOf(report.clauses),
    groups: byPromise(report).map((group) => ({
      ...group,
      verdict: groupVerdict(group.clauses),
      counts: countsOf(group.clauses),
      parts: partsOf(group.clauses),
    })),
    attention: (['fail', 'inconclusive', 'accepted', 'deviation', 'skipped'] as const)
      .map((verdict) => ({ verdict, clauses: report.clauses.filter((clause) => outcomeOf(clause) === verdict) }))
      .filter((one) => one.clauses.length > 0)
      .map((one) => ({ ...one, alike: [...Map.groupBy(one.clauses, reasonOf)] })),
    nodes: entriesOf(history, 'node'),
    level: levelWords,
    target: Object.entries(report.run.target).map(
      ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
  };
}

/** Requirements of the catalogue by document, each with the sign and the word for what it came to. */
function documentGroups(requirements: readonly RequirementState[]) {
  return documents.map(({ id, title }) => {
    const rows = requirements
      .filter(({ document }) => document === id)
      .map(({ state, ...one }) => {
        const verdict = state === 'not asked' ? 'untested' : state;
        return {
          ...one,
          level: one.level,
          verdict,
          sign: verdictWords[verdict].sign,
          word: state === verdict ? verdictWords[verdict].word : state,
        };
      });
    const words = Map.groupBy(rows, ({ word }) => word);
    return { title, rows, counts: [...words].map(([word, all]) => `${all.length} ${word}`).join(', ') };
  });
}

function countsOf(clauses: readonly ClauseReport[]) {
  return outcomes
    .toReversed()
    .map((verdict) => ({ verdict, count: count(clauses, verdict) }))
    .filter((one) => one.count > 0);
}

/** Clauses by document and subject, as their ids begin, where there are too many to be one list. */
function partsOf(clauses: readonly ClauseReport[]) {
  if (clauses.length <= mostTogether) return [{ id: '', name: '', clauses, counts: countsOf(clauses) }];
  const parts = Map.groupBy(clauses, ({ id }) => id.split('/').slice(0, 2).join('/'));
  return [...parts].map(([id, those]) => {
    const [document, subject = ''] = id.split('/');
    const title = documents.find((one) => one.id.toLowerCase() === document)?.title ?? document;
    return { id, name: `${title}, ${subject.replaceAll('-', ' ')}`, clauses: those, counts: countsOf(those) };
  });
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

/** As the template escapes words, for markup that is put together outside of it. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function anchor(id: string): string {
  return id.replace(/[^\w-]/g, '-');
}

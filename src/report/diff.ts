import { rowName } from '../statistics/bench-rows.ts';
import { totalOf } from '../requirements/coverage.ts';
import type { RunVerdict } from '../verdict.ts';
import { outcomeOf, type ClauseOutcome } from './acceptance.ts';
import type { ClauseReport, Report } from './shape.ts';

/** What became of a clause from one run to the next. */
export interface ClauseChange {
  readonly id: string;
  readonly title: string;
  /** Null where that run did not judge it. */
  readonly before: ClauseOutcome | null;
  readonly after: ClauseOutcome | null;
  /** Of the later run, or of the earlier one where that alone judged it. */
  readonly reason: string;
}

/** A percentile of a row that both runs tell, from the moment due, in milliseconds. */
export interface FigureChange {
  readonly row: string;
  readonly percentile: number;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Where both lie with a confidence of 95 % does not overlap. It says nothing of whose doing that is: a comparison does. */
  readonly apart: boolean;
}

/** What is different in a later run. Each changed clause stands in one of the lists. */
export interface ReportDiff {
  readonly before: RunName;
  readonly after: RunName;
  /** Fail now, and did not before. */
  readonly broken: readonly ClauseChange[];
  /** Failed before, and pass now. */
  readonly fixed: readonly ClauseChange[];
  /** Failed before, and were not decided now: nobody knows whether they are mended. */
  readonly lost: readonly ClauseChange[];
  /** Fail in both. */
  readonly stillBroken: readonly ClauseChange[];
  /** Were decided to hold before, and are not decided now. */
  readonly undecided: readonly ClauseChange[];
  /** Hold now, and were not decided before. */
  readonly decided: readonly ClauseChange[];
  /** Went from one way of deciding nothing to another. */
  readonly otherwise: readonly ClauseChange[];
  /** Requirements of the catalogue that were decided, by either run. */
  readonly coverage: { readonly before: number; readonly after: number };
  readonly figures: readonly FigureChange[];
}

/** A run, as it is told apart from others. */
export interface RunName {
  readonly id: string;
  readonly startedAt: string;
  readonly command: string;
  readonly verdict: RunVerdict;
}

const lists = ['broken', 'fixed', 'lost', 'stillBroken', 'undecided', 'decided', 'otherwise'] as const;
type List = (typeof lists)[number];

/** Compares two reports, of which nothing is taken for better than it says. */
export function diffReports(before: Report, after: Report): ReportDiff {
  const old = new Map(before.clauses.map((clause) => [clause.id, clause]));
  const now = new Map(after.clauses.map((clause) => [clause.id, clause]));
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((id) => {
    const change = changeOf(old.get(id), now.get(id));
    const list = listOf(change.before, change.after);
    return list === undefined ? [] : [{ list, change }];
  });
  const of = (wanted: List) => changes.filter(({ list }) => list === wanted).map(({ change }) => change);
  return {
    before: nameOf(before),
    after: nameOf(after),
    ...(Object.fromEntries(lists.map((list) => [list, of(list)])) as Record<List, ClauseChange[]>),
    coverage: { before: decidedOf(before), after: decidedOf(after) },
    figures: figuresOf(before, after),
  };
}

/** Whether the later run is worse: `fail` where something broke, `inconclusive` where less is known; else `pass`. */
export function verdictOfDiff({ before, after, broken, lost, undecided }: ReportDiff): RunVerdict {
  // A bound, or the file of accepted failures, fails a run without a clause.
  if (broken.length > 0 || (after.verdict === 'fail' && before.verdict !== 'fail')) return 'fail';
  return lost.length + undecided.length > 0 ? 'inconclusive' : 'pass';
}

function changeOf(before: ClauseReport | undefined, after: ClauseReport | undefined): ClauseChange {
  const { id, title, reason } = (after ?? before)!;
  return { id, title, before: before ? outcomeOf(before) : null, after: after ? outcomeOf(after) : null, reason };
}

/** Undefined where nothing changed but that it holds still. */
function listOf(before: ClauseChange['before'], after: ClauseChange['after']): List | undefined {
  // Nobody accepts it any more.
  if (after === 'fail' && before === 'accepted') return 'broken';
  if (isBroken(after)) return isBroken(before) ? 'stillBroken' : 'broken';
  if (isBroken(before)) return after === 'pass' ? 'fixed' : 'lost';
  if (before === after) return undefined;
  if (before === 'pass') return 'undecided';
  return after === 'pass' ? 'decided' : 'otherwise';
}

const isBroken = (outcome: ClauseChange['before']) => outcome === 'fail' || outcome === 'accepted';

const nameOf = ({ run: { id, startedAt, command }, verdict }: Report): RunName => ({ id, startedAt, command, verdict });

const decidedOf = ({ coverage }: Report) => totalOf(coverage, 'pass') + totalOf(coverage, 'fail');

function figuresOf(before: Report, after: Report): FigureChange[] {
  return after.bench.flatMap(({ id, row }) => {
    const old = before.bench.find((one) => one.id === id)?.row;
    if (row === undefined || old === undefined) return [];
    return row.fromDue.flatMap(({ percentile, ms, interval }): FigureChange[] => {
      const then = old.fromDue.find((one) => one.percentile === percentile);
      if (then === undefined) return [];
      const apart =
        interval !== null &&
        then.interval !== null &&
        (interval.lowMs > then.interval.highMs || interval.highMs < then.interval.lowMs);
      return [{ row: rowName(id), percentile, beforeMs: then.ms, afterMs: ms, apart }];
    });
  });
}

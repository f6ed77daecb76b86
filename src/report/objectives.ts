import { percent } from '../percent.ts';
import type { BaselineRow, ComparedFigure, EntryOf, History, Objective } from '../history.ts';
import { entriesOf } from '../history.ts';
import {
  besideNothing,
  compare,
  comparedFigures,
  scaled,
  yardstickBeside,
  yardstickRow,
} from '../statistics/comparison.ts';
import { disturbedBeyond, rowName } from '../statistics/bench-rows.ts';
import type { Bench } from '../statistics/handshakes.ts';
import { kneePhase } from '../statistics/knee.ts';
import type { RunVerdict } from '../verdict.ts';

/** What came of a bound that was set, or of an earlier run to be compared with, on one row of a benchmark. */
export interface ObjectiveReport {
  /** A bound that was set, or an earlier run that it was compared with. */
  readonly kind: 'bound' | 'comparison';
  readonly objective: string;
  /** Id of the bench. */
  readonly bench: string;
  readonly verdict: RunVerdict;
  readonly reason: string;
}

/**
 * Judges the bounds that were set, and what is compared with an earlier run. A percentile is taken for where it lies with a confidence of 95 %: it
 * keeps a bound that lies above all of that, breaks one that lies below all of it, and is open in between. A row that failed connections or was cut
 * decides nothing. What disturbed a row made it slower: it may excuse a bound that was broken, and takes nothing from one that was kept. A row of
 * less than was asked for keeps none. What is broken once is measured again, and only what is broken then, too, fails.
 */
export function judgeObjectives(history: History, benches: readonly Bench[]): ObjectiveReport[] {
  const wanted = wantedOf(history, benches);
  const answered = wanted.map(({ kind, objective, bench, judge }): ObjectiveReport => {
    const common = { kind, objective, bench: bench.id };
    const once = judge(bench);
    if (once.verdict !== 'fail') return { ...common, ...once };
    const again = againOf(bench, benches);
    if (again === undefined)
      return { ...common, verdict: 'inconclusive', reason: `${once.reason}; it was not measured again` };
    const twice = judge(again);
    return { ...common, verdict: twice.verdict, reason: `${twice.reason}; before that it was broken: ${once.reason}` };
  });
  return [...answered, ...unanswered(history, benches, wanted)];
}

/** The names of the rows in which something is broken that were not measured again yet: one bad moment stops no deploy. */
export function brokenOnce(history: History, benches: readonly Bench[]): ReadonlySet<string> {
  return new Set(
    wantedOf(history, benches)
      .filter(({ bench, judge }) => againOf(bench, benches) === undefined && judge(bench).verdict === 'fail')
      .map(({ bench }) => rowName(bench.id)),
  );
}

type Judged = Pick<ObjectiveReport, 'verdict' | 'reason'>;

/** What has to hold of one row. */
interface Wanted extends Pick<ObjectiveReport, 'kind' | 'objective'> {
  readonly bench: Bench;
  readonly judge: (bench: Bench) => Judged;
}

function wantedOf(history: History, benches: readonly Bench[]): readonly Wanted[] {
  const rows = benches.filter(({ row }) => isJudged(row));
  // A node need not resume sessions, and one that does not has no row of them to keep a bound in.
  const own = rows.filter(({ row }) => row?.state !== 'unresumed');
  const bounds = entriesOf(history, 'objective').flatMap((objective) =>
    own.map((bench): Wanted => ({
      ...{ kind: 'bound', objective: objective.objective, bench },
      judge: (one: Bench) => judgeMeasured(one, (whole) => judgeBound(objective, whole)),
    })),
  );
  const compared = entriesOf(history, 'baseline').flatMap((baseline) =>
    rows
      .filter((bench) => rowName(bench.id) === baseline.row)
      .flatMap((bench) =>
        baseline.figures.map(({ percentile }): Wanted => ({
          ...{ kind: 'comparison', objective: `p${percentile} like run ${baseline.run}`, bench },
          judge: (one: Bench) =>
            judgeMeasured(one, (whole) => judgeBaseline(history, benches, baseline, percentile, whole)),
        })),
      ),
  );
  return [...bounds, ...compared];
}

/** Bounds that no row answers to: none was measured that could keep it. */
function unanswered(history: History, benches: readonly Bench[], wanted: readonly Wanted[]): ObjectiveReport[] {
  const of = benches.find(({ row }) => row?.yardstick === undefined) ?? benches[0];
  return entriesOf(history, 'objective')
    .filter(({ objective }) => !wanted.some((one) => one.kind === 'bound' && one.objective === objective))
    .map(({ objective }) => ({
      ...{ kind: 'bound', objective, bench: of?.id ?? 'none', verdict: 'inconclusive' },
      reason: 'no row was measured that could keep it',
    }));
}

/** Whether a row is one of a node, measured for the first time, at a rate that was asked for. */
function isJudged(row: Bench['row']): boolean {
  if (row === undefined || row.again !== undefined || row.yardstick !== undefined) return false;
  return row.generator === 'assay' && row.phase !== kneePhase;
}

function againOf(bench: Bench, benches: readonly Bench[]): Bench | undefined {
  return benches.find(({ row }) => row?.again === rowName(bench.id));
}

const open = (reason: string): Judged => ({ verdict: 'inconclusive', reason });

type Row = NonNullable<Bench['row']>;
type Whole = Bench & { readonly row: Row };

function judgeMeasured(bench: Bench, judge: (bench: Whole) => Judged): Judged {
  const { row, errors, count } = bench;
  if (row === undefined || row.state === 'missing') return open('it was not measured');
  if (row.state === 'cut') return open(['it was cut short', ...row.less].join(': '));
  if (row.state === 'unresumed') return open('the node resumed no session');
  // As a latency of none they would make it too good, as one of for ever too bad.
  if (errors > 0) return open(`${errors} of ${count + errors} connections failed, and have no latency`);
  return judge({ ...bench, row });
}

function judgeBound({ percentile, boundMs }: EntryOf<'objective'> | Objective, { row, count }: Whole): Judged {
  const figure = row.fromDue.find((one) => one.percentile === percentile);
  const interval = figure?.interval ?? null;
  if (figure === undefined || interval === null)
    return open(`${count} handshakes are too few for p${percentile}: ten have to lie beyond it`);
  const { lowMs, highMs } = interval;
  // What was not resumed is none of these figures, and may be what the percentile would be.
  const share = row.otherwise / (count + row.otherwise);
  if (highMs <= boundMs && share > 1 - percentile / 100)
    return open(`${row.otherwise} of ${count + row.otherwise} handshakes were full ones, and are left out`);
  const lies = `p${percentile} is ${figure.ms.toFixed(2)} ms, and lies between ${lowMs.toFixed(2)} and ${highMs.toFixed(2)} ms`;
  if (highMs <= boundMs && row.less.length > 0) return open(`${lies}, but ${row.less.join('; ')}`);
  if (highMs <= boundMs) return { verdict: 'pass', reason: lies };
  if (lowMs <= boundMs) return open(`${lies}: more handshakes would tell`);
  if (row.disturbed.length > 0) return open(`${lies}, but ${row.disturbed.join('; ')}`);
  return lowMs - (figure.ms - figure.begunMs) > boundMs
    ? { verdict: 'fail', reason: lies }
    : open(`${lies}, but ${latenessOf(row)}`);
}

function latenessOf({ late }: Row): string {
  return late.length > 0 ? late.join('; ') : 'counted from when the generator began it is not';
}

// Where only a node that takes twice as long would be seen, nothing was compared.
const mostUnseen = 1;
const mostOtherwise = 0.1;

function judgeBaseline(
  history: History,
  benches: readonly Bench[],
  baseline: BaselineRow,
  percentile: number,
  { row, count }: Whole,
): Judged {
  const of = (figures: readonly ComparedFigure[]) => figures.find((one) => one.percentile === percentile);
  const [now, before] = [of(comparedFigures(row)), of(baseline.figures)];
  const name = yardstickRow(row);
  const beside = benches.find(({ id }) => rowName(id) === yardstickBeside(row));
  const then = entriesOf(history, 'baseline').find((one) => one.row === name);
  const [yardstickNow, yardstickThen] = [beside?.row && of(comparedFigures(beside.row)), then && of(then.figures)];
  if (row.resumed && row.otherwise > mostOtherwise * (count + row.otherwise))
    return open(
      `${row.otherwise} of ${count + row.otherwise} handshakes were full ones, and no rounds of the others are pairs`,
    );
  const [started] = history;
  const build = started?.kind === 'run-started' ? started.versions['assay-generator'] : baseline.generator;
  if (build !== baseline.generator)
    return open(
      `the generator and the yardstick are another program than then: ${build}, and ${baseline.generator} then`,
    );
  if (now === undefined || before === undefined)
    return open(`${count} handshakes in so many rounds are too few to compare p${percentile}`);
  if (beside?.row === undefined || then === undefined || yardstickNow === undefined || yardstickThen === undefined)
    return open(`nothing is known of the machine at p${percentile}: ${name} was not measured`);
  if (beside.row.state !== 'whole' || beside.errors > 0 || beside.row.less.length > 0)
    return open(
      `nothing is known of the machine: ${[...beside.row.less, `${beside.errors} of ${name} failed`].join('; ')}`,
    );
  if (now.ratio === null || before.ratio === null)
    return open(`${count} handshakes in so many rounds are too few to compare p${percentile} with ${name}`);
  const [ratio, ratioThen] = [now.ratio, before.ratio];
  const found = compare(ratio, ratioThen, baseline.allowed);
  const machineBy = yardstickNow.ms / yardstickThen.ms - 1;
  const lies = `p${percentile} is ${now.ms.toFixed(2)} ms, and was ${before.ms.toFixed(2)} ms; the machine (${signed(machineBy)}) taken out, that is ${signed(found.slowerBy)}, and surely between ${signed(found.low)} and ${signed(found.high)}`;
  const asItIs = compare(besideNothing(now), besideNothing(before), baseline.allowed);
  if (baseline.elsewhere && asItIs.isSlower !== found.isSlower)
    return open(`${lies}, but only because this machine differs, which the node need not run on`);
  // The same, had no generator been late.
  const late = ({ ms, begunMs }: ComparedFigure) => ms / begunMs;
  const inTime = compare(
    scaled(ratio, late(yardstickNow) / late(now)),
    scaled(ratioThen, late(yardstickThen) / late(before)),
    baseline.allowed,
  );
  if (found.isSlower !== false) {
    // What made this one slow, or the machine slow then, is not held against the node.
    const excuses = [...row.disturbed, ...baseline.besideSlowed.map((why) => `beside the earlier run ${why}`)];
    if (excuses.length > 0) return open(`${lies}, but ${excuses.join('; ')}`);
    if (found.isSlower === 'unsteady')
      return open(`${lies}, but its rounds differ among themselves by ${percent(ratio.apart)}`);
    if (inTime.isSlower !== true) return open(`${lies}, but ${latenessOf(row)}`);
    return { verdict: 'fail', reason: `${lies}: more than ${percent(found.floor)}` };
  }
  // What made that one slow, or the machine slow now, hides a node that is.
  const hiding = [
    ...row.less,
    ...baseline.slowed.map((why) => `in the earlier run ${why}`),
    ...disturbedBeyond(beside.row, row).map((why) => `beside it ${why}`),
  ];
  if (hiding.length > 0) return open(`${lies}, but ${hiding.join('; ')}`);
  // Nor may it take a generator that was late to make it look as fast.
  if (inTime.isSlower !== false)
    return open(`${lies}, but counted from when the generator began it is ${signed(inTime.slowerBy)}`);
  if (found.low > baseline.allowed)
    return open(`${lies}: that is slower, but by no more than the earlier run differed from itself`);
  if (found.seesFrom > mostUnseen)
    return open(`${lies}; the noise would hide whatever is not slower by ${percent(found.seesFrom)}`);
  return { verdict: 'pass', reason: `${lies}; from ${signed(found.seesFrom)} on it would have been seen` };
}

const signed = (share: number) => `${share < 0 ? '-' : '+'}${percent(Math.abs(share))}`;

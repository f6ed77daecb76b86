import type { BenchRow, ComparedFigure, RatioFigure } from '../history.ts';
import type { PercentileFigure, RowFigures } from './bench-rows.ts';

/** The name of the server of ours that is measured in turn with nodes. */
export const yardstick = 'yardstick';

/**
 * The name of the row that measures the yardstick beside a row: in the same phase, with the same kind of SVID, and a program of the same kind, where that
 * is known.
 */
export function yardstickRow({ phase, key, chain = 1, on }: Pick<BenchRow, 'phase' | 'key' | 'chain' | 'on'>): string {
  const unusual = key === 'RSA-2048' ? [`key=${key}`] : [];
  return [
    `${phase}/${yardstick}`,
    ...(on === undefined ? [] : [`on=${on}`]),
    ...unusual,
    ...(chain === 1 ? [] : [`chain=${chain}`]),
  ].join(',');
}

/** The name of a row that is measured once more. */
export const againName = (row: string) => `${row}/again`;

/** The same for a row as it was measured: what was measured again was so beside a yardstick that was, too. */
export function yardstickBeside(row: Parameters<typeof yardstickRow>[0] & Pick<BenchRow, 'again'>): string {
  return row.again === undefined ? yardstickRow(row) : againName(yardstickRow(row));
}

/** The percentiles that are compared. */
export const comparedPercentiles: readonly number[] = [50, 90, 99];

/** By how much a ratio grew. Shares: 0.2 is a fifth more. */
export interface Comparison {
  readonly slowerBy: number;
  /** Between these the growth lies, with a confidence of 95 % for all that are compared together. */
  readonly low: number;
  readonly high: number;
  /** What is no matter: what was allowed, or what the same thing is seen to differ by from itself. */
  readonly floor: number;
  /** Whether it surely grew by more than that; `unsteady` where rounds of the row itself now differ by as much. */
  readonly isSlower: boolean | 'unsteady';
  /** Whoever grew by more than this would have been seen, 19 times in 20. */
  readonly seesFrom: number;
}

/**
 * Compares a percentile with an earlier one, each divided by that of a yardstick that was measured in turn with it, so that a machine which is
 * slower today is not held against the node. How far both may lie from the truth adds up as independent errors do, and is taken wider, since whoever
 * looks at several percentiles is wrong about one of them more often than about each; and what halves of the earlier
 * measurement differ by is what the machine does to things that are the same. Where those of the one that is judged differ as much, it is told apart as
 * unsteady: it did not get slower by that, nor did it not.
 *
 * @param allowed - the share of a slowdown that is no matter
 */
export function compare(now: RatioFigure, before: RatioFigure, allowed: number): Comparison {
  const grown = Math.log(now.value / before.value);
  const error = forAllTogether * Math.hypot(errorOf(now), errorOf(before));
  const floor = Math.log1p(Math.max(allowed, before.apart));
  const isBeyond = grown - error > floor;
  return {
    slowerBy: Math.expm1(grown),
    ...{ low: Math.expm1(grown - error), high: Math.expm1(grown + error) },
    floor: Math.expm1(floor),
    isSlower: isBeyond && grown - error <= Math.log1p(now.apart) ? 'unsteady' : isBeyond,
    seesFrom: Math.expm1(floor + 2 * error),
  };
}

// Of the normal distribution: between these lies what is to be right of three at once, and of one. Source: O. J. Dunn, Multiple Comparisons Among Means.
const forAllTogether = 2.394 / 1.96;

/** How far it may lie from the truth, as the logarithm of a factor. */
function errorOf({ value, low, high }: RatioFigure): number {
  return Math.max(Math.log(high / value), Math.log(value / low));
}

/** A figure as it is, beside nothing. */
export function besideNothing({ ms, lowMs, highMs, apart }: ComparedFigure): RatioFigure {
  return { value: ms, low: lowMs, high: highMs, apart };
}

/** A ratio of which one side is so many times as long. */
export function scaled({ value, low, high, apart }: RatioFigure, times: number): RatioFigure {
  return { value: value * times, low: low * times, high: high * times, apart };
}

/** The figures of a row that can be compared. */
export function comparedFigures({ fromDue }: Pick<RowFigures, 'fromDue'>): readonly ComparedFigure[] {
  return fromDue.filter(({ percentile }) => comparedPercentiles.includes(percentile)).flatMap(comparedFigure);
}

function comparedFigure({
  percentile,
  ms,
  begunMs,
  interval,
  apart,
  ratio,
}: PercentileFigure): readonly ComparedFigure[] {
  if (interval === null || apart === null || interval.lowMs <= 0) return [];
  return [{ percentile, ms, begunMs, ...interval, apart, ratio }];
}

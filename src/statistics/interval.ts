import { seeded } from './seeded.ts';
import { drawTimes, grouped, quantileOf } from './weighted.ts';

/** A latency, and when it was: milliseconds both. */
export interface Timed {
  readonly atMs: number;
  readonly ms: number;
}

export interface Interval {
  readonly lowMs: number;
  readonly highMs: number;
}

// What happens in one moment may last longer than a second.
const blocksMs = [1_000, 2_000, 4_000];
const fewestBlocks = 5;
const resamples = 300;
const outside = 0.05;

/**
 * Where a percentile of what came in this time lies with a confidence of 95 %: the widest, on each side, of some that err differently. One takes
 * samples for independent and counts ranks (order statistics of the binomial distribution). The others draw whole blocks of one second or more
 * again with replacement, since what happens in one moment happens to all in it. What did not come in this time at all, such as a stall that comes
 * once in a minute, is in none of them. Undefined where the ranks lie outside of what there is: there are too few samples.
 *
 * Source: R. Wilcox, Introduction to Robust Estimation and Hypothesis Testing (ranks); H. Künsch, The Jackknife and the Bootstrap for General
 * Stationary Observations (blocks).
 */
export function intervalOf(samples: readonly Timed[], percentile: number): Interval | undefined {
  const sorted = samples.toSorted((one, other) => one.ms - other.ms);
  const ranks = ranksOf(sorted.length, percentile / 100);
  if (ranks === undefined) return undefined;
  const spanMs =
    sorted.reduce((last, { atMs }) => Math.max(last, atMs), 0) -
    sorted.reduce((first, { atMs }) => Math.min(first, atMs), Infinity);
  const all = blocksMs
    .filter((blockMs, at) => at === 0 || spanMs / blockMs >= fewestBlocks)
    .map((blockMs) => drawnPercentiles(sorted, percentile / 100, blockMs));
  const cut = Math.floor((outside / 2) * resamples);
  return {
    lowMs: Math.min(sorted[ranks.low - 1]!.ms, ...all.map((drawn) => drawn[cut]!)),
    highMs: Math.max(sorted[ranks.high - 1]!.ms, ...all.map((drawn) => drawn[resamples - 1 - cut]!)),
  };
}

/** The ranks, from 1, of the samples between which a quantile lies with that confidence. */
export function ranksOf(count: number, quantile: number): { readonly low: number; readonly high: number } | undefined {
  if (count === 0) return undefined;
  const shares = binomial(count, quantile);
  let below = 0;
  let low = 0;
  while (low <= count && below + shares(low) <= outside / 2) below += shares(low++);
  let above = 0;
  let high = count;
  while (high >= 0 && above + shares(high) <= outside / 2) above += shares(high--);
  // As many as `low - 1` lie below the quantile too seldom to reckon with, and as many as `high + 1` above.
  return low < 1 || high + 1 > count ? undefined : { low, high: high + 1 };
}

/** How probable each number of hits is. Reckoned outwards from the most probable, so that no factorial overflows. */
function binomial(count: number, share: number): (hits: number) => number {
  const mode = Math.min(count, Math.floor((count + 1) * share));
  const odds = share / (1 - share);
  const weights = new Map([[mode, 1]]);
  for (let hits = mode, weight = 1; hits < count && weight > 1e-15; hits++)
    weights.set(hits + 1, (weight *= ((count - hits) / (hits + 1)) * odds));
  for (let hits = mode, weight = 1; hits > 0 && weight > 1e-15; hits--)
    weights.set(hits - 1, (weight *= hits / (count - hits + 1) / odds));
  const sum = [...weights.values()].reduce((total, one) => total + one, 0);
  return (hits) => (weights.get(hits) ?? 0) / sum;
}

/** The percentile of each redrawing, in ascending order. Always the same ones for the same samples. */
function drawnPercentiles(samples: readonly Timed[], share: number, blockMs: number): number[] {
  const fromMs = samples.reduce((first, { atMs }) => Math.min(first, atMs), Infinity);
  const inBlocks = Map.groupBy(samples, ({ atMs }) => Math.floor((atMs - fromMs) / blockMs));
  const count = Math.max(...inBlocks.keys()) + 1;
  const blocks = grouped(Array.from({ length: count }, (_, nth) => (inBlocks.get(nth) ?? []).map(({ ms }) => ms)));
  const chance = seeded(1);
  return Array.from({ length: resamples }, () => quantileOf(blocks, share, drawTimes(count, chance)))
    .map((ms) => (Number.isNaN(ms) ? blocks.values[0]! : ms))
    .sort((one, other) => one - other);
}

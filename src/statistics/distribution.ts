import { build } from 'hdr-histogram-js';

const longestMs = 3_600_000;

/** Latencies in a histogram of 0.1 % resolution, from a microsecond to an hour. */
export interface Distribution {
  readonly count: number;
  /** In milliseconds; 0 where there is none. */
  at(percentile: number): number;
}

/** @param values - in milliseconds; what lies out of all bounds counts as the bound */
export function distributionOf(values: readonly number[]): Distribution {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestMs * 1000,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
  for (const ms of values) histogram.recordValue(Math.round(Math.min(Math.max(ms, 0), longestMs) * 1000));
  return {
    count: values.length,
    at: (percentile) => Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1000,
  };
}

const curve = [
  0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99, 99.25, 99.5, 99.6, 99.7, 99.8, 99.9,
  99.95, 99.99,
];

/** The percentiles that a chart of that many samples is drawn through. */
export function curveOf(count: number): readonly number[] {
  return curve.filter((percentile) => percentile < 100 * (1 - 1 / (count + 1)));
}

/** How many of that many samples lie beyond a percentile. */
export function beyond(count: number, percentile: number): number {
  return count - rankOf(count, percentile);
}

/** The rank, from 1, of the sample that is this percentile: the smallest that so large a share of all does not exceed. */
function rankOf(count: number, percentile: number): number {
  return Math.min(count, Math.max(1, Math.ceil((percentile / 100) * count - 1e-9)));
}

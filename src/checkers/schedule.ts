import type { RequestEntry } from './requests.ts';

// So many intervals may pass without a request: a machine that is busy sends late, but does not skip.
const fewIntervals = 6;

/** The longest silence of a pair, in milliseconds, that their schedule explains; 0 where no pair has two. */
export function fewIntervalsMs(requests: readonly RequestEntry[]): number {
  return Math.ceil(fewIntervals * intervalOf(requests));
}

/** The time between two requests of one pair by the schedule, in milliseconds: the longest over all pairs. */
function intervalOf(requests: readonly RequestEntry[]): number {
  const pairs = Map.groupBy(requests, pairOf).values();
  return Math.max(
    0,
    ...[...pairs].map((pair) => {
      const due = pair.map(({ dueMs }) => dueMs).sort((one, other) => one - other);
      const steps = due.slice(1).map((dueMs, at) => dueMs - due[at]!);
      return steps.sort((one, other) => one - other)[Math.floor(steps.length / 2)] ?? 0;
    }),
  );
}

// A source has pauses of its own, whatever its schedule; between requests that began, those are seen as well.
const leastBlindMs = 500;
const blindIntervals = 4;

/**
 * The shortest silence of a pair in which something may have gone unseen, in milliseconds, by when its requests began: a source that stalled
 * saw nothing meanwhile, whatever was due.
 */
export function blindSpotMs(starts: readonly number[]): number {
  return Math.max(leastBlindMs, (1_000 * blindIntervals) / rateOf(starts));
}

/** How many a second, from the first to the last. */
export function rateOf(times: readonly number[]): number {
  const [first, last] = times.reduce(
    ([low, high], time) => [Math.min(low, time), Math.max(high, time)],
    [Infinity, -Infinity],
  );
  return last > first ? (times.length - 1) / ((last - first) / 1000) : 0;
}

/** The pair of a request, in words. */
export const pairOf = ({ from, to }: RequestEntry) => `${from} → ${to}`;

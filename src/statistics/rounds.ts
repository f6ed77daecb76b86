import type { BenchSample, EntryOf } from '../history.ts';
import { beyond } from './distribution.ts';
import type { Timed } from './interval.ts';
import { grouped, quantileOf } from './weighted.ts';

/** A latency of one of several rounds, as if they had followed one another without a pause. */
export interface OfRound extends Timed {
  readonly round: number;
}

/** What came of one round: connections that were answered, and those that were not. */
export interface Round {
  readonly samples: readonly BenchSample[];
  readonly lost: readonly EntryOf<'bench-lost'>[];
}

/** What came of a row by its rounds, in order. */
export function roundsOf(
  samples: readonly EntryOf<'bench-samples'>[],
  lost: readonly EntryOf<'bench-lost'>[],
): readonly Round[] {
  const rounds = Map.groupBy([...samples, ...lost], ({ round = 1 }) => round);
  return [...rounds]
    .sort(([one], [other]) => one - other)
    .map(([, entries]) => ({
      samples: entries.flatMap((entry) => (entry.kind === 'bench-samples' ? entry.samples : [])),
      lost: entries.filter((entry) => entry.kind === 'bench-lost'),
    }));
}

/** Puts rounds end to end: what was measured in between was another row. */
export function endToEnd(
  rounds: readonly (readonly BenchSample[])[],
  latencyMs: (sample: BenchSample) => number,
): OfRound[] {
  let fromMs = 0;
  return rounds.flatMap((samples, round) => {
    const firstUs = samples.reduce((first, [due]) => Math.min(first, due), Infinity);
    const lastUs = samples.reduce((last, [due]) => Math.max(last, due), -Infinity);
    const startMs = fromMs;
    if (samples.length > 0) fromMs += (lastUs - firstUs) / 1000 + 1;
    return samples.map((sample) => ({ atMs: startMs + (sample[0] - firstUs) / 1000, ms: latencyMs(sample), round }));
  });
}

const fewestBeyond = 5;

/**
 * By how much a percentile of one half of the rounds differs from that of the other, at most: a share of the smaller. The halves are every other
 * round, and those before the middle. The same thing was measured in all of them, in turn with others, so that what is seen to differ is noise.
 * Null where it cannot be told.
 */
export function apartOf(samples: readonly OfRound[], percentile: number): number | null {
  const byRound = Map.groupBy(samples, ({ round }) => round);
  const rounds = grouped([...byRound.values()].map((all) => all.map(({ ms }) => ms)));
  if (rounds.sizes.length < 2 || beyond(Math.floor(samples.length / 2), percentile) < fewestBeyond) return null;
  return Math.max(
    ...halvesOf(rounds.sizes.length).map((halves) => {
      const [one, other] = halves.map((half) => quantileOf(rounds, percentile / 100, half)) as [number, number];
      return Math.max(one, other) / Math.min(one, other) - 1;
    }),
  );
}

/** The two ways in which rounds are parted: every other one, and those before the middle; each half as how often it takes each round. */
export function halvesOf(rounds: number): readonly (readonly [one: Uint8Array, other: Uint8Array])[] {
  const parted = (isIn: (nth: number) => boolean) =>
    [true, false].map((wanted) => Uint8Array.from({ length: rounds }, (_, nth) => Number(isIn(nth) === wanted))) as [
      Uint8Array,
      Uint8Array,
    ];
  return [parted((nth) => nth % 2 === 0), parted((nth) => nth < rounds / 2)];
}

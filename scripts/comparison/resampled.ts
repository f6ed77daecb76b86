import { shapeKeys } from '../../plans/bench.ts';
import { readHistory } from '../../reports/read-run.ts';
import type { History } from '../../src/history.ts';
import { entriesOf } from '../../src/history.ts';
import { fromDueMs } from '../../src/statistics/bench-rows.ts';
import { compare, comparedPercentiles, scaled, yardstickRow } from '../../src/statistics/comparison.ts';
import { ratioOf, type ByRound } from '../../src/statistics/ratio.ts';
import { roundsOf } from '../../src/statistics/rounds.ts';
import { seeded } from '../../src/statistics/seeded.ts';

/** The node that is measured is one in Node.js, with usual SVIDs. */
export const besideRow = yardstickRow({ phase: 'steady', key: shapeKeys['P-256'], on: 'Node.js' });

/** The row that is compared. */
export const row = 'steady/full';

/** The latencies of a row and of its yardstick, round by round. */
export interface RunSamples {
  readonly row: ByRound;
  readonly yardstick: ByRound;
}

/** What a run in that directory recorded of the row and of the yardstick beside it. */
export async function samplesAt(directory: string): Promise<RunSamples> {
  const history = await readHistory(directory);
  return { row: byRound(history, row), yardstick: byRound(history, besideRow) };
}

function byRound(history: History, name: string): ByRound {
  const all = entriesOf(history, 'bench-samples').filter((entry) => entry.row === name);
  return roundsOf(all, []).map(({ samples }) => samples.map(fromDueMs));
}

/** A run like those that were recorded: pairs of rounds of one of them, drawn again with replacement. */
export function drawn(runs: readonly RunSamples[], chance: () => number): RunSamples {
  const pick = <T>(all: readonly T[]) => Math.floor(chance() * all.length);
  const { row: own, yardstick: beside } = runs[pick(runs)]!;
  const rounds = own.map(() => pick(own));
  return { row: rounds.map((nth) => own[nth]!), yardstick: rounds.map((nth) => beside[nth]!) };
}

/** Which percentiles of `now` are surely slower than those of `before`. @param times - what each latency of the row is multiplied by */
export function slower(now: RunSamples, before: RunSamples, allowed: number, times = 1): readonly number[] {
  return comparedPercentiles.filter((percentile) => {
    const [one, other] = [
      ratioOf(now.row, now.yardstick, percentile),
      ratioOf(before.row, before.yardstick, percentile),
    ];
    if (one === null || other === null) return false;
    return compare(scaled(one, times), other, allowed).isSlower === true;
  });
}

/** What comes of comparing runs that are drawn again. */
export interface Redrawn {
  readonly alarms: number;
  /** The same by percentile; one comparison may count for several. */
  readonly byPercentile: Readonly<Record<number, number>>;
  /** The smallest slowdown, as a share, of which every one was caught; null where there was none. */
  readonly alwaysCaughtFrom: number | null;
}

const greatestTried = 20;

/** Draws runs again from those that were recorded, and compares them as the command does: what is found once is measured again. */
export function redraw(
  recorded: readonly RunSamples[],
  { draws, allowed }: { readonly draws: number; readonly allowed: number },
): Redrawn {
  const chance = seeded(1);
  const alarm = (by: number): readonly number[] => {
    const then = drawn(recorded, chance);
    const once = slower(drawn(recorded, chance), then, allowed, by);
    if (once.length === 0) return [];
    const twice = slower(drawn(recorded, chance), then, allowed, by);
    return once.filter((percentile) => twice.includes(percentile));
  };
  let alarms = 0;
  const byPercentile = Object.fromEntries(comparedPercentiles.map((percentile) => [percentile, 0]));
  for (let nth = 0; nth < draws; nth++) {
    const found = alarm(1);
    if (found.length > 0) alarms++;
    for (const percentile of found) byPercentile[percentile]!++;
  }
  const each = Math.max(1, Math.round(draws / 50));
  const steps = Array.from({ length: greatestTried }, (_, nth) => 0.05 * (nth + 1));
  const caught = steps.map((by) => Array.from({ length: each }, () => alarm(1 + by)).every(({ length }) => length > 0));
  // That one, and every greater one.
  return { alarms, byPercentile, alwaysCaughtFrom: steps[caught.lastIndexOf(false) + 1] ?? null };
}

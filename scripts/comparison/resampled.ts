import { shapeKeys } from '../../plans/bench.ts';
import type { History } from '../../src/history.ts';
import { entriesOf } from '../../src/history.ts';
import { fromDueMs } from '../../src/statistics/bench-rows.ts';
import { compare, comparedPercentiles, scaled, yardstickRow } from '../../src/statistics/comparison.ts';
import { ratioOf, type ByRound } from '../../src/statistics/ratio.ts';
import { roundsOf } from '../../src/statistics/rounds.ts';

/** The node that is measured is one in Node.js, with usual SVIDs. */
export const besideRow = yardstickRow({ phase: 'steady', key: shapeKeys['P-256'], on: 'Node.js' });

/** The latencies of a row and of its yardstick, round by round. */
interface RunSamples {
  readonly row: ByRound;
  readonly yardstick: ByRound;
}

/** What a history tells of one row and of the yardstick beside it. */
export function samplesOf(history: History, row: string): RunSamples {
  return { row: byRound(history, row), yardstick: byRound(history, besideRow) };
}

function byRound(history: History, row: string): ByRound {
  const all = entriesOf(history, 'bench-samples').filter((entry) => entry.row === row);
  return roundsOf(all, []).map(({ samples }) => samples.map(fromDueMs));
}

/** A run like those that were recorded: pairs of rounds of one of them, drawn again with replacement. */
export function drawn(runs: readonly RunSamples[], chance: () => number): RunSamples {
  const pick = <T>(all: readonly T[]) => Math.floor(chance() * all.length);
  const { row, yardstick: beside } = runs[pick(runs)]!;
  const rounds = row.map(() => pick(row));
  return { row: rounds.map((nth) => row[nth]!), yardstick: rounds.map((nth) => beside[nth]!) };
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

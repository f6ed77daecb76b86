import assert from 'node:assert/strict';
import t from 'tap';
import { intervalOf, ranksOf } from './interval.ts';
import { seeded } from './seeded.ts';

await t.test('ranks are those of the tables', async (t) => {
  // Source: W. Conover, Practical Nonparametric Statistics, of the median: at least 95 % between these.
  t.strictSame(ranksOf(10, 0.5), { low: 2, high: 9 });
  t.strictSame(ranksOf(20, 0.5), { low: 6, high: 15 });
  t.strictSame(ranksOf(100, 0.5), { low: 40, high: 61 });
});

await t.test('too few samples have none', async (t) => {
  t.equal(ranksOf(0, 0.5), undefined);
  t.equal(ranksOf(5, 0.5), undefined);
  t.equal(ranksOf(300, 0.99), undefined);
  t.not(ranksOf(1_000, 0.99), undefined);
  t.equal(intervalOf([], 50), undefined);
});

/** How often the interval of so many samples of a known distribution holds its percentile. */
function coverage(
  percentile: number,
  count: number,
  draw: (chance: () => number, at: number) => number,
  truth: number,
) {
  const chance = seeded(11);
  const trials = 200;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const samples = Array.from({ length: count }, (_, at) => ({ atMs: at * 10, ms: draw(chance, at) }));
    const interval = intervalOf(samples, percentile);
    assert.ok(interval);
    if (interval.lowMs <= truth && truth <= interval.highMs) held++;
  }
  return held / trials;
}

await t.test('the truth lies in the interval at least as often as it says', async (t) => {
  const exponential = (chance: () => number) => -Math.log(1 - chance());
  t.ok(coverage(50, 1_000, exponential, Math.LN2) >= 0.92);
  t.ok(coverage(99, 2_000, exponential, -Math.log(0.01)) >= 0.92);
});

await t.test('stalls that come to many at once make it wide', async (t) => {
  const stalled = (at: number) => Math.floor(at / 100) % 40 === 7;
  const together = Array.from({ length: 4_000 }, (_, at) => ({ atMs: at * 10, ms: stalled(at) ? 500 : 1 }));
  const apart = together.map(({ ms }, at) => ({ atMs: ((at * 7919) % 4_000) * 10, ms }));
  const [wide, narrow] = [intervalOf(together, 98), intervalOf(apart, 98)];
  assert.ok(wide && narrow);
  t.equal(wide.lowMs, 1);
  t.equal(wide.highMs, 500);
  t.equal(narrow.lowMs, 500);
});

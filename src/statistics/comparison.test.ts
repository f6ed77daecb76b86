import t from 'tap';
import type { RatioFigure } from '../history.ts';
import { besideNothing, compare, comparedFigures, scaled } from './comparison.ts';

/** A ratio that lies within so many percent of the truth. */
const ratio = (value: number, within = 0.01, apart = 0): RatioFigure => ({
  ...{ value, low: value / (1 + within), high: value * (1 + within), apart },
});

await t.test('what grew by more than was allowed, and than nobody can tell, is slower', (t) => {
  const found = compare(ratio(1.2), ratio(1), 0.05);
  t.equal(found.isSlower, true);
  t.equal(found.slowerBy.toFixed(6), '0.200000');
  t.strictSame(
    [found.low, found.high].map((one) => one.toFixed(3)),
    ['0.180', '0.221'],
    'two of a hundredth, of three',
  );
  t.equal(compare(ratio(1.04), ratio(1), 0.05).isSlower, false);
  t.equal(compare(ratio(1.2), ratio(1), 0.2).isSlower, false);
  t.equal(compare(ratio(1.2, 0.1), ratio(1, 0.1), 0.05).isSlower, false, 'too wide to tell');
  t.end();
});

await t.test('what differs from itself is no more than noise', (t) => {
  t.equal(compare(ratio(1.2), ratio(1, 0.01, 0.3), 0.05).isSlower, false);
  t.equal(compare(ratio(1.2, 0.01, 0.3), ratio(1), 0.05).isSlower, 'unsteady', 'its own unsteadiness is no excuse');
  t.equal(compare(ratio(1.6, 0.01, 0.3), ratio(1), 0.05).isSlower, true);
  t.ok(compare(ratio(1), ratio(1, 0.01, 0.3), 0.05).seesFrom > 0.3);
  t.end();
});

await t.test('a side that is longer by a factor takes its bounds with it', (t) => {
  t.match(scaled(ratio(2, 0.25), 2), { value: 4, low: 3.2, high: 5, apart: 0 });
  const one = { percentile: 50, ms: 3, begunMs: 3, lowMs: 2, highMs: 4, apart: 0.1, ratio: null };
  t.strictSame(besideNothing(one), { value: 3, low: 2, high: 4, apart: 0.1 });
  t.end();
});

await t.test('a percentile without an interval, or of one round, is not compared', (t) => {
  const one = {
    ms: 1,
    begunMs: 1,
    interval: { lowMs: 0.9, highMs: 1.1 },
    apart: 0.01,
    ratio: null,
    beyond: 100,
  } as const;
  const figures = comparedFigures({
    fromDue: [
      { ...one, percentile: 50 },
      { ...one, percentile: 90, apart: null },
      { ...one, percentile: 99, interval: null },
      { ...one, percentile: 99.9 },
    ],
  });
  t.strictSame(figures, [{ percentile: 50, ms: 1, begunMs: 1, lowMs: 0.9, highMs: 1.1, apart: 0.01, ratio: null }]);
  t.end();
});

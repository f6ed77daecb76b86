import t from 'tap';
import type { BenchSample } from '../history.ts';
import { apartOf, endToEnd } from './rounds.ts';

const sample = (atMs: number, ms: number): BenchSample => [atMs * 1000, atMs * 1000, 100, ms * 1000, ms * 1000, 0];
const round = (fromMs: number, ms: number, count = 100) =>
  Array.from({ length: count }, (_, nth) => sample(fromMs + 10 * nth, ms + nth / count));
const latency = ([, , , tls]: BenchSample) => tls / 1000;

await t.test('rounds follow one another as if nothing had come between them', (t) => {
  const all = endToEnd([round(0, 1), round(9_000, 1)], latency);
  t.strictSame(
    [all[0]?.atMs, all[99]?.atMs, all[100]?.atMs, all[199]?.atMs],
    [0, 990, 991, 1_981],
    'a millisecond apart',
  );
  t.strictSame([all[0]?.round, all[100]?.round], [0, 1]);
  t.end();
});

await t.test(
  'what differs between halves of the rounds is told: what drifts, and what comes every other round',
  (t) => {
    const apart = (...ms: readonly number[]) =>
      apartOf(
        endToEnd(
          ms.map((one, nth) => round(2_000 * nth, one)),
          latency,
        ),
        50,
      );
    t.equal(apart(1, 1, 1, 1), 0);
    const slowFirst = apart(2, 2, 1, 1)!;
    t.ok(slowFirst > 0.6 && slowFirst < 0.7, `${slowFirst}`);
    t.equal(apart(2, 1, 2, 1)?.toFixed(6), slowFirst.toFixed(6));
    t.equal(apart(1), null, 'of one round nothing is known');
    t.end();
  },
);

await t.test('a percentile beyond which too few lie tells nothing', (t) => {
  const all = endToEnd([round(0, 1), round(2_000, 1)], latency);
  t.equal(apartOf(all, 99), null);
  t.equal(apartOf(all, 90), 0);
  t.end();
});

import t from 'tap';
import { seeded } from '../statistics/seeded.ts';
import { arrivals, dealt } from './arrivals.ts';

const spec = { perSecond: 300, seconds: 10, fromUs: 1_000_000, chance: seeded(7) };

await t.test('a constant schedule does not drift', async (t) => {
  const dues = arrivals({ ...spec, kind: 'constant' });
  t.equal(dues.length, 3_000);
  t.equal(dues[0], 1_000_000);
  t.equal(dues[2_999], 1_000_000 + Math.round((2_999 * 1e6) / 300));
});

await t.test('independent callers come at the rate in the mean, and in heaps', async (t) => {
  const dues = arrivals({ ...spec, kind: 'poisson', seconds: 100 });
  t.ok(Math.abs(dues.length - 30_000) < 4 * Math.sqrt(30_000), `${dues.length} came`);
  t.ok(dues.every((due, nth) => nth === 0 || due >= dues[nth - 1]!));
  // Of gaps that are exponential, 1 - 1/e are shorter than their mean.
  const gaps = dues.slice(1).map((due, nth) => due - dues[nth]!);
  const shorter = gaps.filter((gap) => gap < 1e6 / 300).length / gaps.length;
  t.ok(Math.abs(shorter - (1 - Math.exp(-1))) < 0.015, `${shorter} were shorter`);
});

await t.test('the same seed makes the same schedule', async (t) => {
  const once = () => arrivals({ ...spec, kind: 'poisson', chance: seeded(3) });
  t.strictSame(once(), once());
});

await t.test('shards keep the schedule together', async (t) => {
  const dues = arrivals({ ...spec, kind: 'poisson' });
  t.strictSame(
    dealt(dues, 3)
      .flat()
      .sort((one, other) => one - other),
    dues,
  );
});

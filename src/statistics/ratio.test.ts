import t from 'tap';
import { ratioOf, type ByRound } from './ratio.ts';
import { seeded } from './seeded.ts';

/** Rounds of exponential latencies around a mean, each times what its machine did in that round. */
function rounds(meanMs: number, machine: readonly number[], seed: number, count = 150): ByRound {
  const chance = seeded(seed);
  return machine.map((slow) =>
    Array.from({ length: count }, () => slow * meanMs * (0.8 - 0.2 * Math.log(1 - chance()))),
  );
}

const calm = Array.from({ length: 12 }, () => 1);
// Twice as slow at times, as a shared machine is.
const wild = calm.map((_, nth) => 1 + ((nth * 7) % 12) / 11);

await t.test('what the machine did to both alike is divided out', (t) => {
  for (const machine of [calm, wild]) {
    const found = ratioOf(rounds(3, machine, 1), rounds(2, machine, 2), 50)!;
    t.ok(found.low < 1.5 && 1.5 < found.high, JSON.stringify(found));
    t.ok(found.high / found.low < 1.15, `within ${((found.high / found.low - 1) * 100).toFixed(0)} %`);
    t.ok(found.apart < 0.1, `apart by ${found.apart}`);
  }
  t.end();
});

await t.test('an interval holds the truth about as often as it says', (t) => {
  let held = 0;
  const times = 200;
  for (let nth = 0; nth < times; nth++) {
    const chance = seeded(nth + 1);
    const machine = Array.from({ length: 8 }, () => 1 + chance());
    const { low, high } = ratioOf(rounds(3, machine, 2 * nth), rounds(2, machine, 2 * nth + 1), 50)!;
    if (low <= 1.5 && 1.5 <= high) held++;
  }
  t.ok(held >= 0.92 * times, `${held} of ${times}`);
  t.end();
});

await t.test('what drifts beside the yardstick, or comes and goes, is seen in its halves', (t) => {
  const drift = calm.map((_, nth) => 1 + nth / 11);
  t.ok(ratioOf(rounds(2, drift, 1), rounds(2, calm, 2), 50)!.apart > 0.3);
  const everyOther = calm.map((_, nth) => 1 + (nth % 2) / 2);
  t.ok(ratioOf(rounds(2, everyOther, 1), rounds(2, calm, 2), 50)!.apart > 0.3);
  t.end();
});

await t.test('too few rounds, too few samples, or rounds that are no pairs give none', (t) => {
  const some = (count: number, samples = 150) => rounds(2, calm.slice(0, count), 1, samples);
  t.equal(ratioOf(some(3), some(3), 50), null);
  t.equal(ratioOf(some(8), some(6), 50), null);
  t.equal(ratioOf(some(8, 20), some(8, 20), 99), null);
  t.not(ratioOf(some(4), some(4), 50), null);
  t.end();
});

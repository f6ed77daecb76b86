import t from 'tap';
import type { Entry, History } from '../history.ts';
import { wallClockOff, wallClockRightUpTo, wallClockSet } from './wall-clock.ts';

const started: Entry = {
  ...{ kind: 'run-started', index: 1, atMs: 0, id: 'one', command: 'assay gate' },
  ...{ startedAt: '2026-11-22T09:30:00.000Z', seed: 1, runtime: 'process', versions: {}, target: {}, clauses: [] },
};

const looks = (...offs: (number | undefined)[]): History => [
  started,
  ...offs.map((off, at): Entry => ({
    ...{ kind: 'phase', index: at + 2, atMs: at, phase: `phase ${at}`, state: 'ended' },
    ...(off !== undefined && { wallClockOffMs: off }),
  })),
];

await t.test('how far a clock is off is told in either direction', (t) => {
  const at = (second: number) => Date.parse('2026-11-22T09:30:00.000Z') + second * 1000;
  t.equal(wallClockOff([started], at(5), 5_000), 0);
  t.equal(wallClockOff([started], at(8), 5_000), 3_000);
  t.equal(wallClockOff([started], at(2), 5_000), 3_000);
  t.end();
});

await t.test('a clock that was set and set back was set', (t) => {
  t.equal(wallClockSet(looks(1, 3, 2), 4), undefined);
  t.equal(wallClockSet(looks(1, 3_600_000, 2), 4), 3_600_000);
  t.equal(wallClockSet(looks(1, 3, 2), 7_000), 7_000);
  t.end();
});

await t.test('it was right up to the last look before it was seen to be off', (t) => {
  t.equal(wallClockRightUpTo(looks()), 0);
  t.equal(wallClockRightUpTo(looks(undefined, undefined)), 0, 'nobody looked');
  t.equal(wallClockRightUpTo(looks(1, undefined, 2)), 4);
  t.equal(wallClockRightUpTo(looks(1, 2, 9_000, 1)), 3, 'what came after it was set back is no better');
  t.equal(wallClockRightUpTo(looks(9_000, 1)), 0);
  t.end();
});

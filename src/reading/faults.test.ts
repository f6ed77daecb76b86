import t from 'tap';
import { altered, fault, historyOf, type Step } from '../checkers/history-builder.ts';
import type { EntryOf, Happening } from '../history.ts';
import { readFaults } from './faults.ts';

const during = 'partition-short';
const whole = (target = 'a') => fault(during, target, [100, 200, 300, 400]);
const mark = (state: EntryOf<'fault'>['state'], provenBy?: string): Happening => ({
  kind: 'fault',
  scenario: during,
  fault: 'partition',
  target: 'a',
  state,
  ...(provenBy !== undefined && { provenBy }),
});
const read = (...steps: Step[]) => readFaults(historyOf(...steps), during);

await t.test('a fault is read from its injection to the proof that it is gone', async (t) => {
  t.strictSame(read(whole()), [
    {
      kind: 'partition',
      target: 'a',
      injectedAtMs: 100,
      inForceAtMs: 200,
      provenBy: 'the link is closed',
      healingAtMs: 300,
      healedAtMs: 400,
      healedProvenBy: 'the link is open',
      missing: [],
    },
  ]);
});

await t.test('a fault of what nodes share names them', async (t) => {
  const shared = { nodes: ['a', 'b'] };
  const [one] = read(fault(during, 'the server', [100, 200, 300, 400], { kind: 'server-outage', ...shared }));
  t.match(one, { kind: 'server-outage', target: 'the server', ...shared, missing: [] });
});

const unproven = 'partition on a: nothing outside of the injector saw it in force';
const neverHealed = 'partition on a: it was never healed';
const notGone = 'partition on a: nothing outside of the injector saw it gone';

const gaps: readonly [name: string, missing: readonly string[], ...steps: Step[]][] = [
  ['an injection alone', [unproven, neverHealed], mark('injected')],
  ['never seen in force', [unproven], mark('injected'), mark('healing'), mark('healed', 'a probe')],
  [
    'seen in force by nobody that is named',
    [unproven],
    mark('injected'),
    mark('in-force', ''),
    mark('healing'),
    mark('healed', 'a probe'),
  ],
  [
    'seen in force only while it was healed',
    [unproven],
    mark('injected'),
    mark('healing'),
    mark('in-force', 'a probe'),
    mark('healed', 'a probe'),
  ],
  ['never healed', [neverHealed], mark('injected'), mark('in-force', 'a probe')],
  [
    'healed, and gone by nobody that is named',
    [notGone],
    mark('injected'),
    mark('in-force', 'a probe'),
    mark('healing'),
    mark('healed'),
  ],
  [
    'seen gone before the heal began',
    [notGone],
    mark('injected'),
    mark('in-force', 'a probe'),
    mark('healed', 'a probe'),
    mark('healing'),
  ],
];
for (const [name, missing, ...steps] of gaps) {
  await t.test(`a gap: ${name}`, async (t) => t.strictSame(read(...steps)[0]?.missing, missing));
}

await t.test('marks without an injection are no fault', async (t) => {
  t.strictSame(read(mark('in-force', 'a probe'), mark('healing'), mark('healed', 'a probe')), []);
});

await t.test('the first mark of a kind counts', async (t) => {
  const [one] = read(whole(), [500, mark('in-force', 'later')], [600, mark('healing')], [700, mark('healed', 'later')]);
  t.strictSame([one?.inForceAtMs, one?.healingAtMs, one?.healedAtMs], [200, 300, 400]);
  t.equal(one?.healedProvenBy, 'the link is open');
});

await t.test('faults of several targets are told apart, and so are two of the same target', async (t) => {
  const both = read(whole('a'), whole('b'));
  t.strictSame(
    both.map(({ target, missing }) => [target, missing.length]),
    [
      ['a', 0],
      ['b', 0],
    ],
  );
  const again = read(whole(), fault(during, 'a', [1_100, 1_200, 1_300, 1_400]));
  t.strictSame(
    again.map(({ injectedAtMs, healedAtMs }) => [injectedAtMs, healedAtMs]),
    [
      [100, 400],
      [1_100, 1_400],
    ],
  );
});

await t.test('only the faults of the scenario are read', async (t) => {
  const elsewhere = altered(historyOf(whole()), 'fault', () => ({ scenario: 'another' }));
  t.strictSame(readFaults(elsewhere, during), []);
});

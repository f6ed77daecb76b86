import t from 'tap';
import { historyOf, svid } from '../checkers/history-builder.ts';
import { countRotations, rotationsOf, svidsOf } from './rotations.ts';

const delivered = (atMs: number, serial: string, who = 'a') =>
  svid(atMs, who, 'delivered', { serial, notAfterMs: 60_000 });
const presented = (atMs: number, serial: string, who = 'a') =>
  svid(atMs, who, 'presented', { serial, notAfterMs: 60_000 });

const history = historyOf(
  delivered(100, 'one'),
  presented(150, 'one'),
  delivered(1_000, 'two'),
  delivered(1_050, 'b-one', 'b'),
  delivered(2_000, 'three'),
  presented(2_100, 'three'),
  // Another thread tells late what it saw before.
  presented(1_100, 'two'),
);
const serials = (all: readonly { readonly serial: string }[]) => all.map(({ serial }) => serial);

await t.test('the SVIDs of a node stand in the order of time', async (t) => {
  t.strictSame(serials(svidsOf(history, 'a', 'presented')), ['one', 'two', 'three']);
  t.strictSame(serials(svidsOf(history, 'a')), ['one', 'one', 'two', 'two', 'three', 'three']);
  t.strictSame(serials(svidsOf(history, 'b')), ['b-one']);
  t.strictSame(svidsOf(history, 'c'), []);
});

await t.test('the first SVID of a node replaced nothing', async (t) => {
  t.strictSame(serials(rotationsOf(history, 'a', 'delivered')), ['two', 'three']);
  t.strictSame(serials(rotationsOf(history, 'a', 'presented')), ['two', 'three']);
  t.strictSame(rotationsOf(history, 'b', 'delivered'), []);
  t.strictSame(rotationsOf(history, 'b', 'presented'), []);
});

await t.test('an SVID handed out or shown again is no rotation', async (t) => {
  const again = historyOf(delivered(100, 'one'), delivered(200, 'one'), delivered(300, 'two'), delivered(400, 'one'));
  t.strictSame(
    rotationsOf(again, 'a', 'delivered').map(({ serial, atMs }) => [serial, atMs]),
    [['two', 300]],
  );
});

await t.test('between two instants those count that were seen there, the ends included', async (t) => {
  t.strictSame(countRotations(history, 'a', 0, Infinity), { node: 'a', delivered: 2, presented: 2 });
  t.strictSame(countRotations(history, 'a', 1_000, 1_100), { node: 'a', delivered: 1, presented: 1 });
  t.strictSame(countRotations(history, 'a', 1_001, 1_099), { node: 'a', delivered: 0, presented: 0 });
  t.strictSame(countRotations(history, 'b', 0, Infinity), { node: 'b', delivered: 0, presented: 0 });
});

await t.test('what came before the instants is still what was replaced', async (t) => {
  t.strictSame(countRotations(history, 'a', 1_500, 3_000), { node: 'a', delivered: 1, presented: 1 });
});

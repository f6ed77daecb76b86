import t from 'tap';
import {
  authority,
  bundle,
  every,
  exchange,
  fault,
  historyOf,
  node,
  presented,
  request,
  runStarted,
  scenario,
  skip,
  svid,
  type Step,
} from '../checkers/history-builder.ts';
import { clauses } from '../clauses/catalogue.ts';
import { exactId } from '../clauses/mesh/pinning.ts';
import { requestsSurvive } from '../clauses/mesh/rotation.ts';
import type { Entry, Happening } from '../history.ts';
import { buildReport } from '../report/report.ts';
import { historyOfClauses, historyOfNode } from './one-node.ts';

const during = 'partition-short';
const plane = (name: string): Happening => {
  return { kind: 'plane', plane: name, address: '127.0.0.1:1', policy: 'tls1.3-only', why: 'as declared' };
};
const died = (name: string): Happening => {
  return { kind: 'life', node: name, state: 'ended', how: 'exited with code 1' };
};
const trouble: Happening = { kind: 'trouble', clauses: [], message: 'it died' };

/** Everything that can be said of one node, and of its exchanges with a peer. */
function saidOf(name: string, peer: string): Step[] {
  return [
    node(name, { peers: [peer] }),
    svid(100, name, 'delivered', { serial: `${name} 1`, notAfterMs: 60_000 }),
    bundle(100, name, ['old']),
    exchange(exactId.id, 'exactly the allowed ID', 'accepted', { node: name }),
    skip(exactId.id, 'it does not call', { node: name, role: 'client' }),
    plane(`mesh node ${name}`),
    fault(during, name, [300, 400, 900, 950]),
    every(50, 200, 1_400).flatMap((atMs) => [
      request(during, name, peer, atMs),
      request(during, peer, name, atMs),
      request(during, 'probe', name, atMs),
      presented(during, name, atMs, `${name} 1`),
    ]),
    svid(1_100, name, 'delivered', { serial: `${name} 2`, notAfterMs: 61_000 }),
  ];
}

const around = (steps: readonly Step[]) =>
  historyOf(
    runStarted(clauses.map(({ id }) => id)),
    node('peer', { judged: false }),
    svid(100, 'peer', 'delivered', { serial: 'peer 1', notAfterMs: 60_000 }),
    fault(during, 'peer', [300, 400, 900, 950]),
    svid(1_000, 'peer', 'delivered', { serial: 'peer 2', notAfterMs: 61_000 }),
    plane('spire-server'),
    authority(50, 'activated', 'old'),
    [150, scenario(during, 'begun')],
    ...steps,
    [1_500, scenario(during, 'ended', { recovers: 3_000 })],
    { kind: 'run-ended', endedAt: '2026-01-01T00:00:02.000Z' },
  );

/** Without the lines and the instants, which differ where something else stands between. */
const saidIn = (history: readonly Entry[]) =>
  history.map(({ index: _index, atMs: _atMs, ...happening }) => JSON.stringify(happening));
const judged = (history: readonly Entry[]) =>
  buildReport(history, clauses).clauses.map(({ id, verdict, reason }) => `${id}: ${verdict}: ${reason}`);

const broken = [
  died('bad'),
  exchange(exactId.id, 'another ID', 'refused', { node: 'bad', outcome: 'accepted' }),
  request(during, 'peer', 'bad', 700, { outcome: 'fail', detail: 'reset' }),
];

await t.test('beside others a node has the history that it has alone', async (t) => {
  const alone = historyOfNode(around(saidOf('good', 'peer')), 'good');
  const beside = historyOfNode(around([saidOf('bad', 'peer'), saidOf('good', 'peer'), broken]), 'good');
  t.equal(alone.length, around(saidOf('good', 'peer')).length, 'nothing of it is left out');
  t.ok(saidIn(beside).join('\n') === saidIn(alone).join('\n'), 'what is left is the same, word for word');
  t.strictSame(judged(beside), judged(alone));
});

await t.test('taking a node out changes nothing of what is said of another', async (t) => {
  const all = around([saidOf('bad', 'peer'), saidOf('good', 'peer'), saidOf('third', 'peer'), broken]);
  const without = around([saidOf('bad', 'peer'), saidOf('third', 'peer'), broken]);
  for (const name of ['bad', 'third'])
    t.strictSame(judged(historyOfNode(all, name)), judged(historyOfNode(without, name)), name);
  t.match(judged(historyOfNode(all, 'bad')).join('\n'), /fail: bad as server: another ID: accepted/);
  t.notMatch(judged(historyOfNode(all, 'good')).join('\n'), /\bbad\b|: fail: /);
});

await t.test('evidence names the lines of the whole history', async (t) => {
  const all = around([saidOf('good', 'peer'), saidOf('bad', 'peer'), broken]);
  const own = buildReport(historyOfNode(all, 'bad'), clauses).clauses.find(({ id }) => id === exactId.id);
  const [line] = own!.evidence;
  const entry = all[Number(/\d+$/.exec(line!)![0]) - 1];
  t.ok(entry?.kind === 'exchange' && entry.node === 'bad' && entry.row === 'another ID');
});

await t.test('of the nodes that are not under test only its peers stay, where it says which they are', async (t) => {
  const nodes = [node('a', { peers: ['p'] }), node('b'), node('p', { judged: false }), node('q', { judged: false })];
  const left = (name: string) =>
    historyOfNode(historyOf(nodes, node('elsewhere', { judged: false, mesh: 'brief' })), name).flatMap((entry) =>
      entry.kind === 'node' ? entry.node : [],
    );
  t.strictSame(left('a'), ['a', 'p']);
  t.strictSame(left('b'), ['b', 'p', 'q']);
});

await t.test('of a fault of what nodes share that part is left which concerns the node', async (t) => {
  const shared = fault(during, 'the server', [300, 400, 900, 950], { nodes: ['good', 'bad', 'peer'] });
  const left = historyOfNode(around([saidOf('good', 'peer'), saidOf('bad', 'peer'), shared]), 'good');
  t.strictSame(
    left.flatMap((entry) => (entry.kind === 'fault' && entry.target === 'the server' ? [entry.nodes] : [])),
    [['good', 'peer'], undefined, undefined, undefined],
  );
});

await t.test('trouble that names no node is everybody’s', async (t) => {
  const all = around([saidOf('good', 'peer'), saidOf('bad', 'peer'), trouble]);
  for (const name of ['good', 'bad'])
    t.equal(historyOfNode(all, name).filter(({ kind }) => kind === 'trouble').length, 1, name);
});

await t.test('a run can be looked at as if fewer clauses had been chosen', async (t) => {
  const all = historyOfClauses(around(saidOf('good', 'peer')), [requestsSurvive.id]);
  t.strictSame(
    buildReport(all, clauses).clauses.map(({ id }) => id),
    [requestsSurvive.id],
  );
});

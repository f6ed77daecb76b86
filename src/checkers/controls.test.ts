import t from 'tap';
import type { Clause } from '../clause.ts';
import { clientPresentsSvid, noEarlyData, serverPresentsSvid } from '../clauses/mesh/tls.ts';
import type { Exchange } from '../history.ts';
import { exchange, historyOf, judgedBy, node, runStarted, skip, svid, told, type Step } from './history-builder.ts';

// A row that had to be accepted, of whatever clause: what it shows beside that is what counts.
const call = (change: Partial<Exchange> = {}) =>
  exchange('mesh/pinning/exact-id', 'the right server', 'accepted', {
    role: 'client',
    shown: [`spiffe://td/${change.node ?? 'a'}`],
    ...change,
  });
const answer = (earlyDataBytes?: readonly number[], change: Partial<Exchange> = {}) =>
  exchange('mesh/pinning/exact-id', 'the right client', 'accepted', {
    ...(earlyDataBytes !== undefined && { earlyDataBytes }),
    ...change,
  });
const named = (change: Partial<Exchange> = {}) => answer(undefined, { shown: ['spiffe://td/a'], ...change });
const anonymous = (change: Partial<Exchange> = {}) =>
  exchange('mesh/pinning/exact-id', 'the right server', 'accepted', { role: 'client', ...change });

const rows: readonly [name: string, clause: Clause, wanted: RegExp, ...steps: Step[]][] = [
  ['it calls as itself', clientPresentsSvid, /^pass: a: called as spiffe:\/\/td\/a$/, call(), call()],
  [
    'once under another name',
    clientPresentsSvid,
    /^fail: a: called as spiffe:\/\/td\/b, wanted spiffe:\/\/td\/a$/,
    call(),
    call({ shown: ['spiffe://td/b'] }),
  ],
  [
    'under two names',
    clientPresentsSvid,
    /^fail: a: called as spiffe:\/\/td\/a, spiffe:\/\/td\/b, wanted/,
    call({ shown: ['spiffe://td/a', 'spiffe://td/b'] }),
  ],
  [
    'without a certificate',
    clientPresentsSvid,
    /^fail: a: called as nobody: it showed no certificate, wanted spiffe:\/\/td\/a$/,
    anonymous(),
  ],
  [
    'calls that were not accepted do not show that it is right',
    clientPresentsSvid,
    /^inconclusive: a: its call was not accepted: a timeout$/,
    call({ outcome: 'refused', how: 'a timeout' }),
    call({ outcome: 'unknown', how: 'later' }),
  ],
  [
    'under another name in a call that was not accepted',
    clientPresentsSvid,
    /^fail: a: called as spiffe:\/\/td\/b, wanted/,
    call(),
    call({ outcome: 'unknown', shown: ['spiffe://td/b'] }),
  ],
  [
    'one accepted call among those that were not',
    clientPresentsSvid,
    /^pass/,
    anonymous({ outcome: 'unknown' }),
    call(),
  ],
  [
    'only calls that had to be refused',
    clientPresentsSvid,
    /^inconclusive: nothing was observed/,
    call({ expect: 'refused', outcome: 'accepted', shown: ['spiffe://td/b'] }),
  ],
  ['only exchanges as a server', clientPresentsSvid, /^inconclusive: nothing was observed/, answer([0])],
  [
    'it calls as itself, by an SVID that has ended',
    clientPresentsSvid,
    /^fail: a: called as spiffe:\/\/td\/a, but expired: an hour ago$/,
    call(),
    call({ unproven: 'expired: an hour ago' }),
  ],

  ['it answers as itself', serverPresentsSvid, /^pass: a: answered as spiffe:\/\/td\/a$/, named(), named()],
  [
    'by a certificate that nobody vouches for, whatever came of the exchange',
    serverPresentsSvid,
    /^fail: a: answered as spiffe:\/\/td\/a, but unknown-authority: x$/,
    named(),
    named({ outcome: 'unknown', unproven: 'unknown-authority: x' }),
  ],
  [
    'by an SVID that has ended, as its agent had delivered no other',
    serverPresentsSvid,
    /^inconclusive: a: answered as spiffe:\/\/td\/a, but expired: x; its agent had not delivered another in time$/,
    svid(100, 'a', 'delivered', { serial: 'old', notAfterMs: 4_000 }),
    [5_000, named({ outcome: 'unknown', unproven: 'expired: x' })],
  ],
  [
    'by an SVID that has ended, although its agent had delivered another',
    serverPresentsSvid,
    /^fail: a: answered as spiffe:\/\/td\/a, but expired: x$/,
    svid(100, 'a', 'delivered', { serial: 'old', notAfterMs: 4_000 }),
    svid(3_000, 'a', 'delivered', { serial: 'new', notAfterMs: 9_000 }),
    [5_000, named({ outcome: 'unknown', unproven: 'expired: x' })],
  ],
  [
    'somebody else answers at its address',
    serverPresentsSvid,
    /^inconclusive: a: answered as spiffe:\/\/td\/b, wanted spiffe:\/\/td\/a$/,
    named({ outcome: 'unknown', shown: ['spiffe://td/b'], unproven: 'it is the SVID of spiffe://td/b' }),
  ],
  [
    'somebody else answers first, and then it does, by a certificate that nobody vouches for',
    serverPresentsSvid,
    /^fail: a: answered as spiffe:\/\/td\/a, but unknown-authority: x$/,
    named({ outcome: 'unknown', shown: ['spiffe://td/b'], unproven: 'it is the SVID of spiffe://td/b' }),
    named({ outcome: 'unknown', unproven: 'unknown-authority: x' }),
  ],
  [
    'nobody answers',
    serverPresentsSvid,
    /^inconclusive: a: the control was not accepted: no route$/,
    answer([], { outcome: 'unknown', how: 'no route' }),
  ],
  ['only calls', serverPresentsSvid, /^inconclusive: nothing was observed/, call()],

  [
    'tickets that allow none',
    noEarlyData,
    /^pass: a: 3 session tickets, none allows early data$/,
    answer([0, 0]),
    answer([0]),
  ],
  ['no tickets at all', noEarlyData, /^pass: a: it gives no session tickets$/, answer(), answer([])],
  [
    'one ticket of three that allows it',
    noEarlyData,
    /^fail: a: its session tickets allow 16384 bytes of early data$/,
    answer([0, 0]),
    answer([16_384]),
  ],
  [
    'one that comes to whom resumes',
    noEarlyData,
    /^fail: a: its session tickets allow 1024 bytes of early data$/,
    answer([0]),
    answer([1024], { expect: 'either' }),
  ],
  [
    'exchanges that were not accepted do not show that there are none',
    noEarlyData,
    /^inconclusive: a: no accepted exchange to look at: a timeout$/,
    answer([0], { outcome: 'unknown', how: 'a timeout' }),
  ],
  [
    'one that somebody else gave at its address',
    noEarlyData,
    /^pass: a: 1 session tickets, none allows early data$/,
    answer([0]),
    answer([16_384], {
      outcome: 'unknown',
      shown: ['spiffe://td/other'],
      unproven: 'it is the SVID of spiffe://td/other',
    }),
    answer([16_384], { expect: 'refused', outcome: 'refused', shown: ['spiffe://td/other'] }),
  ],
  [
    'one that came to whom it refused',
    noEarlyData,
    /^fail: a: its session tickets allow 16384 bytes of early data$/,
    answer([0]),
    answer([16_384], { expect: 'refused', outcome: 'refused' }),
  ],
  ['only exchanges as a client', noEarlyData, /^inconclusive: nothing was observed/, call({ earlyDataBytes: [1] })],
];
for (const [name, clause, wanted, ...steps] of rows) {
  await t.test(`${clause.id}: ${name}`, async (t) =>
    t.match(told(judgedBy(clause)(historyOf(runStarted(), node('a'), ...steps))), wanted),
  );
}

await t.test('a node that is not under test, or that nobody declared, decides nothing', async (t) => {
  const peer = node('peer', { judged: false });
  for (const one of ['peer', 'ghost']) {
    const steps = [node('a'), peer, anonymous({ node: one }), answer([1], { node: one })];
    t.match(told(judgedBy(clientPresentsSvid)(historyOf(steps))), /^inconclusive: nothing/);
    t.match(told(judgedBy(noEarlyData)(historyOf(steps))), /^inconclusive: nothing/);
  }
});

await t.test('of two nodes the worse one decides, and none may be left out', async (t) => {
  const judge = (...steps: Step[]) => told(judgedBy(clientPresentsSvid)(historyOf(node('a'), node('b'), ...steps)));
  t.match(judge(call(), call({ node: 'b' })), /^pass: a: called as .*; b: called as/);
  t.match(judge(call(), anonymous({ node: 'b' })), /^fail: b: /);
  t.match(judge(call({ outcome: 'unknown' }), anonymous({ node: 'b' })), /^fail: b: /);
  t.match(judge(call()), /^inconclusive: b was not looked at as client/);
  t.match(judge(call(), skip(clientPresentsSvid.id, 'b does not dial', { node: 'b' })), /^pass/);
});

await t.test('the evidence is three exchanges at most, or the one that tells', async (t) => {
  const evidence = (clause: Clause, ...steps: Step[]) => judgedBy(clause)(historyOf(node('a'), ...steps)).evidence;
  t.strictSame(evidence(clientPresentsSvid, call(), call(), call(), call()), [2, 3, 4]);
  t.strictSame(evidence(clientPresentsSvid, call(), anonymous(), anonymous()), [3]);
  t.strictSame(evidence(noEarlyData, answer(), answer([0]), answer([0])), [3, 4]);
  t.strictSame(evidence(clientPresentsSvid, call({ outcome: 'unknown' }), call({ outcome: 'refused' })), [2]);
});

for (const clause of [clientPresentsSvid, noEarlyData]) {
  await t.test(`${clause.id}: nothing seen is inconclusive, skipped only with a reason`, async (t) => {
    const judge = (...steps: Step[]) => told(judgedBy(clause)(historyOf(node('a'), ...steps)));
    t.equal(judge(), 'inconclusive: nothing was observed to decide it');
    t.equal(judge(skip(clause.id, 'it does not dial')), 'skipped: it does not dial');
    t.match(judge(skip(clause.id, '')), /^inconclusive/);
  });
}

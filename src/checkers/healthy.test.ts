import t from 'tap';
import { healthyTraffic } from '../clauses/mesh/traffic.ts';
import type { Request } from '../history.ts';
import {
  capacity,
  healthyBefore,
  historyOf,
  judgedBy,
  machine,
  node,
  request,
  runStarted,
  skip,
  svid,
  told,
  type Step,
} from './history-builder.ts';

const judge = (...steps: readonly Step[]) =>
  told(judgedBy(healthyTraffic)(historyOf(runStarted(), node('a'), node('p', { judged: false }), ...steps)));
const one = (startMs: number, change: Partial<Request> = {}, from = 'probe', to = 'a') =>
  request('healthy', from, to, startMs, change);
const reset = { outcome: 'fail', detail: 'closed (reset)' } as const;

await t.test('traffic that lost nothing passes, and says what the node bore', async (t) => {
  t.equal(
    judge(healthyBefore('a', 'p')),
    'pass: a bore 400 new connections a second when healthy, 99 in 100 answered within 20 ms; 20 requests, none lost; the load is 100 a second',
  );
});

await t.test('one lost request fails, to a node under test or from it, and so does one that hangs', async (t) => {
  const lost = /^fail: a lost 1 of 21 requests \(4\.8 %\) before anything was broken or changed; the first /;
  t.match(judge(healthyBefore('a'), one(300, reset)), lost);
  t.match(judge(healthyBefore('a'), one(300, reset, 'a', 'probe')), lost);
  t.match(judge(healthyBefore('a'), one(300, { outcome: 'info', totalMs: 5_000, detail: 'no answer' })), lost);
});

await t.test('what came of a rotation, of a scenario or of a cold node is not healthy traffic', async (t) => {
  const rotated = [svid(10, 'a', 'delivered', { serial: '1', notAfterMs: 8_000 })].concat([
    svid(280, 'a', 'delivered', { serial: '2', notAfterMs: 8_000 }),
  ]);
  t.match(judge(healthyBefore('a'), rotated, one(300, reset)), /^pass/, 'right after it');
  t.match(judge(healthyBefore('a'), rotated, one(270, { ...reset, totalMs: 20 })), /^pass/, 'under way');
  t.match(judge(healthyBefore('a'), rotated, one(400, reset)), /^fail/, 'later');
  const hung = Array.from({ length: 20 }, (_, at) => one(270 + at, { outcome: 'info', totalMs: 5_000 }));
  t.match(
    judge(capacity('a'), rotated, hung),
    /^inconclusive: only 0 requests to a were healthy traffic, 12 are needed/,
    'nothing but that',
  );
  t.match(judge(healthyBefore('a'), request('rotation', 'probe', 'a', 300, reset)), /^pass/);
  t.match(judge(healthyBefore('a'), request('warm-up', 'probe', 'a', 0, reset)), /^pass/);
});

await t.test('what nodes beside those under test lose among themselves is not held against them', async (t) => {
  t.match(judge(healthyBefore('a', 'p'), one(300, reset, 'probe', 'p')), /^pass/);
});

const open: readonly [name: string, reason: RegExp, ...steps: Step[]][] = [
  ['nothing', /no healthy traffic was seen/],
  ['no measurement', /it was not measured what a bears/, one(100)],
  ['few requests', /only 1 requests to a were healthy traffic/, one(100), capacity('a')],
  [
    'a node that bears too little',
    /a bore 9 new connections a second when healthy, 10 are needed/,
    healthyBefore('a'),
    capacity('a', { bearsPerSecond: 9 }),
  ],
  [
    'an ending that nobody saw',
    /nobody saw what became of 1 of 21/,
    healthyBefore('a'),
    one(300, { outcome: 'info', unseen: true }),
  ],
  [
    'a loss on an overloaded machine',
    /too busy to tell/,
    healthyBefore('a'),
    one(300, reset),
    machine(250, { lagMs: 400 }),
  ],
];
for (const [name, reason, ...steps] of open) {
  await t.test(`inconclusive: ${name}`, async (t) => {
    t.match(judge(...steps), /^inconclusive/);
    t.match(judge(...steps), reason);
  });
}

await t.test('skipped only with a reason', async (t) => {
  t.equal(judge(skip(healthyTraffic.id, 'no load is put on it')), 'skipped: no load is put on it');
});

import t from 'tap';
import { requestsSurvive } from '../clauses/mesh/rotation.ts';
import type { Request } from '../history.ts';
import {
  capacity,
  every,
  healthyBefore,
  historyOf,
  judgedBy,
  node,
  request,
  runStarted,
  scenario,
  skip,
  svid,
  told,
  type Step,
} from './history-builder.ts';
import { noFailedRequest, type Traffic } from './requests.ts';
import { inItsScenario } from './scenario.ts';

const during = 'rotation';
const needs: Traffic = { connection: 'new', perSecond: 10, maxGapMs: 500 };
const pairs = [
  ['probe', 'a'],
  ['probe', 'b'],
  ['a', 'b'],
  ['b', 'a'],
] as const;
const flow = (from: string, to: string, fromMs = 1_000, toMs = 3_000, change: Partial<Request> = {}): Step[] =>
  every(100, fromMs, toMs).map((atMs) => request(during, from, to, atMs, change));
const nodes = [runStarted(), node('a'), node('b'), node('z', { mesh: 'brief' }), healthyBefore('a', 'b')];
const begun: Step = [1_000, scenario(during, 'begun')];
const ended: Step = [3_000, scenario(during, 'ended')];
const traffic = () => pairs.map(([from, to]) => flow(from, to));
const judge = (steps: readonly Step[], traffic: Partial<Traffic> = {}) =>
  told(judgedBy(requestsSurvive, inItsScenario(noFailedRequest({ ...needs, ...traffic })))(historyOf(...nodes, steps)));

await t.test('steady traffic without a failure passes', async (t) => {
  t.equal(
    judge([begun, ...traffic(), ended]),
    'pass: 80 requests on new connections over 4 pairs, none failed; the slowest took 5 ms (bound 1000 ms)',
  );
});

await t.test('a scenario that was asked to bear a share of the usual load is judged by that share', async (t) => {
  const asked = (loadShare: number): Step => [1_000, scenario(during, 'begun', undefined, loadShare)];
  const judged = (share: number) => judge([asked(share), ...traffic(), ended], { perSecond: 200, begunPerSecond: 100 });
  t.match(judged(1), /^inconclusive: only 4\d requests a second were due, 200 are needed/);
  t.match(judged(0.25), /^inconclusive: only 4\d requests a second were due, 50 are needed/);
  t.match(judged(0.15), /^pass: .*none failed, at 15 % of the usual load;/);
});

await t.test('a failed request fails, also in a scenario that never ended', async (t) => {
  const failed = request(during, 'a', 'b', 2_000, { outcome: 'fail', detail: 'reset' });
  t.equal(
    judge([begun, ...traffic(), failed, ended]),
    'fail: 1 of 81 requests failed; the first a → b at 2.00 s: reset',
  );
  t.match(judge([begun, failed]), /^fail/);
});

await t.test('a request that is left without an answer fails, and so does one that is answered too late', async (t) => {
  const hung = request(during, 'probe', 'a', 2_000, {
    outcome: 'info',
    totalMs: 5_000,
    detail: 'no answer within 5 s',
  });
  t.match(judge([begun, ...traffic(), hung, ended]), /^fail: 1 of 81 requests failed; .*no answer within 5 s/);
  const late = (totalMs: number) => judge([begun, ...traffic(), request(during, 'a', 'b', 2_000, { totalMs }), ended]);
  t.match(late(990), /^pass: .* the slowest took 990 ms/);
  t.match(late(1_010), /^fail: 1 of 81 .* a → b at 2\.00 s: answered only after 1010 ms \(bound 1000 ms\)/);
});

await t.test('how late is too late is told by healthy traffic', async (t) => {
  const slow = (totalMs: number) =>
    judge([
      capacity('a', { p99Ms: 300 }),
      begun,
      ...traffic(),
      request(during, 'probe', 'a', 2_000, { totalMs }),
      ended,
    ]);
  t.match(slow(2_900), /^pass/);
  t.match(slow(3_100), /^fail: .*\(bound 3000 ms\)/);
});

await t.test('loss in healthy traffic leaves it open, whatever came later', async (t) => {
  const before = request('healthy', 'probe', 'a', 300, { outcome: 'fail', detail: 'reset' });
  const failed = request(during, 'a', 'b', 2_000, { outcome: 'fail', detail: 'reset' });
  const lossy = /^inconclusive: healthy traffic gives nothing to judge this by: a lost 1 of 21 requests \(4\.8 %\)/;
  t.match(judge([before, begun, ...traffic(), ended]), lossy);
  t.match(judge([before, begun, ...traffic(), failed, ended]), lossy);
  const weak = capacity('b', { bearsPerSecond: 6, share: 0.03 });
  t.match(judge([weak, begun, ...traffic(), ended]), /b bore 6 new connections a second when healthy, 10 are needed/);
});

await t.test('a node that bears less is judged by the share of the load that it was given', async (t) => {
  const judged = (share: number) =>
    judge([capacity('a', { share }), begun, ...traffic(), ended], { perSecond: 200, begunPerSecond: 100 });
  t.match(judged(0.5), /^inconclusive: only 4\d requests a second were due, 100 are needed/);
  t.match(judged(0.2), /^pass: .*at 20 % of the usual load/);
});

await t.test('what kept connections lose is told, and not that they end', async (t) => {
  const kept = (openedMs: (startMs: number) => number, change: Partial<Request> = {}) => [
    begun,
    ...['a', 'b'].map((to) => svid(1_450, to, 'delivered', { serial: `${to}-2`, notAfterMs: 60_000 })),
    ...['a', 'b'].map((to) =>
      every(100, 1_000, 3_000).map((atMs) =>
        request(during, 'probe', to, atMs, { connection: 'kept', openedMs: openedMs(atMs), ...change }),
      ),
    ),
    ended,
  ];
  const judged = (steps: readonly Step[]) => judge(steps, { connection: 'kept' });
  t.match(judged(kept(() => 990)), /^pass: 40 requests on kept connections/);
  t.match(judged(kept((atMs) => Math.floor(atMs / 1_000))), /^pass/, 'ended every ten requests');
  t.match(judged(kept((atMs) => atMs)), /^skipped: a and b offered no long-lived connection: /);
  t.match(
    judged(kept((atMs) => Math.floor((atMs - 50) / 200))),
    /^skipped: a and b offered no long-lived connection: /,
    'none lived through a rotation',
  );
  const hung = { outcome: 'info', detail: 'no answer within 5 s' } as const;
  t.match(judged(kept(() => 990, hung)), /^fail: 40 of 40 requests failed/);
});

await t.test('the first failure is the first in time, not the first line', async (t) => {
  const failed = [
    request(during, 'a', 'b', 2_900, { outcome: 'fail', detail: 'later' }),
    request(during, 'b', 'a', 1_100, { outcome: 'fail', detail: 'sooner' }),
  ];
  t.match(judge([begun, ...traffic(), ...failed, ended]), /the first b → a at 1\.10 s: sooner/);
});

const inconclusive: readonly [name: string, reason: RegExp, ...steps: Step[]][] = [
  ['nothing', /no scenario that could decide it began/],
  ['no request', /saw no new connection/, begun, ended],
  ['requests of another scenario', /saw no new connection/, begun, request('partition-long', 'z', 'z', 1_500), ended],
  [
    'requests on the other kind of connection',
    /saw no new connection/,
    begun,
    flow('a', 'b', 1_000, 3_000, { connection: 'kept' }),
    ended,
  ],
  ['a scenario that never ended', /did not come to its end/, begun, ...traffic()],
  [
    'an ending that nobody saw',
    /nobody knows what became of 1 of 81 requests; the first a → b at 2\.00 s: POST \/dial answered 500/,
    begun,
    ...traffic(),
    request(during, 'a', 'b', 2_000, { outcome: 'info', unseen: true, detail: 'POST /dial answered 500' }),
    ended,
  ],
  [
    'one request',
    /only 0 requests a second were due|asked nothing/,
    begun,
    request(during, 'a', 'b', 2_000),
    request(during, 'b', 'a', 2_000),
    ended,
  ],
  [
    'thin traffic',
    /only 7 requests a second were due, 10 are needed/,
    begun,
    ...every(300, 1_000, 3_000).flatMap((atMs) => [request(during, 'a', 'b', atMs), request(during, 'b', 'a', atMs)]),
    ended,
  ],
  [
    'a source that fell behind its schedule',
    /only \d requests a second were begun, 10 are needed/,
    begun,
    ...every(50, 1_000, 2_000).flatMap((dueMs) => [
      request(during, 'a', 'b', 1_000 + (dueMs - 1_000) * 10, { dueMs }),
      request(during, 'b', 'a', 1_000 + (dueMs - 1_000) * 10, { dueMs }),
    ]),
    ended,
  ],
  [
    'a silence in the middle',
    /a → b was silent for 1000 ms/,
    begun,
    ...traffic().slice(0, 2),
    flow('b', 'a'),
    flow('a', 'b', 1_000, 1_500),
    flow('a', 'b', 2_400, 3_000),
    ended,
  ],
  [
    'a silence at the end: the source had given up',
    /a → b was silent for 1000 ms/,
    begun,
    ...traffic().slice(0, 2),
    flow('b', 'a'),
    flow('a', 'b', 1_000, 2_100),
    ended,
  ],
  [
    'a silence at the beginning',
    /a → b was silent for 800 ms/,
    begun,
    ...traffic().slice(0, 2),
    flow('b', 'a'),
    flow('a', 'b', 1_800, 3_000),
    ended,
  ],
  ['a node under test that was asked nothing', /b was asked nothing/, begun, flow('probe', 'a'), flow('b', 'a'), ended],
  [
    'a failure between nodes that are not under test',
    /none of them to or from a node under test/,
    node('p', { judged: false }),
    node('q', { judged: false }),
    begun,
    ...traffic(),
    request(during, 'p', 'q', 2_000, { outcome: 'fail' }),
    ended,
  ],
];
for (const [name, reason, ...steps] of inconclusive) {
  await t.test(`inconclusive: ${name}`, async (t) => {
    const said = judge(steps);
    t.match(said, /^inconclusive/);
    t.match(said, reason);
  });
}

await t.test('a stall of the source is seen, although what was due is made up for in a burst', async (t) => {
  const late = every(100, 1_000, 3_000).map((dueMs) =>
    request(during, 'a', 'b', dueMs > 1_200 && dueMs < 2_200 ? 2_200 : dueMs, { dueMs }),
  );
  t.match(
    judge([begun, ...traffic().slice(0, 2), flow('b', 'a'), ...late, ended]),
    /^inconclusive: a → b was silent for 1000 ms/,
  );
});

await t.test(
  'of a part of the scenario, only that part is judged, and a pair of which nothing counts is missed',
  async (t) => {
    const part = {
      during: { fromMs: 1_000, toMs: 2_000 },
      counts: ({ startMs }: { startMs: number }) => startMs < 2_000,
    };
    const failed = request(during, 'a', 'b', 2_500, { outcome: 'fail' });
    t.match(judge([begun, ...traffic(), failed, ended], part), /^pass: 40 requests/);
    t.match(
      judge([begun, ...traffic(), ended], { ...part, counts: ({ startMs, from }) => startMs < 2_000 && from !== 'a' }),
      /^inconclusive: a → b was silent for 1000 ms/,
    );
    t.match(
      judge([begun, ...traffic(), ended], { ...part, perPair: 11 }),
      /^inconclusive: probe → a was tried 10 times only/,
    );
  },
);

await t.test('skipped only with a reason', async (t) => {
  t.equal(judge([skip(requestsSurvive.id, 'not injectable here')]), 'skipped: not injectable here');
});

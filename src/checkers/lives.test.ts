import t from 'tap';
import type { Clause } from '../clause.ts';
import * as clauses from '../clauses/mesh/node.ts';
import { ticketNotPastSvid, versionAsServer } from '../clauses/mesh/tls.ts';
import { twoUriSans } from '../clauses/x509-svid/leaf.ts';
import { nameOfExchange, type Exchange, type Happening, type Life, type Readiness } from '../history.ts';
import {
  every,
  exchange,
  historyOf,
  judgedBy,
  node,
  request,
  runStarted,
  scenario,
  svid,
  told,
  type Step,
} from './history-builder.ts';
import { requestsSurvive } from '../clauses/mesh/rotation.ts';
import { scenarioOf } from '../reading/scenarios.ts';
import { buildReport } from '../report/report.ts';

const life = (state: Life['state'], change: Partial<Life> = {}): Happening => {
  return { kind: 'life', node: 'a', state, how: 'exited with code 70', ...change };
};
const asked = exchange(clauses.nodeStaysAlive.id, 'the right one', 'accepted');
const stranger = exchange(clauses.nodeStaysAlive.id, 'half a hello', 'either', { outcome: 'unknown' });
const killer: Exchange['kind'] extends string ? Partial<Exchange> : never = {
  killed: true,
  outcome: 'unknown',
  how: 'it ended twice',
};
const ended = (change: Partial<Life> = {}) =>
  life('ended', { lastWords: 'first\npanic: no', underWay: ['one', 'two', 'three', 'four'], ...change });

const alive: readonly [name: string, wanted: RegExp, ...steps: Step[]][] = [
  [
    'it lived',
    /^pass: a: lived through 2 exchanges and requests, and 1 that were made to try it$/,
    asked,
    stranger,
    asked,
  ],
  ['no stranger came', /^inconclusive: a: nobody came who was to try it$/, asked, asked],
  [
    'the control told nothing, so that no stranger came',
    /^inconclusive: a: half a hello: a right client was not accepted both before and after it$/,
    exchange(clauses.nodeStaysAlive.id, 'the right one', 'accepted', { outcome: 'unknown' }),
    stranger,
  ],
  ['it accepted nobody any more', /^inconclusive: a: half a hello/, asked, stranger],
  ['nothing was asked of it', /^inconclusive: nothing was observed/, life('stopped')],
  ['nothing was made to try it', /^inconclusive/, exchange(versionAsServer.id, 'the right one', 'accepted')],
  [
    'it ended once, whatever it answered afterwards',
    /^fail: a: it exited with code 70 while it was judged; under way: one; two; three; and 1 more; its last words: first \/ panic: no$/,
    asked,
    ended(),
    life('started'),
    asked,
  ],
  [
    'it ended with nothing under way',
    /^fail: .*, the first of 2 times; under way: no exchange/,
    ended({ underWay: [] }),
    life('started'),
    ended(),
  ],
  [
    'what is no node under test has ended',
    /^pass: a: lived/,
    node('b', { judged: false }),
    asked,
    stranger,
    asked,
    ended({ node: 'b' }),
  ],
  [
    'another one under test of its mesh was not asked',
    /^inconclusive: b was not looked at as server/,
    node('b'),
    asked,
    stranger,
    asked,
  ],
];

await t.test('whether nodes stay alive', async (t) => {
  for (const [name, wanted, ...steps] of alive)
    t.match(told(judgedBy(clauses.nodeStaysAlive)(historyOf(runStarted(), node('a'), ...steps))), wanted, name);
});

await t.test('an end of which nobody was to be told passes nothing', async (t) => {
  const verdicts = (...chosen: Clause[]) => {
    const right = exchange(versionAsServer.id, 'the right one', 'accepted');
    const wrong = exchange(versionAsServer.id, 'a wrong one', 'refused');
    const steps = [node('a'), right, wrong, right, ended(), life('started')];
    const ids = chosen.map(({ id }) => id);
    const history = historyOf(runStarted(ids), ...steps, { kind: 'run-ended', endedAt: '2026-01-01T00:01:00.000Z' });
    return buildReport(history, [versionAsServer, clauses.nodeStaysAlive]).clauses.map(
      ({ verdict, reason }) => `${verdict}: ${reason}`,
    );
  };
  t.match(
    verdicts(versionAsServer)[0],
    /^inconclusive: .*a exited with code 70 while it was judged, and mesh\/node\/stays-alive was not asked/,
  );
  const both = verdicts(versionAsServer, clauses.nodeStaysAlive);
  t.notMatch(both[0], /while it was judged/);
  t.match(both[1], /^fail/);
});

await t.test('an exchange of which a node ended again when it was all that was asked is broken', async (t) => {
  const control = exchange(twoUriSans.id, 'the right one', 'accepted');
  const judge = judgedBy(twoUriSans);
  t.match(
    told(
      judge(historyOf(runStarted(), node('a'), control, exchange(twoUriSans.id, 'two', 'refused', killer), control)),
    ),
    /^fail: a as server: two: the node ended of it, wanted refused \(it ended twice\)$/,
  );
  t.match(
    told(judge(historyOf(runStarted(), node('a'), exchange(twoUriSans.id, 'the right one', 'accepted', killer)))),
    /^fail: a as server: the right one: the node ended of it, wanted accepted/,
  );
});

await t.test('a request that fell with a node counts only when nothing explains why the node ended', async (t) => {
  const row = exchange(twoUriSans.id, 'two', 'refused', killer);
  const underWay = [nameOfExchange(row as Exchange)];
  const failed = (history: ReturnType<typeof historyOf>) =>
    scenarioOf(history, requestsSurvive.id)!
      .requests.filter(({ outcome }) => outcome === 'fail')
      .map(({ startMs }) => startMs);
  const around = (...more: Step[]) =>
    historyOf(
      runStarted(),
      node('a'),
      [1_000, scenario('rotation', 'begun')],
      ...[1_100, 1_990, 2_200, 2_600].map((atMs) => request('rotation', 'probe', 'a', atMs, { outcome: 'fail' })),
      request('rotation', 'probe', 'z', 2_200, { outcome: 'fail' }),
      [2_000, ended({ underWay })],
      [2_500, life('started')],
      ...more,
    );
  t.strictSame(
    failed(around([3_000, row])),
    [1_100, 2_600, 2_200],
    'those of another node and those before and after count',
  );
  t.strictSame(failed(around()), [1_100, 1_990, 2_200, 2_600, 2_200], 'nothing explains it');
});

await t.test('a session is not refused by who was started again since', async (t) => {
  const right = exchange(ticketNotPastSvid.id, 'an SVID near its end', 'accepted');
  const late = exchange(ticketNotPastSvid.id, 'its session, past that', 'refused');
  const judge = (...steps: Step[]) => told(judgedBy(ticketNotPastSvid)(historyOf(runStarted(), node('a'), ...steps)));
  t.match(judge(right, late, right), /^pass/);
  t.match(
    judge(right, ended(), life('started'), late, right),
    /^inconclusive: a ended and was started again before its/,
  );
  t.match(judge(ended(), right, late, right), /^pass/, 'before the control');
  t.match(judge(right, late, ended(), right), /^pass/, 'after the row');
});

const stop: readonly [name: string, wanted: RegExp, ...steps: Step[]][] = [
  ['it stopped', /^pass: a: it exited with code 70 1\.2 s after SIGTERM$/, life('stopped', { tookMs: 1_200 })],
  [
    'it did not',
    /^fail: a: 10\.0 s after SIGTERM what was started is still there$/,
    life('overstayed', { how: 'what was started is still there', graceMs: 10_000 }),
  ],
  ['it had ended before', /^inconclusive: a: it had ended by itself/, ended(), life('given-up')],
  ['nobody told it to', /^inconclusive: nothing was observed/, asked],
];

await t.test('whether nodes stop when they are told to', async (t) => {
  for (const [name, wanted, ...steps] of stop)
    t.match(told(judgedBy(clauses.nodeStopsOnSigterm)(historyOf(runStarted(), node('a'), ...steps))), wanted, name);
});

const many = clauses.nodeTakesManyConnections.id;
const right = (change: Partial<Exchange> = {}) => exchange(many, 'a right client', 'accepted', change);
const opened = (count: number, atOnce: number): Happening => {
  return { kind: 'connections', node: 'a', what: 'asked nothing', opened: count, atOnce };
};
const silent = right({ outcome: 'unknown', how: 'neither answered nor closed' });
const crowd: readonly [name: string, wanted: RegExp, ...steps: Step[]][] = [
  [
    'accepted still',
    /^pass: a: accepted after 321 connections, of which 80 were idle, 40 at once$/,
    right(),
    opened(80, 40),
    opened(240, 1),
    right(),
  ],
  [
    'not any more',
    /^fail: a: after 321 connections, .* a right client was not accepted: neither answered nor closed$/,
    right(),
    opened(80, 40),
    opened(240, 1),
    silent,
  ],
  [
    'not asked any more',
    /^inconclusive: a: not tried: the run was ended$/,
    right(),
    opened(80, 40),
    opened(240, 1),
    right({ outcome: 'unknown', untried: true, how: 'not tried: the run was ended' }),
  ],
  ['not any more, and after few already', /^fail/, right(), opened(20, 40), silent],
  [
    'never',
    /^inconclusive: a: a right client was not accepted before: neither/,
    silent,
    opened(80, 40),
    opened(240, 1),
    right(),
  ],
  ['too few', /^inconclusive: .*too few to tell/, right(), opened(80, 40), opened(200, 1), right()],
  ['too few that are idle', /^inconclusive: .*too few to tell/, right(), opened(40, 40), opened(300, 1), right()],
  ['too few at once', /^inconclusive: .*too few to tell/, right(), opened(80, 8), opened(300, 1), right()],
  ['it ended of them', /^fail: a: it ended twice/, right(), right(killer)],
];

await t.test('whether a node takes connections still after many', async (t) => {
  for (const [name, wanted, ...steps] of crowd)
    t.match(
      told(judgedBy(clauses.nodeTakesManyConnections)(historyOf(runStarted(), node('a'), ...steps))),
      wanted,
      name,
    );
});

const ready = (fromMs: number, atMs: number, answer: Readiness['answer'], times = 20): Step => [
  atMs,
  { kind: 'readiness', scenario: 'rotation', node: 'a', answer, how: `said ${answer}`, fromMs, times },
];
const readiness: readonly [name: string, wanted: RegExp, ...steps: Step[]][] = [
  [
    'ready all along',
    /^pass: a: ready each of 40 times; rotations seen: a 5$/,
    ready(1_100, 2_000, 'ready'),
    ready(2_100, 2_200, 'none', 1),
    ready(2_300, 4_000, 'ready'),
  ],
  [
    'once not',
    /^fail: a: it held an SVID and said that it is not ready, first at 2\.10 s: said not-ready; 1 times/,
    ready(1_100, 2_000, 'ready'),
    ready(2_100, 2_100, 'not-ready', 1),
    ready(2_200, 4_000, 'ready'),
  ],
  [
    'silent for long',
    /^inconclusive: .*not at all for more than 2\.0 s: said none/,
    ready(1_100, 1_200, 'ready'),
    ready(1_300, 3_800, 'none', 3),
    ready(3_900, 4_000, 'ready'),
  ],
  ['asked hardly ever', /^inconclusive: a: GET \/ready was answered 3 times/, ready(1_100, 4_000, 'ready', 3)],
  [
    'away because it had ended',
    /^pass/,
    ready(1_100, 1_500, 'ready'),
    [2_000, ended()],
    ready(1_900, 2_400, 'not-ready', 1),
    [2_500, life('started')],
    ready(5_000, 5_500, 'ready'),
  ],
];

const rotations: Step[] = [
  [1_310, { kind: 'authority', mesh: 'steady', state: 'activated', authority: 'new' }],
  ...every(10, 1_320, 1_380).map((atMs, at) => svid(atMs, 'a', 'delivered', { serial: `${at}`, notAfterMs: 9_000 })),
];

await t.test('whether a node stays ready', async (t) => {
  for (const [name, wanted, ...steps] of readiness) {
    const history = historyOf(
      runStarted(),
      node('a'),
      [1_000, scenario('rotation', 'begun')],
      ...every(100, 1_000, 1_300).map((atMs) => request('rotation', 'probe', 'a', atMs)),
      ...rotations,
      ...steps,
      [6_000, scenario('rotation', 'ended')],
    );
    t.match(told(judgedBy(clauses.nodeStaysReady)(history)), wanted, name);
  }
  const cutOff = historyOf(
    runStarted(),
    node('a'),
    [1_000, scenario('rotation', 'begun')],
    request('rotation', 'probe', 'a', 1_100),
    ...rotations,
    ready(1_400, 2_000, 'ready'),
  );
  t.match(told(judgedBy(clauses.nodeStaysReady)(cutOff)), /^inconclusive: scenario rotation did not come to its end/);
  const notReady = [...cutOff, ...historyOf(ready(2_100, 2_200, 'not-ready'))];
  t.match(told(judgedBy(clauses.nodeStaysReady)(notReady)), /^fail: a: it held an SVID/, 'also before its end');
  const quiet = historyOf(
    runStarted(),
    node('a'),
    [1_000, scenario('rotation', 'begun')],
    request('rotation', 'probe', 'a', 1_100),
    ready(1_100, 4_000, 'ready', 40),
    [6_000, scenario('rotation', 'ended')],
  );
  t.match(told(judgedBy(clauses.nodeStaysReady)(quiet)), /^inconclusive: a was given 0 new SVIDs/, 'nothing rotated');
});

import t from 'tap';
import { nodeRefusesWithoutAgent } from '../clauses/mesh/node.ts';
import { shortRequestsSurvive } from '../clauses/mesh/partition.ts';
import {
  connectionsSurvive,
  requestsSurvive,
  rotatedKeyFresh,
  rotatedSvidPresented,
} from '../clauses/mesh/rotation.ts';
import { healthyTraffic } from '../clauses/mesh/traffic.ts';
import type { Request } from '../history.ts';
import {
  authority,
  exchange,
  fault,
  every,
  historyOf,
  judgedBy,
  machine,
  node,
  request,
  runStarted,
  scenario,
  svid,
  told,
} from './history-builder.ts';
import type { Step } from './history-builder.ts';

const lasts = 60_000;
const survives = judgedBy(requestsSurvive);
const keeps = judgedBy(connectionsSurvive);
const healthy = judgedBy(healthyTraffic);
const freshKeys = judgedBy(rotatedKeyFresh);

const shows = (serial: string) => ({ server: { spiffeId: 'spiffe://td/a', serial } });

/** A look of a minute at one node, five times a second; its SVID is renewed in the middle of it, unless that is said otherwise. */
function watched(
  change: (startMs: number) => Partial<Request> = () => ({}),
  { svids = renewed, toMs = lasts }: { readonly svids?: readonly Step[]; readonly toMs?: number } = {},
) {
  return historyOf(
    runStarted(),
    node('a', { uptakeMs: 2_000 }),
    [100, scenario('watch', 'begun')],
    svids,
    every(200, 200, toMs).map((startMs) =>
      request('watch', 'probe', 'a', startMs, { ...shows(startMs < 30_000 ? 'one' : 'two'), ...change(startMs) }),
    ),
    [toMs, scenario('watch', 'ended')],
  );
}

// An SVID of these lives for 16 s.
const renewed = [
  svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 10_000 }),
  svid(30_005, 'a', 'presented', { serial: 'two', notAfterMs: 44_000 }),
];
const lost = { outcome: 'fail', detail: 'closed' } as const;
const between = (fromMs: number, toMs: number, change: Partial<Request>) => (startMs: number) =>
  startMs >= fromMs && startMs < toMs ? change : {};

await t.test('a node that is renewed and loses nothing', async (t) => {
  const history = watched();
  t.match(told(survives(history)), /^pass: a answered 299 requests through 1 renewal, in 60 s; none was lost/);
  t.match(told(healthy(history)), /^pass: a answered 299 requests in all, in 60 s; none was lost/);
  t.match(told(freshKeys(history)), /^pass: a showed 2 SVIDs, each with a key of its own/);
  t.match(told(keeps(history)), /^skipped: a was asked nothing on kept connections/);
});

await t.test('what is lost near a renewal is held against that, and what is lost otherwise is not', async (t) => {
  const near = watched(between(28_000, 30_000, lost));
  t.match(told(survives(near)), /^fail: a lost 10 of \d+ requests while it was given another SVID; the first .*closed/);
  t.match(told(healthy(near)), /^pass: a answered \d+ requests while nothing changed/);
  const far = watched(between(10_000, 10_400, lost));
  t.match(told(healthy(far)), /^fail: a lost 2 of \d+ requests while nothing changed/);
  t.match(told(survives(far)), /^pass/);
});

await t.test(
  'where renewals follow each other closely, what is lost of nothing speaks for the calm between them',
  async (t) => {
    const svids = every(205, 2_000, lasts).map((atMs, at) =>
      svid(atMs, 'a', 'presented', { serial: `${at}`, notAfterMs: atMs + 14_000 }),
    );
    const closely = (change: (startMs: number) => Partial<Request>) =>
      watched((startMs) => ({ ...shows(`${Math.max(0, Math.floor((startMs - 200) / 2_000))}`), ...change(startMs) }), {
        svids,
      });
    t.match(told(healthy(closely(() => ({})))), /^pass: a answered 299 requests in all/);
    t.match(
      told(healthy(closely(between(20_000, 20_400, lost)))),
      /^inconclusive: a answered \d+ requests that tell of it \(of 299 in all\), 12 are needed: a longer look has more/,
    );
  },
);

await t.test('it lasts until the node shows its next, however long that takes', async (t) => {
  const dark = watched(between(20_000, 30_000, lost));
  t.match(told(survives(dark)), /^fail: a lost 50 of/);
  t.match(told(healthy(dark)), /^pass/);
});

await t.test('an answer that comes late near a renewal was no answer', async (t) => {
  t.match(
    told(survives(watched(between(29_800, 30_000, { totalMs: 1_400 })))),
    /^fail: .* answered only after 1400 ms/,
  );
  t.match(told(survives(watched(() => ({ totalMs: 400 })))), /^pass/);
  t.match(told(survives(watched(between(29_900, lasts, { totalMs: 1_400 })))), /^fail/, 'and so are all that follow');
});

await t.test('a look that is too short says how long it would have to be', async (t) => {
  const svids = [svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 600_000 + 8_000 })];
  const short = watched(() => shows('one'), { svids, toMs: 20_000 });
  t.match(
    told(survives(short)),
    /^inconclusive: a showed no new SVID in 20 s; the one that it shows lives for 16 s, and is due by SPIRE's way at about half of that: --watch 11m would see it/,
  );
  const late = watched(() => shows('one'), {
    svids: [svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 61_000 })],
  });
  t.match(
    told(survives(late)),
    /^inconclusive: .* is past the half of that, where SPIRE renews, and ends in 1 s: --watch 2m/,
  );
  t.match(told(healthy(late)), /^pass/, 'what is not about renewals is decided');
});

await t.test('several behind one address have an SVID each, and none of them is a renewal', async (t) => {
  const svids = [
    svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 1_000 }),
    svid(405, 'a', 'presented', { serial: 'two', notAfterMs: 3_000 }),
  ];
  const replicas = watched((startMs) => shows(startMs % 400 === 0 ? 'one' : 'two'), { svids });
  t.match(told(survives(replicas)), /^inconclusive: a showed no new SVID/);
});

await t.test('an authority that came into use meanwhile makes a renewal of its SVIDs', async (t) => {
  const forced = historyOf(
    runStarted(),
    node('a', { uptakeMs: 2_000 }),
    [100, scenario('watch', 'begun')],
    svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 9_000 }),
    authority(3_000, 'activated', 'new'),
    every(200, 200, 8_000).map((startMs) =>
      request('watch', 'probe', 'a', startMs, shows(startMs < 4_000 ? 'one' : 'two')),
    ),
    svid(4_005, 'a', 'presented', { serial: 'two', notAfterMs: 10_000, authority: 'new' }),
    [8_000, scenario('watch', 'ended')],
  );
  t.match(told(survives(forced)), /^pass: .* through 1 renewal/);
});

await t.test('what is refused while the agent had withdrawn a tainted SVID is held against nobody', async (t) => {
  const forced = (change: (startMs: number) => Partial<Request>) =>
    historyOf(
      runStarted(),
      node('a', { uptakeMs: 2_000 }),
      [100, scenario('watch', 'begun')],
      svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 9_000 }),
      authority(900, 'activated', 'new'),
      authority(1_000, 'tainted', 'old'),
      every(200, 200, 8_000).map((startMs) =>
        request('watch', 'probe', 'a', startMs, { ...shows(startMs < 4_000 ? 'one' : 'two'), ...change(startMs) }),
      ),
      svid(4_005, 'a', 'presented', { serial: 'two', notAfterMs: 10_000, authority: 'new' }),
      [8_000, scenario('watch', 'ended')],
    );
  t.match(
    told(survives(forced(between(3_600, 4_000, lost)))),
    /^pass: .* but for 2 requests in the moment in which SPIRE had withdrawn the SVID/,
  );
  t.match(told(survives(forced(between(1_400, 4_000, lost)))), /^fail: a lost 9 of/, 'a longer one is none');
  t.match(told(survives(forced(between(4_000, 4_200, lost)))), /^fail/, 'nor is it when the new one is shown');
  const silent = (startMs: number) =>
    startMs >= 3_600 && startMs < 4_000
      ? ({ outcome: 'fail', detail: 'ECONNREFUSED', server: undefined } as unknown as Partial<Request>)
      : {};
  t.match(told(survives(forced(silent))), /^fail/, 'nor where nothing is shown');
});

await t.test('one key in two SVIDs is a key that was certified again', async (t) => {
  const svids = [
    svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 10_000, publicKey: 'k' }),
    svid(30_005, 'a', 'presented', { serial: 'two', notAfterMs: 44_000, publicKey: 'k' }),
  ];
  t.match(told(freshKeys(watched(undefined, { svids }))), /^fail: a showed two SVIDs with the same key: one and two/);
});

await t.test('silence, a look that was cut short and too few requests tell nothing', async (t) => {
  const silence = (...besides: readonly Step[]) =>
    historyOf(
      ...watched()
        .filter((entry) => entry.kind !== 'request' || entry.startMs < 31_000 || entry.startMs > 50_000)
        .map(({ index: _, atMs, ...rest }): Step => [atMs, rest]),
      ...besides,
    );
  t.match(told(survives(silence())), /^inconclusive: a was asked nothing for 1\d\.\d s/);
  t.match(
    told(survives(silence(machine(40_000, { lagMs: 900 })))),
    /^inconclusive: this machine was too busy to tell: at 40.* 900 ms late .*What was seen: a was asked nothing for 1\d/,
    'and whose doing it was is said',
  );
  t.match(
    told(survives(silence(machine(10_000, { lagMs: 900 })))),
    /^inconclusive: a was asked nothing/,
    'by then only',
  );
  const cut = historyOf(
    ...watched()
      .filter((entry) => entry.kind !== 'scenario' || entry.state === 'begun')
      .map(({ index: _, atMs, ...rest }): Step => [atMs, rest]),
  );
  t.match(told(survives(cut)), /^inconclusive: scenario watch did not come to its end/);
  t.match(
    told(healthy(watched(undefined, { svids: [], toMs: 2_000 }))),
    /^inconclusive: a answered \d requests that tell of it \(of \d in all\), 12 are needed/,
  );
});

await t.test('kept connections are judged by their own requests', async (t) => {
  const withKept = (change: (startMs: number) => Partial<Request>, untilMs = lasts) =>
    historyOf(
      ...watched().map(({ index: _, atMs, ...rest }): Step => [atMs, rest]),
      every(500, 300, untilMs).map((startMs) =>
        request('watch', 'probe', 'a', startMs, {
          connection: 'kept',
          openedMs: 250,
          ...shows('one'),
          ...change(startMs),
        }),
      ),
    );
  t.match(told(keeps(withKept(() => ({})))), /^pass: a answered \d+ requests through 1 renewal/);
  t.match(told(keeps(withKept(between(30_000, 31_000, lost)))), /^fail: a lost 2 of/);
  t.match(
    told(keeps(withKept(() => ({}), 20_000))),
    /^inconclusive: a was asked nothing for 4\d/,
    'not by those of others',
  );
});

await t.test('an outage that owners make', async (t) => {
  const outage = judgedBy(shortRequestsSurvive);
  const strangers = judgedBy(nodeRefusesWithoutAgent);
  const cut = (
    change: (startMs: number) => Partial<Request> = () => ({}),
    {
      notAfterMs = 600_000,
      marks = [4_000, 4_500, 17_000, 17_500] as readonly [number, number, number, number],
      more = [] as readonly Step[],
    } = {},
  ) =>
    historyOf(
      runStarted(),
      node('a', { uptakeMs: 2_000 }),
      [100, scenario('commanded', 'begun')],
      svid(205, 'a', 'presented', { serial: 'one', notAfterMs }),
      every(200, 200, 20_000).map((startMs) =>
        request('commanded', 'probe', 'a', startMs, { ...shows('one'), ...change(startMs) }),
      ),
      fault('commanded', 'a', marks),
      more,
      [20_000, scenario('commanded', 'ended', { calm: 3_000 })],
    );
  t.match(told(outage(cut())), /^pass: a answered \d+ requests from the cut to the end/);
  t.match(
    told(outage(cut(between(9_000, 9_400, lost)))),
    /^fail: a lost 2 of \d+ requests, or was late with them, from the cut to the end/,
  );
  t.match(told(outage(cut(between(9_000, 9_200, { totalMs: 1_300 })))), /^fail/, 'late is lost');
  t.match(
    told(outage(cut(between(1_000, 1_200, lost)))),
    /^inconclusive: a lost 1 of \d+ requests before anything was cut/,
  );
  t.match(
    told(outage(cut(undefined, { notAfterMs: 12_000 }))),
    /^inconclusive: an SVID of a came to its end while it was cut off/,
  );
  t.match(
    told(outage(cut(undefined, { marks: [17_000, 16_000, 15_000, 14_000] }))),
    /^inconclusive: the outage was not proven/,
  );
  const shown = (atMs: number): readonly Step[] =>
    (['server', 'client'] as const).flatMap((role): Step[] => [
      [atMs, exchange(nodeRefusesWithoutAgent.id, 'right', 'accepted', { role, control: role })],
      [atMs + 5, exchange(nodeRefusesWithoutAgent.id, 'a stranger', 'refused', { role, control: role })],
      [atMs + 10, exchange(nodeRefusesWithoutAgent.id, 'right', 'accepted', { role, control: role })],
    ]);
  t.match(told(strangers(cut(undefined, { more: shown(9_000) }))), /^pass/);
  t.match(
    told(strangers(cut(undefined, { more: shown(1_000) }))),
    /^inconclusive: no stranger came while it was cut off/,
  );
});

await t.test(
  'after a forced rotation the old authority is shown no more, where every agent has followed',
  async (t) => {
    const newest = judgedBy(rotatedSvidPresented);
    const forced = (renewsMs: number, followedMs: number | undefined) =>
      historyOf(
        runStarted(),
        node('a', { uptakeMs: 2_000, syncIntervalMs: 1_000 }),
        [100, scenario('watch', 'begun')],
        svid(205, 'a', 'presented', { serial: 'one', notAfterMs: 900_000 }),
        authority(3_000, 'activated', 'new'),
        authority(3_100, 'tainted', 'old'),
        followedMs === undefined ? [] : authority(followedMs, 'followed', 'new'),
        every(200, 200, 20_000).map((startMs) =>
          request('watch', 'probe', 'a', startMs, shows(startMs < renewsMs ? 'one' : 'two')),
        ),
        renewsMs > 20_000
          ? []
          : svid(renewsMs + 5, 'a', 'presented', { serial: 'two', notAfterMs: 910_000, authority: 'new' }),
        [20_000, scenario('watch', 'ended')],
      );
    t.match(
      told(newest(forced(5_000, 4_000))),
      /^pass: a showed an SVID of the new authority 1 s after every agent had renewed/,
    );
    t.match(
      told(newest(forced(99_000, 4_000))),
      /^fail: a still showed an SVID of the old authority 16 s after every agent had renewed \(bound 4 s\)/,
    );
    t.match(
      told(newest(forced(99_000, undefined))),
      /^inconclusive: no authority was rotated that every agent has followed/,
    );
  },
);

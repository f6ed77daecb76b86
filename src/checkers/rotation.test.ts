import t from 'tap';
import * as clauses from '../clauses/mesh/rotation.ts';
import type { EntryOf, History } from '../history.ts';
import {
  altered,
  authority,
  bundle,
  every,
  healthyBefore,
  historyOf,
  judgedBy,
  machine,
  node,
  presented,
  request,
  runStarted,
  scenario,
  skip,
  svid,
  told,
  type Step,
} from './history-builder.ts';
import { noFailedRequest } from './requests.ts';
import { throughRotations } from './rotation.ts';
import { inItsScenario } from './scenario.ts';

const during = 'rotation';
const survives = judgedBy(
  clauses.requestsSurvive,
  inItsScenario(throughRotations(noFailedRequest({ connection: 'new', perSecond: 10 }))),
);
const newSvidPresented = judgedBy(clauses.rotatedSvidPresented);
const freshKey = judgedBy(clauses.rotatedKeyFresh);
const authorityKnownBeforeUse = judgedBy(clauses.authorityKnown);
const judges = { survives, newSvidPresented, freshKey, authorityKnownBeforeUse };

/** Before 1000 ms the mesh comes up; from 1000 to 4000 the scenario runs, and every 400 ms each node is given a new SVID, from 2000 on of the new authority. */
const deliveries = every(400, 600, 4_000);
const serialAt = (who: string, atMs: number) =>
  `${who}-${deliveries.findLastIndex((deliveredMs) => deliveredMs + 50 <= atMs)}`;
const notAfterMs = (deliveredMs: number) => Math.floor((deliveredMs + 6_000) / 1_000) * 1_000;

function rotating(who: string, peer: string): Step[] {
  return [
    bundle(590, who, ['old']),
    bundle(1_500, who, ['old', 'new']),
    ...deliveries.flatMap((atMs, at) =>
      (['delivered', 'presented'] as const).map((seen) =>
        svid(seen === 'delivered' ? atMs : atMs + 55, who, seen, {
          serial: `${who}-${at}`,
          notAfterMs: notAfterMs(atMs),
          authority: atMs < 2_000 ? 'old' : 'new',
        }),
      ),
    ),
    ...every(50, 1_010, 4_000).map((atMs) =>
      request(during, 'probe', who, atMs, { server: { spiffeId: '', serial: serialAt(who, atMs) } }),
    ),
    ...every(100, 1_010, 4_000).map((atMs) => request(during, who, peer, atMs)),
    ...every(100, 1_020, 4_000).map((atMs) => presented(during, who, atMs, serialAt(who, atMs))),
  ];
}

const began = scenario(during, 'begun');
const finished = scenario(during, 'ended', { newSvidPresented: 500 });
/** A batch that the load's own thread hands over comes into the history after what the others wrote meanwhile. */
const inBatches = (steps: readonly Step[]) =>
  (steps as (readonly [number, object])[]).toSorted(
    ([a, one], [b, other]) => arrival(a, one) - arrival(b, other),
  ) as readonly Step[];
const arrival = (atMs: number, entry: object) =>
  ('seen' in entry && entry.seen === 'delivered') || 'authorities' in entry ? atMs : Math.ceil(atMs / 40) * 40;

function good(...more: Step[]): History {
  return historyOf(
    runStarted(),
    node('a'),
    node('b'),
    node('z', { mesh: 'brief' }),
    healthyBefore('a', 'b'),
    inBatches([
      [1_000, began],
      ...rotating('a', 'b'),
      ...rotating('b', 'a'),
      authority(1_400, 'prepared', 'new'),
      authority(1_900, 'activated', 'new'),
    ]),
    more,
    [4_000, finished],
  );
}

for (const [name, judge] of Object.entries(judges)) {
  await t.test(`${name}: a good rotation passes`, async (t) => t.match(told(judge(good())), /^pass/));
  await t.test(`${name}: nothing is inconclusive, skipped only with a reason`, async (t) => {
    t.match(told(judge(historyOf(runStarted()))), /^inconclusive/);
    t.match(
      told(
        judge(
          historyOf(
            ...['requests-survive', 'new-svid-presented', 'fresh-key', 'authority-known-before-use'].map((id) =>
              skip(`mesh/rotation/${id}`, 'no server'),
            ),
          ),
        ),
      ),
      /^skipped: no server/,
    );
  });
  await t.test(`${name}: a scenario that never ended is inconclusive`, async (t) => {
    t.match(
      told(judge(altered(good(), 'scenario', ({ state }) => (state === 'ended' ? undefined : {})))),
      /^inconclusive/,
    );
  });
  await t.test(`${name}: what the nodes of another mesh do at the same time neither helps nor harms`, async (t) => {
    const brief = [
      svid(2_000, 'z', 'delivered', { serial: 'z-0', notAfterMs: 5_000, authority: 'foreign' }),
      svid(2_100, 'z', 'delivered', {
        serial: 'z-1',
        notAfterMs: 5_000,
        publicKey: 'key of z-0',
        authority: 'foreign',
      }),
      svid(2_010, 'z', 'presented', { serial: 'z-0', notAfterMs: 5_000, authority: 'foreign' }),
      request('partition-long', 'probe', 'z', 3_900, { outcome: 'fail', server: { spiffeId: '', serial: 'z-0' } }),
    ];
    t.match(told(judge(good(...brief))), /^pass/);
    const alone = altered(good(...brief), 'request', (entry) => (entry.scenario === during ? undefined : {}));
    t.match(told(judge(altered(alone, 'presented', () => undefined))), /^inconclusive/);
  });
}

await t.test('too few rotations within the scenario are inconclusive, whatever went before it', async (t) => {
  const late = altered(good(), 'scenario', ({ state }) => (state === 'begun' ? { atMs: 2_900 } : {}));
  for (const judge of [survives, newSvidPresented, freshKey])
    t.match(told(judge(late)), /^inconclusive: a was given [34] new SVIDs and showed [34]/);
  const still = altered(good(), 'svid', ({ node: of, serial }) => (of === 'b' && serial !== 'b-0' ? undefined : {}));
  t.match(told(survives(still)), /^inconclusive: b was given 0 new SVIDs/);
  t.match(told(freshKey(still)), /^inconclusive: b was given 0 new SVIDs/);
});

await t.test('no new authority, no rotation of it', async (t) => {
  const without = altered(good(), 'authority', ({ state }) => (state === 'activated' ? undefined : {}));
  t.match(told(survives(without)), /^inconclusive: no new authority was activated/);
  t.match(told(authorityKnownBeforeUse(without)), /^inconclusive: no SVID of a newly activated authority/);
  const elsewhere = altered(good(), 'authority', () => ({ mesh: 'brief' }));
  t.match(told(survives(elsewhere)), /^inconclusive: no new authority/);
});

await t.test('a failed request fails, rotations or not', async (t) => {
  t.match(told(survives(good(request(during, 'a', 'b', 3_000, { outcome: 'fail' })))), /^fail/);
});

const showsOld = (role: 'server' | 'client', atMs: number, serial = 'a-0', resumed = false) =>
  role === 'server'
    ? request(during, 'probe', 'a', atMs, { server: { spiffeId: '', serial }, resumed })
    : presented(during, 'a', atMs, serial);

await t.test('an SVID shown too long after its successor fails, in either role', async (t) => {
  for (const role of ['server', 'client'] as const) {
    const judgement = newSvidPresented(good(showsOld(role, 1_600)));
    t.match(
      told(judgement),
      new RegExp(
        `^fail: a as ${role} still showed SVID a-0 0\\.6 s after its agent had delivered a-1 \\(bound 0\\.5 s\\)`,
      ),
    );
    t.equal(judgement.evidence.length, 3);
  }
});

await t.test('one SVID for ever fails', async (t) => {
  const stuck = altered(good(), 'request', (entry) =>
    entry.to === 'b' && entry.server !== undefined ? { server: { spiffeId: '', serial: 'b-0' } } : {},
  );
  t.match(told(newSvidPresented(stuck)), /^fail: b as server/);
});

await t.test('within the bound the old one may still be shown; a call is judged by when it began', async (t) => {
  t.match(told(newSvidPresented(good(showsOld('server', 1_490)))), /^pass/);
  const [, call] = presented(during, 'a', 1_490, 'a-0');
  t.match(told(newSvidPresented(good([2_300, call]))), /^pass/);
});

await t.test('of two SVIDs with the same notAfter the order of delivery tells which is older', async (t) => {
  const [first, next] = deliveries.flatMap((atMs, at) =>
    notAfterMs(atMs) === notAfterMs(deliveries[at + 1] ?? 0) && atMs >= 1_000 ? [at, at + 1] : [],
  );
  t.match(told(newSvidPresented(good(showsOld('server', deliveries[next!]! + 600, `a-${first!}`)))), /^fail/);
});

await t.test('an SVID that came between two deliveries is placed by its notAfter', async (t) => {
  const between = (atMs: number, until: number): Step[] => [
    svid(atMs, 'a', 'presented', { serial: 'unseen', notAfterMs: until }),
    showsOld('server', atMs, 'unseen'),
  ];
  t.match(told(newSvidPresented(good(...between(2_000, notAfterMs(1_400))))), /^pass/);
  t.match(told(newSvidPresented(good(...between(3_900, notAfterMs(1_000))))), /^fail/);
});

await t.test('a resumed session shows no SVID', async (t) => {
  t.match(told(newSvidPresented(good(showsOld('server', 3_500, 'a-0', true)))), /^pass/);
});

await t.test('an SVID of which nothing more is known is inconclusive, and a fail elsewhere outweighs it', async (t) => {
  t.match(
    told(newSvidPresented(good(showsOld('server', 3_000, 'stranger')))),
    /^inconclusive: a as server showed SVID stranger, of which/,
  );
  const other = request(during, 'probe', 'b', 3_900, { server: { spiffeId: '', serial: 'b-0' } });
  t.match(told(newSvidPresented(good(showsOld('server', 3_000, 'stranger'), other))), /^fail: b/);
});

await t.test('what is open, or came on a busy machine, hides no showing that was late at a quiet moment', async (t) => {
  const late = showsOld('server', 3_900);
  t.match(told(newSvidPresented(good(showsOld('server', 1_300, 'stranger'), late))), /^fail: a as server still showed/);
  const busy = [showsOld('server', 1_600), machine(1_500, { lagMs: 400 })];
  t.match(told(newSvidPresented(good(...busy))), /^inconclusive: this machine was too busy/);
  t.match(
    told(newSvidPresented(good(...busy, late))),
    /^fail: a as server still showed SVID a-0 0\.5 s after its agent had delivered a-7/,
  );
});

await t.test('a node that nobody saw, or in one role only, is inconclusive', async (t) => {
  const unseen = (of: EntryOf<'request'>) => (of.to === 'b' ? { server: undefined } : {});
  t.match(told(newSvidPresented(altered(good(), 'request', unseen))), /^inconclusive: b was not seen as server/);
  t.match(
    told(newSvidPresented(altered(good(), 'presented', ({ node: of }) => (of === 'b' ? undefined : {})))),
    /^inconclusive: b was not seen as client/,
  );
  const mute = altered(
    altered(good(), 'presented', ({ node: of }) => (of === 'b' ? undefined : {})),
    'request',
    ({ from }) => (from === 'b' ? undefined : {}),
  );
  t.match(told(newSvidPresented(mute)), /^pass/, 'a node that does not dial has no client role');
  t.match(
    told(newSvidPresented(altered(good(), 'node', () => ({ judged: false })))),
    /^inconclusive: no node under test/,
  );
});

await t.test('without its bound nothing is late', async (t) => {
  const unbound = altered(good(showsOld('server', 3_900)), 'scenario', () => ({ boundsMs: undefined }));
  t.match(told(newSvidPresented(unbound)), /^inconclusive: .*bound/);
});

await t.test('a node that is not under test may be late', async (t) => {
  t.match(
    told(
      newSvidPresented(
        altered(good(showsOld('server', 3_900)), 'node', ({ node: of }) => (of === 'a' ? { judged: false } : {})),
      ),
    ),
    /^pass/,
  );
});

await t.test('one key certified twice fails', async (t) => {
  t.match(
    told(freshKey(altered(good(), 'svid', ({ serial }) => (serial === 'a-5' ? { publicKey: 'key of a-4' } : {})))),
    /^fail: SVID a-5 of a certifies the same key as a-4/,
  );
  t.match(
    told(freshKey(altered(good(), 'svid', ({ serial }) => (serial === 'b-5' ? { publicKey: 'key of a-4' } : {})))),
    /^fail: SVID b-5 of b/,
    'also when two nodes share it',
  );
  t.match(
    told(freshKey(good(svid(3_990, 'a', 'delivered', { serial: 'a-8', notAfterMs: 9_000 })))),
    /^pass/,
    'the same SVID handed out again is no rotation',
  );
});

await t.test('an authority in use before every peer knows it fails', async (t) => {
  const late = altered(good(), 'bundle', ({ node: of, authorities }) =>
    of === 'b' && authorities.includes('new') ? { atMs: 2_500 } : {},
  );
  t.match(
    told(authorityKnownBeforeUse(late)),
    /^fail: a was given SVID a-4 of authority new before the bundle of b held that authority/,
  );
  const never = altered(good(), 'bundle', ({ node: of, authorities }) =>
    of === 'b' && authorities.includes('new') ? { authorities: ['old'] } : {},
  );
  t.match(told(authorityKnownBeforeUse(never)), /^fail/);
  const foreign = altered(good(), 'bundle', ({ node: of, authorities }) =>
    of === 'b' && authorities.includes('new') ? { trustDomain: 'partner' } : {},
  );
  t.match(told(authorityKnownBeforeUse(foreign)), /^fail/, 'the bundle of another trust domain is none of its own');
});

await t.test('a peer whose bundle nobody saw, or no peer at all, is inconclusive', async (t) => {
  t.match(
    told(authorityKnownBeforeUse(altered(good(), 'bundle', ({ node: of }) => (of === 'b' ? undefined : {})))),
    /^inconclusive: no bundle of b was seen/,
  );
  t.match(
    told(authorityKnownBeforeUse(altered(good(), 'node', ({ node: of }) => (of === 'b' ? undefined : {})))),
    /^inconclusive: .*no two nodes/,
  );
});

await t.test('each node under test has to hold an SVID of the new authority', async (t) => {
  const one = altered(good(), 'svid', ({ node: of }) => (of === 'b' ? { authority: 'old' } : {}));
  t.match(told(authorityKnownBeforeUse(one)), /^inconclusive: no SVID of a newly activated authority was seen at b/);
});

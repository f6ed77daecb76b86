import t from 'tap';
import { outageRecovers, outageRequestsSurvive } from '../clauses/mesh/outage.ts';
import type { History } from '../history.ts';
import {
  altered,
  every,
  fault,
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

type Name = 'server-killed' | 'server-hung';

const inTime = (steps: readonly Step[]) =>
  (steps as (readonly [number, object])[]).toSorted(([one], [other]) => one - other) as readonly Step[];

/** The server is out from `at` + 200 ms to `at` + 1500 ms; SVIDs live six seconds, and new ones come half a second after the heal. */
function outage(during: Name, at: number, ...more: Step[]): Step {
  const kind = during === 'server-killed' ? 'server-outage' : 'pause';
  return [
    ...inTime([
      [at, scenario(during, 'begun')],
      ...fault(during, 'the server', [at + 200, at + 600, at + 1_500, at + 1_600], { kind, nodes: ['a', 'b'] }),
      ...[
        ['a', 'b'],
        ['b', 'a'],
      ].flatMap(([from, to]) => every(50, at + 10, at + 3_000).map((atMs) => request(during, from!, to!, atMs))),
      ...every(25, at, at + 3_000).map((atMs) => request(during, 'probe', 'a', atMs)),
      ...['a', 'b'].flatMap((who) => [
        svid(at + 100, who, 'delivered', { serial: `${who}-${at}-1`, notAfterMs: at + 6_000 }),
        svid(at + 2_000, who, 'delivered', { serial: `${who}-${at}-2`, notAfterMs: at + 8_000 }),
      ]),
      ...more,
    ]),
    [at + 3_000, scenario(during, 'ended', { recovers: 2_000 })],
  ];
}

const [firstMs, secondMs] = [2_000, 10_000];
const nodes = [runStarted(), node('a'), node('b'), node('z', { mesh: 'other' }), healthyBefore('a', 'b')];
/** First it is killed, then it hangs. */
const both = (...more: readonly [killed?: Step[], hung?: Step[]]): History =>
  historyOf(
    nodes,
    outage('server-killed', firstMs, ...(more[0] ?? [])),
    outage('server-hung', secondMs, ...(more[1] ?? [])),
  );
const of = (during: Name, atMs: number) => request(during, 'probe', 'b', atMs, { outcome: 'fail', detail: 'reset' });

const survives = judgedBy(outageRequestsSurvive);
const recovers = judgedBy(outageRecovers);

for (const [name, judge, passes] of [
  ['survives', survives, /^pass: server-killed: \d+ requests .*none failed.*; server-hung: \d+ requests .*none failed/],
  ['recovers', recovers, /^pass: server-killed: after the heal, new SVIDs: .*; server-hung: after the heal, new SVIDs/],
] as const) {
  await t.test(`${name}: what holds in each of its scenarios passes, in the words of each`, async (t) => {
    const judgement = judge(both());
    t.match(told(judgement), passes);
    t.ok(judgement.evidence.length > 1);
    t.match(told(judge(historyOf(nodes, outage('server-hung', secondMs)))), /^pass: server-hung: /, 'also one alone');
  });

  await t.test(
    `${name}: a fault that was not proven in one of them leaves it open, in the words of its kind`,
    async (t) => {
      const unproven = (during: Name) =>
        altered(both(), 'fault', (mark) => (mark.scenario === during && mark.state === 'in-force' ? undefined : {}));
      t.match(
        told(judge(unproven('server-killed'))),
        /^inconclusive: server-killed: the server's outage was not proven in force and gone/,
      );
      t.match(
        told(judge(unproven('server-hung'))),
        /^inconclusive: server-hung: the server's pause was not proven in force and gone/,
      );
    },
  );

  await t.test(`${name}: an SVID that came in the outage, or a node that was spared, leaves it open`, async (t) => {
    const leaked = svid(secondMs + 1_000, 'b', 'delivered', { serial: 'leaked', notAfterMs: secondMs + 9_000 });
    t.match(
      told(judge(both([], [leaked]))),
      /^inconclusive: server-hung: b was given a new SVID while it was said to be without its server/,
    );
    const spared = altered(both(), 'fault', (mark) => (mark.nodes === undefined ? {} : { nodes: ['a'] }));
    t.match(told(judge(spared)), /^inconclusive: server-killed: b was not without its server/);
  });

  await t.test(`${name}: nothing is inconclusive, skipped only with a reason`, async (t) => {
    t.match(told(judge(historyOf(runStarted()))), /^inconclusive: no scenario that could decide it began/);
    const skipped = historyOf(
      runStarted(),
      skip((name === 'survives' ? outageRequestsSurvive : outageRecovers).id, 'no'),
    );
    t.equal(told(judge(skipped)), 'skipped: no');
    const cut = altered(both(), 'scenario', ({ scenario: id, state }) =>
      id === 'server-hung' && state === 'ended' ? undefined : {},
    );
    t.match(told(judge(cut)), /^inconclusive: server-hung: /, 'a scenario that did not come to its end');
  });
}

await t.test('survives: the worst of the scenarios counts, whichever it is', async (t) => {
  t.match(
    told(survives(both([of('server-killed', firstMs + 900)]))),
    /^fail: server-killed: 1 of \d+ requests failed; the first probe → b at 2\.90 s: reset/,
  );
  t.match(
    told(survives(both([], [of('server-hung', secondMs + 1_800)]))),
    /^fail: server-hung: 1 of \d+ requests failed; the first probe → b at 11\.80 s: reset/,
  );
  const open = altered(both([], [of('server-hung', secondMs + 1_800)]), 'fault', ({ scenario: id, state }) =>
    id === 'server-killed' && state === 'healed' ? undefined : {},
  );
  t.match(told(survives(open)), /^fail: server-hung: /, 'a fail outweighs what is open elsewhere');
});

await t.test('survives: an outage that outlived an SVID, or that nobody could feel, shows nothing', async (t) => {
  const late = altered(both([], [of('server-hung', secondMs + 1_400)]), 'svid', ({ serial }) =>
    serial === `a-${secondMs}-2` ? undefined : {},
  );
  t.match(told(survives(late)), /^inconclusive: server-hung: the server's pause was not short: the SVID of a /);
  t.match(
    told(survives(altered(both(), 'node', () => ({ syncIntervalMs: 500 })))),
    /^inconclusive: server-killed: the server's outage was in force for 900 ms, shorter than two sync intervals/,
  );
});

await t.test('recovers: no new SVID within the bound fails, in the scenario in which it did not come', async (t) => {
  const without = (at: number) => altered(both(), 'svid', ({ serial }) => (serial === `b-${at}-2` ? undefined : {}));
  t.match(
    told(recovers(without(secondMs))),
    /^fail: server-hung: b got no new SVID after the heal; the bound is 2\.0 s/,
  );
  const late = altered(both(), 'svid', ({ serial }) =>
    serial === `b-${firstMs}-2` ? { atMs: firstMs + 1_600 + 2_100 } : {},
  );
  t.match(told(recovers(late)), /^fail: server-killed: b got a new SVID only 2\.1 s after the heal/);
});

import t from 'tap';
import * as clauses from '../clauses/mesh/partition.ts';
import type { EntryOf, History } from '../history.ts';
import {
  altered,
  every,
  exchange,
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

const begunMs = 2_000;
const [cutMs, inForceMs] = [2_200, 2_600];
const traffic = (during: string, toMs: number): Step[] =>
  [
    ['a', 'b'],
    ['b', 'a'],
  ].flatMap(([from, to]) => every(50, begunMs + 10, toMs).map((atMs) => request(during, from!, to!, atMs)));
const cut = (during: string, healedMs: number): Step[] =>
  ['a', 'b'].flatMap((who) => fault(during, who, [cutMs, inForceMs, healedMs, healedMs + 100]));
const nodes = [runStarted(), node('a'), node('b'), node('z', { mesh: 'other' }), healthyBefore('a', 'b')];
const inTime = (steps: readonly Step[]) =>
  (steps as (readonly [number, object])[]).toSorted(([one], [other]) => one - other) as readonly Step[];

const isOver = 5_000;
/** Shown to each node in both roles: before the cut, past its end at 4500 ms, once more past the end of the node's own, and a living one. */
const endingIdentity: Step[] = ['a', 'b'].flatMap((of) =>
  (['server', 'client'] as const).flatMap((role): Step[] => {
    const shown = (atMs: number, row: string, expect: 'accepted' | 'refused'): Step => [
      atMs,
      exchange(clauses.longFailsClosed.id, row, expect, { node: of, role }),
    ];
    return [
      shown(2_100, 'near its end', 'accepted'),
      shown(4_500, 'past its end', 'refused'),
      shown(6_300, 'past theirs', 'refused'),
      shown(7_800, 'a living one', 'accepted'),
    ];
  }),
);
/** Both SVIDs end at 5000 ms, the heal is at 6500 ms, new SVIDs come at 7000 ms; the machine reads its clock in milliseconds. */
function long(...more: Step[]): History {
  const during = 'partition-long';
  const dead = (atMs: number) => atMs >= isOver && atMs < 7_020;
  const flow = (traffic(during, 8_000) as (readonly [number, EntryOf<'request'>])[]).map(([atMs, entry]) =>
    dead(entry.startMs)
      ? ([atMs, { ...entry, outcome: 'fail', detail: 'refused: expired' }] as const)
      : ([atMs, entry] as const),
  );
  return historyOf(
    nodes,
    inTime([
      [begunMs, scenario(during, 'begun')],
      ...cut(during, 6_500),
      ...flow,
      ...endingIdentity,
      ...['a', 'b'].flatMap((who) => [
        svid(1_500, who, 'delivered', { serial: `${who}-0`, notAfterMs: 4_000 }),
        svid(2_300, who, 'delivered', { serial: `${who}-1`, notAfterMs: isOver }),
        svid(7_000, who, 'delivered', { serial: `${who}-2`, notAfterMs: 10_000 }),
      ]),
      ...more,
    ]),
    [8_000, scenario(during, 'ended', { recovers: 2_000 })],
  );
}

/** The heal is at 3500 ms, the SVIDs would live until 8000 ms, new ones come at 4000 ms. */
function short(...more: Step[]): History {
  const during = 'partition-short';
  return historyOf(
    nodes,
    inTime([
      [begunMs, scenario(during, 'begun')],
      ...cut(during, 3_500),
      ...traffic(during, 5_000),
      ...every(25, begunMs, 5_000).map((atMs) => request(during, 'probe', 'a', atMs)),
      ...['a', 'b'].flatMap((who) => [
        svid(2_300, who, 'delivered', { serial: `${who}-1`, notAfterMs: 8_000 }),
        svid(4_000, who, 'delivered', { serial: `${who}-2`, notAfterMs: 10_000 }),
      ]),
      ...more,
    ]),
    [5_000, scenario(during, 'ended', { recovers: 2_000 })],
  );
}

const trafficWhileValid = judgedBy(clauses.longTrafficWhileValid);
const failsClosed = judgedBy(clauses.longFailsClosed);
const longRecovers = judgedBy(clauses.longRecovers);
const shortSurvives = judgedBy(clauses.shortRequestsSurvive);
const judges = {
  trafficWhileValid: { clause: clauses.longTrafficWhileValid, begun: 'partition-long', good: long },
  failsClosed: { clause: clauses.longFailsClosed, begun: 'partition-long', good: long },
  longRecovers: { clause: clauses.longRecovers, begun: 'partition-long', good: long },
  shortSurvives: { clause: clauses.shortRequestsSurvive, begun: 'partition-short', good: short },
  shortRecovers: { clause: clauses.shortRecovers, begun: 'partition-short', good: short },
} as const;

for (const [name, { clause, begun, good }] of Object.entries(judges)) {
  const judge = judgedBy(clause);

  await t.test(`${name}: a good partition passes`, async (t) => t.match(told(judge(good())), /^pass/));

  await t.test(`${name}: nothing is inconclusive, skipped only with a reason`, async (t) => {
    t.match(told(judge(historyOf(runStarted()))), /^inconclusive: no scenario that could decide it began/);
    t.match(told(judge(historyOf(runStarted(), scenario(begun, 'begun')))), /^inconclusive: the outage was not proven/);
    t.equal(
      told(judge(historyOf(skip(clause.id, 'nothing may be broken here')))),
      'skipped: nothing may be broken here',
    );
  });

  await t.test(`${name}: a scenario that never ended is inconclusive`, async (t) => {
    t.match(
      told(judge(altered(good(), 'scenario', ({ state }) => (state === 'ended' ? undefined : {})))),
      /^inconclusive/,
    );
  });

  for (const [missing, change] of [
    ['was never proven in force', ({ state }) => (state === 'in-force' ? undefined : {})],
    [
      'was not proven in force on one of two nodes',
      ({ state, target }) => (state === 'in-force' && target === 'b' ? undefined : {}),
    ],
    ['was proven by nothing', ({ state }) => (state === 'in-force' ? { provenBy: undefined } : {})],
    ['was never healed', ({ state }) => (state === 'healing' ? undefined : {})],
    ['was never proven gone', ({ state }) => (state === 'healed' ? undefined : {})],
  ] as readonly [string, (fault: EntryOf<'fault'>) => object | undefined][]) {
    await t.test(`${name}: a fault that ${missing} is inconclusive`, async (t) => {
      t.match(
        told(judge(altered(good(), 'fault', change))),
        /^inconclusive: the partition was not proven in force and gone/,
      );
    });
  }

  await t.test(`${name}: a scenario that broke nothing is inconclusive`, async (t) => {
    t.match(
      told(judge(altered(good(), 'fault', () => undefined))),
      /^inconclusive: the outage was not proven in force and gone/,
    );
  });

  await t.test(`${name}: an SVID that came through the cut is inconclusive`, async (t) => {
    t.match(
      told(judge(good(svid(3_000, 'b', 'delivered', { serial: 'leaked', notAfterMs: 9_000 })))),
      /^inconclusive: b was given a new SVID while it was said to be cut/,
    );
  });

  await t.test(`${name}: a node under test that was not cut is inconclusive`, async (t) => {
    t.match(
      told(judge(altered(good(), 'fault', ({ target }) => (target === 'b' ? undefined : {})))),
      /^inconclusive: b was not cut/,
    );
    t.match(told(judge(altered(good(), 'node', () => ({ judged: false })))), /^inconclusive: no node under test/);
  });
}

const during = 'partition-long';
const outcomes = (wanted: (entry: EntryOf<'request'>) => boolean, change: object) =>
  altered(long(), 'request', (entry) => (wanted(entry) ? change : {}));

await t.test('traffic while valid: a request that fails while both SVIDs live fails', async (t) => {
  t.match(
    told(trafficWhileValid(long(request(during, 'a', 'b', 3_000, { outcome: 'fail', detail: 'no SVID' })))),
    /^fail: 1 of .* a → b at 3\.00 s: no SVID/,
  );
  t.match(told(trafficWhileValid(long(request(during, 'a', 'b', 4_970, { outcome: 'fail' })))), /^fail/);
});

await t.test(
  'traffic while valid: one that straddles the expiry, or goes before the cut, or comes from a probe says nothing',
  async (t) => {
    for (const one of [
      request(during, 'a', 'b', 4_990, { outcome: 'fail', totalMs: 10 }),
      // Refused as the second turned, by a clock that is a millisecond before ours.
      request(during, 'a', 'b', 4_994, { outcome: 'fail' }),
      request(during, 'a', 'b', 4_990, { outcome: 'fail', totalMs: 300 }),
      request(during, 'a', 'b', 2_500, { outcome: 'fail' }),
      request(during, 'probe', 'b', 3_000, { outcome: 'fail' }),
    ])
      t.match(told(trafficWhileValid(long(one))), /^pass/);
  },
);

await t.test('traffic while valid: a pair that hangs is not passed over in silence', async (t) => {
  const hangs = outcomes(({ from, startMs }) => from === 'a' && startMs > inForceMs && startMs < isOver, {
    outcome: 'info',
    totalMs: 5_000,
  });
  t.match(told(trafficWhileValid(hangs)), /^fail: \d+ of \d+ requests failed; .*no answer/);
  const broken = outcomes(({ from, startMs }) => from === 'a' && startMs === 4_010, {
    outcome: 'fail',
    totalMs: 1_500,
  });
  t.match(told(trafficWhileValid(broken)), /^fail: 1 of/, 'it began well before the end, and was kept waiting past it');
  const silent = altered(long(), 'request', ({ from, startMs }) =>
    from === 'a' && startMs > 3_000 && startMs < 3_400 ? undefined : {},
  );
  t.match(told(trafficWhileValid(silent)), /^inconclusive: a → b was silent for 4\d\d ms, more than 300 ms/);
  const unknown = outcomes(({ from, startMs }) => from === 'a' && startMs === 3_010, { outcome: 'info' });
  t.match(told(trafficWhileValid(unknown)), /^fail: 1 of \d+ requests failed; the first a → b at 3\.01 s: no answer/);
});

await t.test(
  'traffic while valid: the expiry is that of the last SVID before the heal, and one that nobody saw decides nothing',
  async (t) => {
    t.match(
      told(trafficWhileValid(altered(long(), 'svid', ({ node: of }) => (of === 'b' ? undefined : {})))),
      /^inconclusive/,
    );
    const early = altered(long(), 'svid', ({ serial }) =>
      serial === 'b-1' ? { notAfter: '2026-01-01T00:00:02.000Z' } : {},
    );
    t.match(told(trafficWhileValid(early)), /^pass: .*/, 'the SVID before it lived until 4000 ms');
  },
);

await t.test('traffic while valid: silence counts to the end of the SVIDs of this mesh', async (t) => {
  const quiet = (...more: Step[]) =>
    altered(long(...more), 'request', ({ from, startMs }) =>
      from === 'a' && startMs > 4_000 && startMs < isOver ? undefined : {},
    );
  const silent = /^inconclusive: a → b was silent for 1\d{3} ms/;
  t.match(told(trafficWhileValid(quiet())), silent);
  t.match(told(trafficWhileValid(quiet(svid(2_100, 'z', 'delivered', { serial: 'z', notAfterMs: 3_000 })))), silent);
});

await t.test('fails closed: a connection made with an expired SVID fails, and says how late', async (t) => {
  const judgement = failsClosed(outcomes(({ from, startMs }) => from === 'a' && startMs === 6_210, { outcome: 'ok' }));
  t.match(told(judgement), /^fail: 1 connection was made with an expired SVID; the first a → b, 1\.21 s past notAfter/);
  t.equal(judgement.evidence.length, 2);
});

await t.test(
  'fails closed: in the second of notAfter, at the heal and after it, an accepted connection is no fault',
  async (t) => {
    for (const startMs of [5_010, 5_960])
      t.match(told(failsClosed(outcomes((entry) => entry.startMs === startMs, { outcome: 'ok' }))), /^pass/);
    t.match(
      told(failsClosed(long(request(during, 'a', 'b', 6_490, { totalMs: 30 })))),
      /^pass/,
      'it may have got its new SVID meanwhile',
    );
    t.match(told(failsClosed(long(request(during, 'a', 'b', 6_600)))), /^pass/);
    t.match(told(failsClosed(long(request(during, 'probe', 'b', 6_200)))), /^pass/, 'a probe is not cut');
  },
);

await t.test('fails closed: one SVID of the two is enough', async (t) => {
  const lives = altered(
    altered(long(), 'svid', ({ serial }) => (serial === 'a-1' ? { notAfter: '2026-01-01T01:00:00.000Z' } : {})),
    'node',
    ({ node: of }) => (of === 'a' ? { judged: false } : {}),
  );
  t.match(told(failsClosed(lives)), /^pass/);
  t.match(
    told(failsClosed(altered(lives, 'request', ({ startMs }) => (startMs === 6_210 ? { outcome: 'ok' } : {})))),
    /^fail/,
  );
});

const openClosed: readonly [name: string, reason: RegExp, history: () => History][] = [
  [
    'nobody tried past notAfter',
    /fewer than 3 connections from a/,
    () => outcomes(({ startMs }) => startMs > isOver && startMs < 6_500, { totalMs: 4_000 }),
  ],
  [
    'one node was tried too seldom',
    /fewer than 3 connections to a/,
    () =>
      altered(long(), 'request', ({ to, startMs }) =>
        to === 'a' && startMs > 6_100 && startMs < 6_500 ? undefined : {},
      ),
  ],
  [
    'an unknown outcome past notAfter',
    /nobody knows what became of 1 of/,
    () => outcomes(({ from, startMs }) => from === 'a' && startMs === 6_210, { outcome: 'info' }),
  ],
  [
    'refused all the time: the control before is missing',
    /not let through both before it and after the heal/,
    () => outcomes(({ from, startMs }) => from === 'a' && startMs < isOver, { outcome: 'fail' }),
  ],
  [
    'never let through again: the control after is missing',
    /not let through both/,
    () => outcomes(({ from, startMs }) => from === 'a' && startMs > isOver, { outcome: 'fail' }),
  ],
  [
    'an SVID that nobody saw delivered',
    /fewer than 3/,
    () => altered(long(), 'svid', ({ node: of }) => (of === 'b' ? undefined : {})),
  ],
  ['a history that does not say when it began', /fewer than 3/, () => altered(long(), 'run-started', () => undefined)],
];
for (const [name, reason, history] of openClosed) {
  await t.test(`fails closed: inconclusive: ${name}`, async (t) => {
    const said = told(failsClosed(history()));
    t.match(said, /^inconclusive/);
    t.match(said, reason);
  });
}

await t.test(
  'fails closed: an identity that ended in the cut and is accepted fails, whoever refused elsewhere',
  async (t) => {
    for (const row of ['past its end', 'past theirs'])
      for (const role of ['server', 'client'])
        t.match(
          told(
            failsClosed(
              altered(long(), 'exchange', (shown) =>
                shown.row === row && shown.role === role && shown.node === 'b' ? { outcome: 'accepted' } : {},
              ),
            ),
          ),
          new RegExp(`^fail: b as ${role}: ${row}: accepted, wanted refused`),
        );
  },
);

await t.test('fails closed: what was not shown at its moment shows nothing', async (t) => {
  const at = (row: string, atMs: number) =>
    told(failsClosed(altered(long(), 'exchange', (shown) => (shown.row === row ? { atMs } : {}))));
  for (const atMs of [2_400, 4_990, 5_500])
    t.match(at('past its end', atMs), /^inconclusive: a as server .* while its own/);
  for (const atMs of [4_900, 6_010, 6_600])
    t.match(at('past theirs', atMs), /^inconclusive: a as server .* past the end/);
  const without = (wanted: (shown: EntryOf<'exchange'>) => boolean) =>
    told(failsClosed(altered(long(), 'exchange', (shown) => (wanted(shown) ? undefined : {}))));
  t.match(
    without(({ role }) => role === 'client'),
    /^inconclusive: a was not looked at as client/,
  );
  t.match(
    without(({ row }) => row === 'a living one'),
    /^inconclusive: .* the control after it was not accepted/,
  );
  t.match(
    without(({ row }) => row === 'near its end'),
    /^inconclusive: .* the control before it was not accepted/,
  );
});

await t.test('traffic while valid: a node may hold the SVID before for as long as it may take to follow', async (t) => {
  // Each is to follow within 500 ms: at 2650 ms it may still hold what ends at 2655 ms.
  const short = altered(long(), 'svid', ({ serial }) =>
    serial.endsWith('-0') ? { notAfter: '2026-01-01T00:00:02.655Z' } : {},
  );
  const failing = (history: History) =>
    altered(history, 'request', ({ from, startMs }) =>
      from === 'a' && startMs === 2_660 ? { outcome: 'fail', detail: 'no SVID' } : {},
    );
  t.match(told(trafficWhileValid(failing(short))), /^pass/);
  const isFirst = ({ kind, ...entry }: History[number]) =>
    kind === 'svid' && 'serial' in entry && `${entry.serial}`.endsWith('-0');
  const lastInLine = [...short.filter((entry) => !isFirst(entry)), ...short.filter(isFirst)];
  const later = altered(lastInLine, 'request', ({ from, startMs }) =>
    from === 'a' && startMs === 3_510 ? { outcome: 'fail', detail: 'no SVID' } : {},
  );
  t.match(told(trafficWhileValid(later)), /^fail/, 'but no longer, wherever it stands in the history');
  const seen = [
    ...short,
    { index: 999, atMs: 2_605, kind: 'presented', scenario: during, role: 'server', startMs: 2_600 },
  ];
  const holds = ['a', 'b'].map((of) => ({ ...seen.at(-1), node: of, svid: { spiffeId: '', serial: `${of}-1` } }));
  t.match(
    told(trafficWhileValid(failing([...short, ...holds] as History))),
    /^fail/,
    'but not once it showed the next',
  );
  t.match(told(trafficWhileValid(failing(long()))), /^fail/);
});

await t.test('fails closed: a node that does not dial is judged as server only', async (t) => {
  t.match(
    told(failsClosed(altered(long(), 'request', ({ from }) => (from === 'a' ? undefined : {})))),
    /^inconclusive: fewer than 3 connections to b/,
  );
  const alone = altered(
    altered(long(), 'request', ({ from }) => (from === 'a' ? undefined : {})),
    'node',
    ({ node: of }) => (of === 'b' ? { judged: false } : {}),
  );
  t.match(told(failsClosed(alone)), /^pass/);
});

await t.test('recovers: no new SVID, or one after the bound, fails', async (t) => {
  t.match(
    told(longRecovers(altered(long(), 'svid', ({ serial }) => (serial === 'b-2' ? undefined : {})))),
    /^fail: b got no new SVID after the heal; the bound is 2\.0 s/,
  );
  t.match(
    told(longRecovers(altered(long(), 'svid', ({ serial }) => (serial === 'b-2' ? { atMs: 8_700 } : {})))),
    /^fail: b got a new SVID only 2\.1 s after the heal/,
  );
  t.match(
    told(longRecovers(altered(long(), 'svid', ({ serial }) => (serial === 'b-2' ? { serial: 'b-1' } : {})))),
    /^fail: b got no new SVID/,
    'the old one handed out again is none',
  );
});

await t.test('recovers: a new SVID, but nothing gets through in one direction, fails', async (t) => {
  const deaf = outcomes(({ to, startMs }) => to === 'b' && startMs > 7_000, { outcome: 'fail', detail: 'refused' });
  t.match(
    told(longRecovers(deaf)),
    /^fail: both ends of a → b have a new SVID since 0\.5 s after the heal, but nothing got through: refused/,
  );
});

await t.test('recovers: one success is no recovery, nor one that comes after the bound', async (t) => {
  const inA = (change: (startMs: number) => boolean) =>
    told(
      longRecovers(
        outcomes(({ to, startMs }) => to === 'b' && startMs > 7_000 && change(startMs), { outcome: 'fail' }),
      ),
    );
  t.match(
    inA((startMs) => startMs !== 7_060),
    /^fail: a → b got through after the heal, but did not stay so/,
  );
  t.match(
    inA((startMs) => startMs > 7_900),
    /^fail: a → b got through after the heal, but did not stay so/,
  );
  // Both have their SVIDs at 7000 ms, may take 500 ms to follow, and 300 ms are six intervals of the schedule.
  t.match(
    inA((startMs) => startMs < 7_740),
    /^pass/,
  );
  const late = altered(long(), 'svid', ({ serial }) => (serial.endsWith('-2') ? { atMs: 6_600 } : {}));
  const slow = altered(late, 'request', ({ to, startMs }) =>
    to === 'b' && startMs > 6_600 && startMs < 7_700 ? { outcome: 'fail' } : {},
  );
  t.match(
    told(longRecovers(slow)),
    /^fail: a → b got through again only 1\.1 s after both ends had a living SVID; the bound is 0\.8 s/,
  );
});

await t.test('recovers: what nobody saw is held against nobody', async (t) => {
  const unseen = outcomes(({ to, startMs }) => to === 'b' && startMs > 7_880, { outcome: 'info', unseen: true });
  t.match(told(longRecovers(unseen)), /^pass/);
  const inBetween = outcomes(({ to, startMs }) => to === 'b' && startMs > 7_800 && startMs < 7_840, {
    outcome: 'info',
    unseen: true,
  });
  t.match(told(longRecovers(inBetween)), /^pass/);
  const allUnseen = outcomes(({ startMs }) => startMs > 7_000, { outcome: 'info', unseen: true });
  t.match(told(longRecovers(allUnseen)), /^inconclusive: too little was tried/);
});

await t.test('recovers: too little tried afterwards, or its bound missing, is inconclusive', async (t) => {
  t.match(
    told(longRecovers(altered(long(), 'request', ({ startMs }) => (startMs > 7_000 ? undefined : {})))),
    /^inconclusive: too little was tried a → b/,
  );
  t.match(told(longRecovers(altered(long(), 'scenario', () => ({ boundsMs: undefined })))), /^inconclusive: .*bound/);
});

await t.test('recovers: who hangs is not back', async (t) => {
  t.match(
    told(
      longRecovers(outcomes(({ to, startMs }) => to === 'b' && startMs > 7_000, { outcome: 'info', detail: 'hangs' })),
    ),
    /^fail: both ends of a → b have a new SVID since 0\.5 s after the heal, but nothing got through: hangs/,
  );
});

await t.test('recovers: what was lost in the cut does not tell that traffic came back late', async (t) => {
  const late = altered(long(), 'svid', ({ serial }) => (serial.endsWith('-2') ? { atMs: 6_600 } : {}));
  // Of the pair nobody made a request from the heal to past the bound, and then each got through.
  const untried = altered(late, 'request', ({ to, startMs }) =>
    to === 'b' && startMs > 6_500 && startMs < 7_700 ? undefined : {},
  );
  t.match(told(longRecovers(untried)), /^inconclusive: too little was tried a → b/);
});

await t.test('recovers: what healthy traffic lost already is held against no outage', async (t) => {
  const before = request('healthy', 'probe', 'a', 300, { outcome: 'fail', detail: 'closed' });
  t.match(
    told(longRecovers(long([300, before[1]]))),
    /^inconclusive: healthy traffic gives nothing to judge this by: a lost 1 of/,
  );
  t.match(
    told(longRecovers(altered(long([300, before[1]]), 'svid', ({ serial }) => (serial === 'b-2' ? undefined : {})))),
    /^fail: b got no new SVID/,
    'an SVID that does not come is no matter of requests',
  );
});

await t.test('recovers: an SVID that did not come is told of a node that was asked nothing, too', async (t) => {
  const unasked = altered(long(), 'request', ({ to, scenario: during }) =>
    to === 'b' && during !== 'healthy' ? undefined : {},
  );
  t.match(told(longRecovers(unasked)), /^inconclusive: b was asked nothing/);
  t.match(
    told(longRecovers(altered(unasked, 'svid', ({ serial }) => (serial === 'b-2' ? undefined : {})))),
    /^fail: b got no/,
  );
});

await t.test('recovers: of two nodes a fail outweighs what is open', async (t) => {
  const a = altered(long(), 'request', ({ startMs, from, to }) =>
    startMs > 7_000 && (from === 'a' || to === 'a') ? undefined : {},
  );
  t.match(told(longRecovers(altered(a, 'svid', ({ serial }) => (serial === 'b-2' ? undefined : {})))), /^fail: b/);
});

await t.test('short: a failed request fails, during the cut and after it', async (t) => {
  for (const startMs of [2_300, 3_000, 4_500])
    t.match(
      told(shortSurvives(short(request('partition-short', 'probe', 'b', startMs, { outcome: 'fail' })))),
      /^fail/,
    );
});

await t.test(
  'short: when an SVID ended before its renewal, the partition was not short, and failures are no fault',
  async (t) => {
    const failing = short(request('partition-short', 'a', 'b', 3_950, { outcome: 'fail' }));
    t.match(
      told(
        shortSurvives(
          altered(failing, 'svid', ({ serial }) => (serial === 'a-1' ? { notAfter: '2026-01-01T00:00:03.000Z' } : {})),
        ),
      ),
      /^inconclusive: the partition was not short: the SVID of a/,
    );
    t.match(
      told(shortSurvives(altered(failing, 'svid', ({ serial }) => (serial.endsWith('-2') ? undefined : {})))),
      /^inconclusive: the partition was not short/,
    );
  },
);

await t.test('short: a cut that nobody could feel shows nothing', async (t) => {
  t.match(
    told(shortSurvives(altered(short(), 'node', () => ({ syncIntervalMs: 500 })))),
    /^inconclusive: the partition was in force for 900 ms, shorter than two sync intervals/,
  );
});

await t.test('short: thin traffic is inconclusive', async (t) => {
  t.match(
    told(shortSurvives(altered(short(), 'request', ({ from }) => (from === 'probe' ? undefined : {})))),
    /^inconclusive: only 40 requests a second/,
  );
});

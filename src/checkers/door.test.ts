import t from 'tap';
import { pauseComesBack, pauseRefusesStrangers } from '../clauses/mesh/pause.ts';
import { restartComesBack, restartRefusesStrangers } from '../clauses/mesh/restart.ts';
import type { Exchange, TargetNode } from '../history.ts';
import { strangersAtTheDoor } from './door.ts';
import { exchange, fault, historyOf, judgedBy, node, runStarted, scenario, skip, told } from './history-builder.ts';
import type { Step } from './history-builder.ts';

const strangers = Object.values(strangersAtTheDoor);
const own = { shown: ['spiffe://td/a'] };

/** What came of a call at a moment; undefined where nobody was there. */
type Change = (row: string, atMs: number) => Partial<Exchange> | undefined;

interface Timeline {
  readonly restart: readonly [injected: number, inForce: number, healing: number, healed: number];
  readonly withinMs?: number;
  readonly node?: Partial<TargetNode>;
  readonly change?: Change;
  readonly untilMs?: number;
  readonly without?: string | undefined;
  readonly more?: readonly Step[];
}

/** A service that is away from 1.2 s to 3 s, and is called ten times a second from 1 s on. */
function coming(
  name: 'restart' | 'pause',
  {
    restart: marks = [1_000, 1_200, 1_250, 3_050],
    withinMs = 5_000,
    node: of = {},
    change = () => ({}),
    untilMs = 6_000,
    without,
    more = [],
  }: Partial<Timeline> = {},
) {
  const [refuses, isBack] =
    name === 'restart'
      ? [restartRefusesStrangers.id, restartComesBack.id]
      : [pauseRefusesStrangers.id, pauseComesBack.id];
  const rows = ['right', ...strangers.filter((row) => row !== without)];
  const isAway = (atMs: number) => atMs >= 1_150 && atMs < 3_000;
  const calls = Array.from({ length: (untilMs - 1_000) / 100 }, (_, at) => 1_000 + 100 * at).flatMap(
    (atMs, at): Step[] => {
      const row = rows[at % rows.length]!;
      const isRight = row === 'right';
      const other = change(row, atMs);
      if (other === undefined) return [];
      if (isAway(atMs) && !isRight && Object.keys(other).length === 0) return [];
      const came: Partial<Exchange> = isAway(atMs)
        ? { outcome: 'unknown', how: 'ECONNREFUSED' }
        : { ...own, outcome: isRight ? 'accepted' : 'refused' };
      const full = { control: 'c', ...came, ...other };
      return [[atMs, isRight ? exchange(isBack, row, 'either', full) : exchange(refuses, row, 'refused', full)]];
    },
  );
  const control = exchange(refuses, 'right', 'accepted', { control: 'c', ...own });
  return historyOf(
    runStarted(),
    node('a', { uptakeMs: 2_000, ...of }),
    [100, scenario(name, 'begun')],
    [200, control],
    fault(name, 'a', marks).map((step): Step => {
      const [atMs, mark] = step as readonly [number, { kind: 'fault'; state: string }];
      return [atMs, { ...mark, ...(mark.state === 'injected' && name === 'restart' && { withinMs }) } as never];
    }),
    calls,
    more,
    [untilMs + 10, control],
    [untilMs + 20, scenario(name, 'ended', { back: 30_000 })],
  )
    .toSorted((one, other) => one.atMs - other.atMs)
    .map((entry, at) => ({ ...entry, index: at + 1 }));
}

for (const name of ['restart', 'pause'] as const) {
  const refuses = judgedBy(name === 'restart' ? restartRefusesStrangers : pauseRefusesStrangers);

  await t.test(`${name}: strangers`, async (t) => {
    t.match(told(refuses(coming(name))), /^pass: \d+ refused, 2 accepted as they must be/);
    const open = (row: string) =>
      coming(name, {
        change: (of, atMs) => (of === row && atMs >= 3_000 && atMs < 3_600 ? { outcome: 'accepted' } : {}),
      });
    for (const row of strangers)
      t.match(told(refuses(open(row))), new RegExp(`^fail: a as server: ${row}: accepted, wanted refused`));
    t.match(
      told(refuses(coming(name, { without: strangers[3] }))),
      /^inconclusive: nobody came to a as "a question in the clear" until 2\.0 s after it was back/,
    );
    const late: Change = (row, atMs) => (row === strangers[0] && atMs >= 3_000 && atMs < 5_200 ? undefined : {});
    t.match(told(refuses(coming(name, { change: late }))), /^inconclusive: nobody came to a as "nobody/, 'or too late');
    t.match(
      told(
        refuses(
          coming(name, { change: (row, atMs) => (atMs > 3_000 && row === strangers[1] ? { outcome: 'unknown' } : {}) }),
        ),
      ),
      /^inconclusive: could not tell/,
    );
    t.match(
      told(refuses(coming(name, { restart: [1_000, 3_000, 1_200, 3_050] }))),
      /^inconclusive: that it went away and came back was not proven: partition on a: nothing outside of the injector saw it in force/,
    );
    const refusedAtTheEnd = coming(name).map((entry) =>
      entry.kind === 'exchange' && entry.expect === 'accepted' && entry.atMs > 5_000
        ? { ...entry, outcome: 'refused' as const, how: 'alert' }
        : entry,
    );
    t.match(
      told(refuses(refusedAtTheEnd)),
      /^inconclusive: could not tell: a as server: right: refused, wanted accepted/,
      'whoever is late lets nobody in',
    );
    const untold = coming(name, {
      change: (row, atMs) => (row === 'right' ? {} : atMs < 0 ? {} : undefined),
      more: [
        skip(name === 'restart' ? restartRefusesStrangers.id : pauseRefusesStrangers.id, 'nobody knows what to send', {
          node: 'a',
        }),
      ],
    });
    t.match(told(refuses(untold)), /^skipped: nobody knows what to send/);
    const never = coming(name).filter((entry) => entry.kind !== 'exchange' || entry.atMs < 3_000);
    t.match(told(refuses(never)), /^inconclusive/, 'nobody saw it come back');
    const other = coming(name, {
      more: [
        node('b'),
        skip(name === 'restart' ? restartRefusesStrangers.id : pauseRefusesStrangers.id, 'no command for b', {
          node: 'b',
        }),
      ],
    });
    t.match(told(refuses(other)), /^pass/, 'of another one somebody says why it was not looked at');
    t.match(told(refuses(coming(name, { more: [node('b')] }))), /^inconclusive: b was not looked at as server/);
  });
}

await t.test('after a restart', async (t) => {
  const back = judgedBy(restartComesBack);
  const was = (change: Partial<Timeline>) => told(back(coming('restart', change)));
  t.match(was({}), /^pass: a: let the probe in again, as itself, 2\.0 s after its restart was begun \(bound 5\.0 s\)/);
  t.match(
    was({ withinMs: 1_200 }),
    /^fail: a: let the probe in again only 2\.0 s after its restart was begun \(bound 1\.2 s\)/,
  );
  t.match(
    was({ withinMs: 1_900 }),
    /^inconclusive: a: nobody saw whether it was back 1\.9 s after/,
    'nobody was turned away after its time was over',
  );
  const never: Change = (row, atMs) => (row === 'right' && atMs >= 3_000 ? { outcome: 'refused', how: 'closed' } : {});
  t.match(
    was({ change: never, withinMs: 4_000 }),
    /^fail: a: had not let the probe in again 4\.0 s after its restart was begun: closed/,
  );
  t.match(was({ change: never, withinMs: 8_000 }), /^inconclusive: a: nobody saw whether it was back 8\.0 s after/);
  const assumed = coming('restart', { change: never, untilMs: 40_000 }).map((entry) =>
    entry.kind === 'fault' ? { ...entry, withinMs: undefined } : entry,
  );
  t.match(
    told(back(assumed as never)),
    /^inconclusive: .* the target file does not say how long it may take \(within\)/,
  );
  const packed: Change = (row, atMs) =>
    atMs >= 3_000 && atMs < 3_300 && row !== strangers[3]
      ? {
          shown: ['spiffe://packed/x'],
          unproven: 'unknown-authority: no',
          outcome: row === 'right' ? 'unknown' : 'refused',
        }
      : {};
  t.match(
    was({ change: packed }),
    /^fail: a: showed spiffe:\/\/packed\/x 2\.\d s after its restart was begun, which does not prove that it is the service: unknown-authority/,
  );
  const unread: Change = (row, atMs) =>
    row === 'right' && atMs >= 3_000 && atMs < 4_000
      ? { shown: [], unproven: 'no certificate was shown that can be read' }
      : {};
  t.match(was({ change: unread }), /^fail: a: showed somebody without a SPIFFE ID .*: no certificate was shown/);
  const nothing: Change = (row, atMs) => (row === 'right' && atMs >= 3_000 ? { shown: undefined as never } : {});
  t.match(
    was({ change: nothing, withinMs: 4_000 }),
    /^fail: a: had not let the probe in again/,
    'who shows nothing is nobody',
  );
  const falls: Change = (row, atMs) =>
    row === 'right' && atMs >= 4_000 && atMs < 4_800 ? { outcome: 'unknown', how: 'silence' } : {};
  t.match(was({ change: falls }), /^inconclusive: a: let the probe in again, and \d\.\d s later not \(silence\)/);
  const unhealed = coming('restart').filter((entry) => entry.kind !== 'fault' || entry.state !== 'healed');
  t.match(told(back(unhealed)), /^inconclusive: a: partition on a: nothing outside of the injector saw it gone/);
  const before: Change = (_row, atMs) => (atMs < 1_150 ? { unproven: 'expired: yes' } : {});
  t.match(was({ change: before }), /^pass/, 'what it showed before is no matter of its restart');
  t.match(
    was({ restart: [1_000, 3_000, 1_200, 3_050] }),
    /^inconclusive: that it went away and came back was not proven/,
  );
});

await t.test('after a pause', async (t) => {
  const back = judgedBy(pauseComesBack);
  const marks = [1_000, 1_200, 2_950, 3_050] as const;
  const was = (change: Partial<Timeline>) => told(back(coming('pause', { restart: marks, ...change })));
  t.match(was({}), /^pass: a: let the probe in again, as itself, 0\.0 s after it was resumed \(bound 2\.0 s\)/);
  const ended =
    (untilMs: number): Change =>
    (row, atMs) =>
      atMs >= 3_000 && atMs < untilMs && row !== strangers[3]
        ? { unproven: 'expired: it ended', outcome: row === 'right' ? 'unknown' : 'refused' }
        : {};
  t.match(
    was({ change: ended(4_500) }),
    /^pass: a: let the probe in again, as itself, 1\.4 s/,
    'it has its time to follow',
  );
  t.match(
    was({ change: ended(9_000) }),
    /^fail: a: showed spiffe:\/\/td\/a 2\.\d s after it was resumed, which does not prove that it is the service: expired: it ended/,
  );
  t.match(
    was({ change: ended(9_000), node: { uptakeAssumed: true } }),
    /^inconclusive: a: showed .* expired: it ended, and the target file does not say how long it may take \(uptake\)/,
    'nobody said how long it may take to follow',
  );
  const busy = Array.from({ length: 12 }, (_, at): Step => [
    3_000 + 250 * at,
    { kind: 'machine', source: 'load', fromMs: 2_750 + 250 * at, lagMs: 400, waitedMs: 240 },
  ]);
  t.match(was({ change: ended(9_000), more: busy }), /^inconclusive: this machine was too busy to tell/);
  const foreign: Change = (row, atMs) =>
    atMs >= 3_000 && row !== strangers[3] ? { unproven: 'it is the SVID of spiffe://td/b' } : {};
  t.match(was({ change: foreign, node: { uptakeAssumed: true }, more: busy }), /^fail: a: showed .*spiffe:\/\/td\/b/);
  const silent: Change = (row, atMs) =>
    atMs >= 3_000 && row === 'right' ? { outcome: 'unknown', how: 'silence' } : {};
  t.match(was({ change: silent }), /^fail: a: had not let the probe in again 2\.0 s after it was resumed: silence/);
  t.match(
    was({ change: silent, node: { uptakeAssumed: true } }),
    /^inconclusive: .*does not say how long it may take \(uptake\)/,
  );
  t.match(was({ untilMs: 4_500 }), /^inconclusive: a: nobody saw what it shows when its time was over/);
  t.match(was({ restart: [1_000, 1_200, 2_950, 9_000] }), /^inconclusive/, 'it is shown to be gone after all that');
});

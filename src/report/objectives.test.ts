import t from 'tap';
import type { BenchRow, BenchSample, Entry, Happening, History, Objective } from '../history.ts';
import { rowBenches, rowName } from '../statistics/bench-rows.ts';
import { seeded } from '../statistics/seeded.ts';
import { comparedFigures } from '../statistics/comparison.ts';
import { brokenOnce, judgeObjectives } from './objectives.ts';

const row: BenchRow = {
  ...{ kind: 'bench-row', row: 'steady/full', generator: 'assay', loop: 'open', verifies: 'all' },
  ...{ node: 'node-001', implementation: 'a node', phase: 'steady', resumed: false, key: 'EC P-256', chain: 1 },
  ...{ atMost: 1_000, arrivals: 'constant', wantedPerSecond: 100, seconds: 20 },
};
const bound = (boundMs: number): Objective => ({
  ...{ kind: 'objective', objective: `p99<=${boundMs}ms`, percentile: 99, boundMs },
});

/** Handshakes of 1 to 11 ms, uniformly: their p99 is 10.9 ms. All are `times` as long, and in as many rounds as their row says. */
function of(one: BenchRow, count: number, times = 1): readonly Happening[] {
  const { rounds } = one;
  const chance = seeded(3);
  const samples = Array.from({ length: count }, (_, nth): BenchSample => {
    const tls = Math.round(times * (1_000 + 10_000 * chance()));
    return [nth * 10_000, nth * 10_000, 100, tls, tls + 100, 0];
  });
  const each = Math.ceil(count / (rounds ?? 1));
  const parts = Array.from({ length: rounds ?? 1 }, (_, nth) => samples.slice(nth * each, (nth + 1) * each));
  return [
    one,
    ...parts.flatMap((part, nth): Happening[] => {
      const which = { row: one.row, ...(rounds !== undefined && { round: nth + 1 }) };
      return [
        { kind: 'bench-window', ...which, state: 'begun' },
        { kind: 'bench-samples', ...which, samples: part },
        { kind: 'bench-window', ...which, state: 'ended', wallMs: part.length * 10 },
      ];
    }),
  ];
}

const historyOf = (...happenings: readonly Happening[]): History =>
  happenings.map((happening, at): Entry => ({ index: at + 1, atMs: at, ...happening }));

function measured(count: number, more: readonly Happening[] = [], wantedPerSecond = 100): History {
  return historyOf(...of({ ...row, wantedPerSecond }, count), ...more);
}

const again: BenchRow = { ...row, row: `${row.row}/again`, again: row.row };

const judged = (history: History) => judgeObjectives(history, rowBenches(history))[0];

await t.test('a bound beyond all that the percentile may be is kept, one below all of it is broken', async (t) => {
  t.equal(judged(measured(2_000, [bound(12)]))?.verdict, 'pass');
  t.equal(judged(measured(2_000, [bound(9), ...of(again, 2_000)]))?.verdict, 'fail');
});

await t.test('what is broken once is measured again, and fails when it is broken then, too', async (t) => {
  const once = measured(2_000, [bound(9)]);
  t.strictSame([...brokenOnce(once, rowBenches(once))], [row.row]);
  t.equal(judged(once)?.verdict, 'inconclusive');
  t.match(judged(once)?.reason, /it was not measured again/);
  const twice = measured(2_000, [bound(9), ...of(again, 2_000, 0.5)]);
  t.equal(brokenOnce(twice, rowBenches(twice)).size, 0);
  t.equal(judged(twice)?.verdict, 'pass', 'one bad moment stops no deploy');
  t.match(judged(twice)?.reason, /before that it was broken: p99 is 10\.\d+ ms/);
  t.equal(judgeObjectives(twice, rowBenches(twice)).length, 1);
  const kept = measured(2_000, [bound(12)]);
  t.equal(brokenOnce(kept, rowBenches(kept)).size, 0);
});

const inRounds: BenchRow = { ...row, rounds: 4 };
const yardstick: BenchRow = { ...inRounds, row: 'steady/yardstick', node: 'yardstick', yardstick: 'beside' };

/** What a run that was like this told. */
function baselineOf(
  disturbed: Partial<Record<'slowed' | 'besideSlowed', readonly string[]>> = {},
): readonly Happening[] {
  const then = rowBenches(historyOf(...of(yardstick, 4_000), ...of(inRounds, 4_000)));
  return then.map(({ id, row: figures }) => ({
    ...{ kind: 'baseline', run: 'r1', row: rowName(id), generator: 'g1', allowed: 0.05 },
    ...{ slowed: [], besideSlowed: [], ...disturbed },
    figures: comparedFigures(figures!),
  }));
}

const compared = (rowTimes: number, machineTimes = 1, more: readonly Happening[] = baselineOf()) =>
  judgeObjectives(
    ...(() => {
      const history = historyOf(
        ...of(yardstick, 4_000, machineTimes),
        ...of(inRounds, 4_000, rowTimes),
        ...of({ ...yardstick, row: 'steady/yardstick/again', again: 'steady/yardstick' }, 4_000, machineTimes),
        ...of({ ...inRounds, row: again.row, again: row.row }, 4_000, rowTimes),
        ...more,
      );
      return [history, rowBenches(history)] as const;
    })(),
  );

await t.test('a row that got slower than in an earlier run fails, and one on a slower machine does not', async (t) => {
  const verdicts = (all: ReturnType<typeof compared>) => all.map(({ verdict }) => verdict);
  t.strictSame(verdicts(compared(1)), ['pass', 'pass', 'pass']);
  t.match(compared(1)[0]?.reason, /p50 is 5\.\d+ ms, and was 5\.\d+ ms; .* from \+\d+ % on it would have been seen$/);
  t.ok(verdicts(compared(1.6)).includes('fail'), compared(1.6)[0]!.reason);
  t.strictSame(verdicts(compared(1.6, 1.6)), ['pass', 'pass', 'pass'], 'the machine is to blame');
  t.ok(verdicts(compared(1, 0.6)).includes('fail'), 'a faster machine hides nothing');
  const busy = ['other programs had 40 % of the processors'];
  const slowThen = baselineOf({ slowed: busy });
  t.strictSame(verdicts(compared(1, 1, slowThen)), ['inconclusive', 'inconclusive', 'inconclusive']);
  t.match(compared(1, 1, slowThen)[0]?.reason, /but in the earlier run other programs had 40 %/);
  t.ok(verdicts(compared(1.6, 1, slowThen)).includes('fail'), 'what was slow then, and is slower now');
  const machineSlowThen = baselineOf({ besideSlowed: busy });
  t.notOk(verdicts(compared(1.6, 1, machineSlowThen)).includes('fail'), 'the machine may have been slow then');
});

await t.test('a generator that was late hides no slower node, and makes none', async (t) => {
  const late = (row: string, byUs: number) => (entry: Happening) =>
    entry.kind === 'bench-samples' && entry.row === row
      ? { ...entry, samples: entry.samples.map(([due, begun, ...rest]): BenchSample => [due, begun + byUs, ...rest]) }
      : entry;
  const comparedLate = (rowTimes: number, lateRow: string, byUs: number) => {
    const history = historyOf(
      ...[...of(yardstick, 4_000), ...of(inRounds, 4_000, rowTimes)].map(late(lateRow, byUs)),
      ...of({ ...yardstick, row: 'steady/yardstick/again', again: 'steady/yardstick' }, 4_000),
      ...of({ ...inRounds, row: again.row, again: row.row }, 4_000, rowTimes).map(late(again.row, byUs)),
      ...baselineOf(),
    );
    return judgeObjectives(history, rowBenches(history))[0]!;
  };
  const hidden = comparedLate(1.3, yardstick.row, 2_000);
  t.equal(hidden.verdict, 'inconclusive');
  t.match(hidden.reason, /but counted from when the generator began it is \+(29|30|31) %/);
  t.equal(comparedLate(1, yardstick.row, 100).verdict, 'pass', 'a little of it is no matter');
  const made = comparedLate(1, row.row, 3_000);
  t.equal(made.verdict, 'inconclusive');
  t.match(made.reason, /but the generator itself was late/);
});

await t.test('of a node that runs elsewhere only what holds with this machine and without it is decided', async (t) => {
  const elsewhere = baselineOf().map((one) => ({ ...one, elsewhere: true }) as Happening);
  const verdicts = (...of: readonly [number, number]) => compared(...of, elsewhere).map(({ verdict }) => verdict);
  t.strictSame(verdicts(1, 1), ['pass', 'pass', 'pass']);
  t.ok(verdicts(1.6, 1).includes('fail'));
  t.notOk(verdicts(1, 0.6).includes('fail'), 'a faster machine makes no node slower');
  t.notOk(verdicts(1.6, 1.6).includes('pass'), 'nor does a slower one excuse it');
});

await t.test('what resumed sessions once and does not any more is open', async (t) => {
  const history = historyOf(
    ...of(yardstick, 4_000),
    ...of({ ...inRounds, resumed: true }, 4_000),
    ...baselineOf(),
    bound(12),
  );
  const all = judgeObjectives(history, rowBenches(history));
  t.strictSame(
    all.map(({ kind, verdict, reason }) => [kind, verdict, reason]),
    [
      ...Array.from({ length: 3 }, () => ['comparison', 'inconclusive', 'the node resumed no session']),
      ['bound', 'inconclusive', 'no row was measured that could keep it'],
    ],
  );
});

await t.test('a bound in between is open', async (t) => {
  const open = judged(measured(2_000, [bound(10.9)]));
  t.equal(open?.verdict, 'inconclusive');
  t.match(open?.reason, /lies between .* more handshakes would tell/);
});

await t.test(
  'too few samples, lost connections, too low a rate and a cut decide nothing; a disturbed machine excuses',
  async (t) => {
    t.match(judged(measured(500, [bound(9)]))?.reason, /too few for p99/);
    const lost: Happening = {
      ...{ kind: 'bench-lost', row: row.row, dueMs: 1, begunMs: 1, tookMs: 1, detail: 'handshake: EOF' },
    };
    t.match(judged(measured(2_000, [bound(12), lost]))?.reason, /1 of 2001 connections failed/);
    const busy: Happening = {
      ...{ kind: 'bench-machine', row: row.row, loadAverage: 3, processors: 2, stolen: 0, others: 0.4, runQueue: 5 },
    };
    const open = judged(measured(2_000, [bound(9), busy]));
    t.equal(open?.verdict, 'inconclusive');
    t.match(open?.reason, /other programs had 40 % of the processors/);
    t.equal(judged(measured(2_000, [bound(12), busy]))?.verdict, 'pass', 'what others took made it slower');
    const half = judged(measured(2_000, [bound(12)], 200));
    t.equal(half?.verdict, 'inconclusive');
    t.match(half?.reason, /100 of 200 connections a second were reached/);
    t.equal(
      judged([
        { index: 1, atMs: 0, ...row },
        { index: 2, atMs: 0, ...bound(9) },
      ])?.verdict,
      'inconclusive',
    );
  },
);

await t.test('a generator that was late breaks no bound', async (t) => {
  const late = measured(2_000, [bound(25)]).map((entry) =>
    entry.kind === 'bench-samples'
      ? { ...entry, samples: entry.samples.map(([due, begun, ...rest]): BenchSample => [due, begun + 40_000, ...rest]) }
      : entry,
  );
  t.equal(judged(late)?.verdict, 'inconclusive');
  t.match(judged(late)?.reason, /the generator itself was late/);
});

await t.test('a bound that no row answers to is open', (t) => {
  const alone: BenchRow = { ...row, row: 'steady/full,at=yardstick', node: 'yardstick', yardstick: 'alone' };
  const history = historyOf(...of(alone, 2_000), bound(12));
  t.match(judgeObjectives(history, rowBenches(history)), [
    { objective: 'p99<=12ms', verdict: 'inconclusive', reason: 'no row was measured that could keep it' },
  ]);
  t.end();
});

await t.test('what was not resumed may be what a percentile hides', (t) => {
  const history = measured(2_000, [bound(12)]).map((entry) => {
    if (entry.kind === 'bench-row') return { ...entry, resumed: true };
    if (entry.kind !== 'bench-samples') return entry;
    const samples = entry.samples.map(([due, begun, tcp, tls, answer], nth): BenchSample =>
      nth % 20 === 0 ? [due, begun, tcp, 5e6, 5e6, 0] : [due, begun, tcp, tls, answer, 1],
    );
    return { ...entry, samples };
  });
  t.match(judged(history), { verdict: 'inconclusive', reason: /100 of 2000 handshakes were full ones/ });
  t.end();
});

await t.test('a slowdown that is sure is no pass for want of a steady earlier run', (t) => {
  const wild = baselineOf().map((one): Happening => {
    if (one.kind !== 'baseline') return one;
    const figures = one.figures.map((each) => ({ ...each, ratio: each.ratio && { ...each.ratio, apart: 0.6 } }));
    return { ...one, figures };
  });
  const [p50] = compared(1.4, 1, wild);
  t.equal(p50?.verdict, 'inconclusive');
  t.match(p50?.reason, /that is slower, but by no more than the earlier run differed from itself/);
  t.end();
});

await t.test('another build of the yardstick is another divisor', (t) => {
  const history: History = [
    {
      ...{ index: 0, atMs: 0, kind: 'run-started', id: 'r2', command: '', startedAt: '', seed: 1, runtime: 'process' },
      ...{ versions: { 'assay-generator': 'g2' }, target: {}, clauses: [] },
    },
    ...historyOf(...of(yardstick, 4_000), ...of(inRounds, 4_000), ...baselineOf()),
  ];
  const [first] = judgeObjectives(history, rowBenches(history));
  t.match(first, { verdict: 'inconclusive', reason: /another program than then: g2, and g1/ });
  t.end();
});

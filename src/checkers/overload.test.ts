import t from 'tap';
import { entriesOf } from '../history.ts';
import { historyOf, machine, starved, type Step } from './history-builder.ts';
import { unlessOverloaded, type Failure } from './overload.ts';

const fail = { verdict: 'fail', reason: 'a request failed', evidence: [3] } as const;
const during = (...readings: readonly Step[]) => ({
  machine: entriesOf(historyOf(...readings), 'machine'),
  starved: entriesOf(historyOf(...readings), 'starved'),
  fromMs: 0,
  toMs: 10_000,
});
const quiet = [0, 250, 500, 750].map((fromMs) => machine(fromMs));
const at = (fromMs: number, toMs = fromMs + 10) => ({ fromMs, toMs });

await t.test('a fail on a machine that keeps up stays a fail', async (t) => {
  t.equal(unlessOverloaded(during(...quiet), fail, [at(500)]), fail);
  t.equal(unlessOverloaded(during(...quiet), fail), fail);
  t.equal(unlessOverloaded(during(), fail, [at(500)]), fail, 'of which nothing is known is no excuse');
});

const strains = [
  ['a thread of ours that came late', { lagMs: 300 }, /came 300 ms late by its own clock/],
  ['a thread of ours that waited for a processor', { waitedMs: 230 }, /waited 230 of 250 ms for a processor/],
  ['a host that took the processors away', { stolen: 0.4 }, /40 % of the processors were taken away by the host/],
] as const;
for (const [name, change, says] of strains) {
  await t.test(`${name} leaves it open, and says what was seen`, async (t) => {
    const judged = unlessOverloaded(during(...quiet, machine(1_000, change)), fail, [at(1_100)]);
    t.equal(judged.verdict, 'inconclusive');
    t.match(judged.reason, says);
    t.match(judged.reason, /a request failed/);
    t.strictSame(judged.evidence, [3, 5]);
  });
}

await t.test('it holds for what failed then, or right after it, and for nothing else', async (t) => {
  const window = during(...quiet, machine(1_000, { lagMs: 300 }));
  const verdict = (...spans: { fromMs: number; toMs: number }[]) => unlessOverloaded(window, fail, spans).verdict;
  t.equal(verdict(at(2_000)), 'inconclusive', 'its aftermath');
  t.equal(verdict(at(2_500)), 'fail');
  t.equal(verdict(at(500)), 'fail', 'before it');
  t.equal(verdict(at(500, 2_500)), 'inconclusive', 'under way all the time');
  t.equal(verdict(at(500, 5_500)), 'fail', 'a moment of five seconds');
  t.equal(verdict(at(1_100), at(500)), 'fail', 'one at a quiet moment');
});

await t.test('a whole scenario is excused by a second of overload, and not by a moment', async (t) => {
  const strained = (count: number) =>
    Array.from({ length: count }, (_, nth) => machine(1_000 + 250 * nth, { lagMs: 300 }));
  t.equal(unlessOverloaded(during(...strained(3)), fail).verdict, 'fail');
  t.equal(unlessOverloaded(during(...strained(4)), fail).verdict, 'inconclusive');
});

await t.test('an answer that is late is excused by as much waiting of its nodes, and by no less', async (t) => {
  const window = during(starved(1_000, 'node', 200), starved(1_250, 'node', 200), starved(1_500, 'other', 240));
  const late = (byMs: number, ...nodes: string[]) => ({ ...at(1_000, 3_000), late: { byMs, nodes } });
  const judged = unlessOverloaded(window, fail, [late(390, 'probe', 'node')]);
  t.equal(judged.verdict, 'inconclusive');
  t.match(
    judged.reason,
    /an answer was late by 390 ms, and from 1\.0 s node waited 400 ms for processors that others held/,
  );
  t.strictSame(judged.evidence, [3, 1, 2]);
  const verdict = (...failures: Failure[]) => unlessOverloaded(window, fail, failures).verdict;
  t.equal(verdict(late(410, 'probe', 'node')), 'fail', 'too late for that');
  t.equal(verdict(late(390, 'probe')), 'fail', 'others waited');
  t.equal(verdict(late(600, 'node', 'other')), 'inconclusive', 'both');
  t.equal(verdict(at(1_000, 3_000)), 'fail', 'not late, but refused');
  t.equal(verdict({ ...late(390, 'node'), fromMs: 2_900 }), 'fail', 'long after it');
});

await t.test('an answer that is late is excused by what its host took away, too, and by nothing twice', async (t) => {
  const robbed = (source: string) =>
    [1_000, 1_250, 1_500].map((from) => machine(from, { source, waitedMs: 100, stolen: 0.2 }));
  const late = (byMs: number) => ({ ...at(1_000, 3_000), late: { byMs, nodes: ['node'] } });
  const judged = (byMs: number, ...steps: readonly Step[]) => unlessOverloaded(during(...steps), fail, [late(byMs)]);
  t.match(
    judged(140, ...robbed('probe')).reason,
    /late by 140 ms, and from 1\.0 s the host took away 150 ms\. What was seen: a request failed/,
  );
  t.equal(judged(160, ...robbed('probe')).verdict, 'fail');
  t.equal(judged(160, ...robbed('probe'), ...robbed('other')).verdict, 'fail', 'one machine');
  const both = [...robbed('probe'), starved(1_000, 'node', 200)];
  t.match(
    judged(290, ...both).reason,
    /from 1\.0 s node waited 200 ms for processors that others held, and the host took away 150 ms/,
  );
  t.equal(judged(310, ...both).verdict, 'fail', 'in the first quarter of a second they held it up together');
});

await t.test('what is not late is excused by nothing, and nothing is an excuse', async (t) => {
  const late = (byMs: number) => ({ ...at(1_000, 3_000), late: { byMs, nodes: ['node'] } });
  const idle = [1_000, 1_250].map((from) => machine(from, { waitedMs: 0 }));
  t.equal(unlessOverloaded(during(...idle), fail, [late(1)]).verdict, 'fail');
  t.equal(unlessOverloaded(during(...idle, starved(1_000, 'node', 200)), fail, [late(-100)]).verdict, 'fail');
  t.equal(unlessOverloaded(during(...idle, starved(1_000, 'node', 200)), fail, [late(0)]).verdict, 'fail');
});

await t.test('a pass is not touched', async (t) => {
  const pass = { verdict: 'pass', reason: 'all went well', evidence: [] } as const;
  t.equal(unlessOverloaded(during(machine(0, { lagMs: 900 })), pass, []), pass);
});

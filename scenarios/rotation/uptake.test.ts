import t from 'tap';
import type { Seen } from '../../fixtures/probes/probe.ts';
import type { Recorder } from '../../fixtures/run/recorder.ts';
import { historyOf, node, starved } from '../../src/checkers/history-builder.ts';
import type { History, Outcome } from '../../src/history.ts';
import { untilItStays } from './uptake.ts';

/** Answers one after the other, the last for ever; each takes 100 ms of a clock that only they move. */
async function asked(outcomes: readonly Outcome[], wanted: Outcome, dueMs: number, history: History = historyOf()) {
  let times = 0;
  const recorder = { now: () => 100 * times, history } as Recorder;
  const offer = async (): Promise<Seen> => {
    const outcome = outcomes[Math.min(times++, outcomes.length - 1)]!;
    return { ending: 'closed', outcome, how: 'said so', sessions: [], tookMs: 100 };
  };
  const { signal } = new AbortController();
  const last = await untilItStays({ recorder, signal }, { node: 'a', wanted, dueMs, boundMs: 1_000 }, offer);
  return [last?.outcome, times, last?.how] as const;
}

const [yes, no] = ['refused', 'accepted'] as const;

await t.test('twelve in a row are enough, whenever they begin in time', async (t) => {
  t.strictSame(await asked([yes], yes, 2_000), [yes, 12, 'said so']);
  t.strictSame(await asked([no, no, yes], yes, 2_000), [yes, 14, 'said so']);
});

await t.test('one worker that has heard of it is not all of them: until it is due, a run begins anew', async (t) => {
  t.strictSame(await asked([yes, no, yes, yes, no, yes], yes, 2_000), [yes, 17, 'said so']);
});

await t.test('what never comes is asked until it is due, and once more', async (t) => {
  t.strictSame(await asked([no], yes, 450), [no, 6, 'said so']);
});

await t.test('a run that is broken past the bound was none', async (t) => {
  t.strictSame(await asked([no, no, yes, yes, yes, yes, no], yes, 450), [
    no,
    8,
    'said so; it had been refused 4 in a row before',
  ]);
});

await t.test('a run that is under way when it is due comes to its end', async (t) => {
  t.strictSame(await asked([no, no, no, no, yes], yes, 450), [yes, 16, 'said so']);
});

await t.test('what is first seen past the bound may have come in time, or not', async (t) => {
  const [outcome, times, how] = await asked([no, yes], yes, 50);
  t.strictSame([outcome, times], ['unknown', 13]);
  t.match(how, /the bound had passed: whether it came in time was not seen/);
});

await t.test(
  'a node that the machine kept from running is asked until it ran for a bound, or three have passed',
  async (t) => {
    const held = (...atMs: readonly number[]) =>
      historyOf(node('a', { uptakeMs: 1_000 }), ...atMs.map((fromMs) => starved(fromMs, 'a', 240)));
    // Held up for half of a bound until 1.1 s, which is felt for a bound and a second more.
    t.strictSame(await asked([no], yes, 950, held(350, 600, 850)), [no, 27, 'said so']);
    const always = held(...Array.from({ length: 20 }, (_, at) => 250 * at));
    t.strictSame(await asked([no], yes, 950, always), [no, 40, 'said so']);
    // Whoever comes to it meanwhile came late, or could not come in time: nobody knows.
    t.match(await asked([...Array<Outcome>(15).fill(no), yes], yes, 950, always), [
      'unknown',
      27,
      /said so; this machine was too busy to tell: .* What was seen: the first time that it was so, the bound had passed/,
    ]);
  },
);

await t.test('who does not offer it is not asked again', async (t) => {
  const recorder = { now: () => 0 } as Recorder;
  const { signal } = new AbortController();
  const due = { node: 'a', wanted: yes, dueMs: 1_000, boundMs: 1_000 };
  t.equal(await untilItStays({ recorder, signal }, due, async () => undefined), undefined);
});

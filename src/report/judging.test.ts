import t from 'tap';
import {
  authority,
  bundle,
  every,
  exchange,
  fault,
  historyOf,
  node,
  presented,
  request,
  runStarted,
  scenario,
  svid,
  type Step,
} from '../checkers/history-builder.ts';
import { clauses } from '../clauses/catalogue.ts';
import { entriesOf } from '../history.ts';
import { worst } from '../verdict.ts';

/** A run of a minute: some 20,000 entries on two meshes, with an SVID for each of eight nodes five times a second. */
function longRun() {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const steps: Step[] = [];
  for (const who of names) {
    steps.push(bundle(500, who, ['old', 'new']));
    for (const atMs of every(200, 600, 60_000)) {
      for (const seen of ['delivered', 'presented'] as const)
        steps.push(
          svid(atMs, who, seen, {
            serial: `${who}${atMs}`,
            notAfterMs: atMs + 6_000,
            authority: atMs < 30_000 ? 'old' : 'new',
          }),
        );
    }
    for (const atMs of every(100, 1_010, 60_000)) {
      const serial = `${who}${600 + 200 * Math.floor((atMs - 600) / 200)}`;
      steps.push(
        request('rotation', 'probe', who, atMs, { server: { spiffeId: '', serial } }),
        request('rotation', who, 'probe', atMs),
        presented('rotation', who, atMs, serial),
      );
    }
  }
  for (const during of ['partition-short', 'partition-long']) {
    steps.push(
      [1_000, scenario(during, 'begun')],
      ...names.flatMap((who) => fault(during, who, [1_100, 1_200, 40_000, 40_100])),
      ...every(20, 1_010, 60_000).map((atMs) => request(during, 'a', 'b', atMs)),
      [60_000, scenario(during, 'ended', { recovers: 3_000 })],
    );
  }
  for (const { id } of clauses)
    for (const who of names)
      steps.push(
        exchange(id, 'a row', 'accepted', { node: who }),
        exchange(id, 'a row', 'refused', { node: who }),
        exchange(id, 'a row', 'accepted', { node: who }),
      );
  return historyOf(
    runStarted(),
    ...names.map((who) => node(who)),
    [1_000, scenario('rotation', 'begun')],
    authority(20_000, 'activated', 'new'),
    steps,
    [60_000, scenario('rotation', 'ended', { newSvidPresented: 1_000 })],
  );
}

const judgeAll = (history: ReturnType<typeof longRun>) => clauses.map((clause) => clause.judge(history, clause));

await t.test('a long run is judged in no time, and the same way each time', async (t) => {
  const history = longRun();
  t.ok(history.length > 20_000, `${history.length} entries`);
  const [first, second] = [judgeAll(history), judgeAll(history)];
  t.strictSame(first, second);
  t.not(worst(first.map(({ verdict }) => verdict)), 'pass');
  // By the time of the processor, which a loaded machine does not stretch. What grows with the square of a history takes seconds here.
  const leastMs = Math.min(
    ...[1, 2, 3].map(() => {
      const before = process.cpuUsage();
      judgeAll(history);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    }),
  );
  t.ok(leastMs < 500, `${leastMs.toFixed(0)} ms`);
});

await t.test('entries of a kind are found again after more were written', async (t) => {
  const history = [...historyOf(node('a'))];
  t.equal(entriesOf(history, 'node').length, 1);
  history.push(...historyOf(node('b')));
  t.strictSame(
    entriesOf(history, 'node').map((entry) => entry.node),
    ['a', 'b'],
  );
});

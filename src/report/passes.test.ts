import t from 'tap';
import { clauseOf, historyOf, runEnded, runStarted } from '../checkers/history-builder.ts';
import { entriesOf, type Happening } from '../history.ts';
import { historyOfPass, passesOf } from '../reading/passes.ts';
import type { ClauseVerdict } from '../verdict.ts';
import { buildReport } from './report.ts';

const pass = (name: string, state: 'begun' | 'ended'): Happening => ({
  ...{ kind: 'pass', pass: name, title: `${name} agents`, state, cannotShow: [] },
});
const skip = (clause: string, reason: string): Happening => ({ kind: 'skip', clause, reason });
const scenario = (state: 'begun' | 'ended'): Happening => ({
  ...{ kind: 'scenario', scenario: 'healthy', state, hypothesis: 'holds', clauses: ['mesh/a/b'] },
});
/** A clause that comes to what the last skip of its history names, and cites it. */
const clause = (id: string) =>
  clauseOf(id, (all) => {
    const told = entriesOf(all, 'skip').findLast((one) => one.clause === id);
    return {
      verdict: (told?.reason ?? 'inconclusive') as ClauseVerdict,
      reason: told === undefined ? 'nothing seen' : `saw ${told.reason}`,
      evidence: told === undefined ? [] : [told.index],
    };
  });
const id = 'mesh/a/b';
const inPasses = (...verdicts: readonly (ClauseVerdict | undefined)[]) =>
  historyOf(
    runStarted([id]),
    ...verdicts.flatMap((verdict, at) => [
      pass(`p${at}`, 'begun'),
      ...(verdict === undefined ? [] : [skip(id, verdict)]),
      pass(`p${at}`, 'ended'),
    ]),
    runEnded,
  );

await t.test('a clause comes to the worst of its passes, by the evidence of that one', async (t) => {
  for (const [first, second, wanted] of [
    ['pass', 'pass', 'pass'],
    ['pass', 'fail', 'fail'],
    ['fail', 'pass', 'fail'],
    ['inconclusive', 'fail', 'fail'],
    ['pass', 'inconclusive', 'inconclusive'],
    ['pass', 'deviation', 'deviation'],
    ['skipped', 'pass', 'skipped'],
    ['skipped', 'skipped', 'skipped'],
    ['pass', undefined, 'inconclusive'],
  ] as const) {
    const report = buildReport(inPasses(first, second), [clause(id)]);
    t.equal(report.clauses[0]?.verdict, wanted, `${first} then ${second}`);
    t.strictSame(
      report.clauses[0]?.passes?.map(({ pass, verdict }) => [pass, verdict]),
      [
        ['p0', first],
        ['p1', second ?? 'inconclusive'],
      ],
    );
  }
  const { clauses } = buildReport(inPasses('pass', 'fail'), [clause(id)]);
  t.match(clauses[0], { reason: 'In the pass “p1 agents”: saw fail', evidence: ['history.jsonl#L6'] });
  const same = buildReport(inPasses('pass', 'pass'), [clause(id)]);
  t.match(same.clauses[0], { reason: 'saw pass', evidence: ['history.jsonl#L3'] });
});

await t.test('a pass that leaves a clause out has no part in it, but where no pass looks at it', async (t) => {
  const leaving = (...all: readonly number[]) =>
    inPasses('pass', undefined).map((entry) =>
      entry.kind === 'pass' && all.includes(Number(entry.pass.slice(1))) ? { ...entry, leavesOut: [id] } : entry,
    );
  const [left] = buildReport(leaving(1), [clause(id)]).clauses;
  t.match(left, { verdict: 'pass', reason: 'saw pass', passes: undefined });
  const [nowhere] = buildReport(leaving(0, 1), [clause(id)]).clauses;
  t.match(nowhere, { verdict: 'inconclusive' });
});

await t.test('one pass is judged as a run without passes is', async (t) => {
  const { clauses } = buildReport(inPasses('pass'), [clause(id)]);
  t.match(clauses[0], { verdict: 'pass', reason: 'saw pass' });
  t.equal(clauses[0]?.passes, undefined);
});

await t.test('what was recorded in a pass stands for it alone, what was recorded outside for all', async (t) => {
  const all = historyOf(
    runStarted([id]),
    pass('a', 'begun'),
    skip(id, 'pass'),
    pass('a', 'ended'),
    pass('b', 'begun'),
    skip(id, 'fail'),
    pass('b', 'ended'),
    skip('x', 'y'),
    runEnded,
  );
  const [a, b] = passesOf(all);
  t.strictSame(
    historyOfPass(all, a!).map(({ index }) => index),
    [1, 2, 3, 4, 8, 9],
  );
  t.strictSame(
    historyOfPass(all, b!).map(({ index }) => index),
    [1, 5, 6, 7, 8, 9],
  );
});

await t.test('a pass that never came to its end proves nothing, and a failure in it stays one', async (t) => {
  for (const [verdict, wanted] of [
    ['pass', 'inconclusive'],
    ['fail', 'fail'],
  ] as const) {
    const cut = historyOf(runStarted([id]), pass('a', 'begun'), skip(id, verdict), runEnded);
    t.match(buildReport(cut, [clause(id)]).clauses[0]?.verdict, wanted);
  }
});

await t.test('trouble outside of the passes concerns each of them', async (t) => {
  const troubled = historyOf(
    runStarted([id]),
    { kind: 'trouble', clauses: [], message: 'the disk is full' },
    ...[pass('a', 'begun'), skip(id, 'pass'), pass('a', 'ended'), runEnded],
  );
  t.match(buildReport(troubled, [clause(id)]).clauses[0], { verdict: 'inconclusive', reason: /the disk is full/ });
});

await t.test('the same scenario in two passes is two', async (t) => {
  const twice = historyOf(
    runStarted([id]),
    ...[pass('a', 'begun'), scenario('begun'), scenario('ended'), skip(id, 'pass'), pass('a', 'ended')],
    ...[pass('b', 'begun'), scenario('begun'), skip(id, 'pass'), pass('b', 'ended')],
    runEnded,
  );
  const { scenarios, verdict, clauses } = buildReport(twice, [clause(id)]);
  t.strictSame(
    scenarios.map(({ id, pass, verdict }) => [pass, id, verdict]),
    [
      ['a', 'healthy', 'pass'],
      ['b', 'healthy', 'inconclusive'],
    ],
  );
  t.equal(clauses[0]?.verdict, 'inconclusive', 'it is the scenario of this clause that did not end');
  t.equal(verdict, 'inconclusive');
});

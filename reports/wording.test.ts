import t from 'tap';
import type { Clause } from '../src/clause.ts';
import { promises } from '../src/promises.ts';
import { buildReport } from '../src/report/report.ts';
import { sampleRun } from './sample-run.ts';
import { byPromise, duration, stoppedSentence } from './wording.ts';

const { history, clauses } = sampleRun('pass');
const groups = (catalogue: readonly Clause[]) =>
  byPromise(buildReport(history, catalogue)).map(({ id, clauses: its }) => [id, its.length] as const);

await t.test('a long span is told in minutes', (t) => {
  t.equal(duration(47_249), '47.2 s');
  t.equal(duration(1_922_147), '32 min 2 s');
  t.end();
});

await t.test('every clause stands under one promise, and the five promises in their order', async (t) => {
  const found = groups(clauses);
  t.strictSame(
    found.map(([id]) => id),
    promises.map(({ id }) => id),
  );
  t.equal(
    found.reduce((sum, [, many]) => sum + many, 0),
    clauses.length,
  );
});

await t.test('clauses of no promise and unknown clauses are told apart, and stand last', async (t) => {
  const [first, ...rest] = clauses;
  t.strictSame(groups([{ ...first!, promise: null }, ...rest]).slice(5), [['beside', 1]]);
  t.strictSame(groups(rest).slice(5), [['other', 1]]);
  const [second, ...others] = rest;
  t.strictSame(groups([{ ...second!, promise: null }, ...others]).slice(5), [
    ['beside', 1],
    ['other', 1],
  ]);
});

await t.test('a run that was stopped says whether all of its faults were seen healed', async (t) => {
  const built = buildReport(history, clauses);
  const report = { ...built, run: { ...built.run, aborted: 'stopped by SIGINT' } };
  t.equal(stoppedSentence(report), 'stopped by SIGINT: all faults healed, all programs ended');
  const left = report.scenarios.map((scenario) => ({
    ...scenario,
    faults: scenario.faults.map((one) => ({ ...one, healedProvenBy: null })),
  }));
  t.match(stoppedSentence({ ...report, scenarios: left }), /: 0 of \d+ faults seen healed, all programs ended$/);
});

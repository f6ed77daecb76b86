import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clause } from '../src/clause.ts';
import { promises } from '../src/promises.ts';
import { buildReport } from '../src/report/report.ts';
import { sampleRun } from './sample-run.ts';
import { byPromise } from './wording.ts';

const { history, clauses } = sampleRun('pass');
const groups = (catalogue: readonly Clause[]) =>
  byPromise(buildReport(history, catalogue)).map(({ id, clauses: its }) => [id, its.length] as const);

await test('every clause stands under one promise, and the five promises in their order', () => {
  const found = groups(clauses);
  assert.deepEqual(
    found.map(([id]) => id),
    promises.map(({ id }) => id),
  );
  assert.equal(
    found.reduce((sum, [, many]) => sum + many, 0),
    clauses.length,
  );
});

await test('clauses of no promise and unknown clauses are told apart, and stand last', () => {
  const [first, ...rest] = clauses;
  assert.deepEqual(groups([{ ...first!, promise: null }, ...rest]).slice(5), [['beside', 1]]);
  assert.deepEqual(groups(rest).slice(5), [['other', 1]]);
  const [second, ...others] = rest;
  assert.deepEqual(groups([{ ...second!, promise: null }, ...others]).slice(5), [
    ['beside', 1],
    ['other', 1],
  ]);
});

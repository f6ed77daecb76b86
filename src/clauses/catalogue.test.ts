import assert from 'node:assert/strict';
import { test } from 'node:test';
import { every, historyOf, node, request, runStarted, scenario, skip } from '../checkers/history-builder.ts';
import { findRequirement } from '../requirements/catalogue.ts';
import { clauses } from './catalogue.ts';

const prefixes = {
  tls: ['tls', 'planes'],
  pinning: ['pin', 'svid'],
  tokens: ['tokens'],
  rotation: ['rotation'],
  partition: ['partition-short', 'partition-long'],
} as const;
const levels = ['MUST', 'MUST_NOT', 'SHOULD', 'SHOULD_NOT', 'MAY'];
const subjects = ['validator', 'issuer', 'operator', 'workload-api-server', 'workload-api-client'];

for (const clause of clauses) {
  await test(`clause ${clause.id}`, () => {
    assert.match(clause.id, /^[a-z0-9-]+(\/[a-z0-9-]+){1,2}$/);
    assert.ok(
      (prefixes[clause.promise] as readonly string[]).includes(clause.id.slice(0, clause.id.indexOf('/'))),
      `${clause.id} belongs to ${clause.promise}`,
    );
    if (clause.catalogue !== null) assert.ok(findRequirement(clause.catalogue), `no requirement ${clause.catalogue}`);
    assert.ok(levels.includes(clause.level));
    assert.ok(subjects.includes(clause.subject), clause.subject);
    for (const text of [clause.title, clause.danger, clause.spec]) assert.equal(text, text.trim());
    assert.ok(clause.title.length > 10 && clause.danger.length > 10 && clause.spec.length > 3);
  });

  await test(`clause ${clause.id}: no history that does not speak of it decides it`, () => {
    const empty = [
      historyOf(),
      historyOf(runStarted([clause.id])),
      historyOf(
        runStarted(),
        node('a'),
        node('b'),
        scenario('rotation', 'begun'),
        scenario('rotation', 'ended'),
        scenario('partition-long', 'begun'),
      ),
    ];
    for (const history of empty) assert.equal(clause.judge(history).verdict, 'inconclusive');
    assert.notEqual(
      clause.judge(
        historyOf(
          runStarted(),
          node('a'),
          every(10, 0, 1_000).map((atMs) => request('rotation', 'a', 'a', atMs)),
        ),
      ).verdict,
      'pass',
    );
  });

  await test(`clause ${clause.id}: skipped with a reason, and with none but its own`, () => {
    assert.deepEqual(clause.judge(historyOf(runStarted(), skip(clause.id, 'not here'))), {
      verdict: 'skipped',
      reason: 'not here',
      evidence: [2],
    });
    assert.equal(clause.judge(historyOf(runStarted(), skip(clause.id, ''))).verdict, 'inconclusive');
    assert.equal(clause.judge(historyOf(runStarted(), skip(`${clause.id}s`, 'not here'))).verdict, 'inconclusive');
  });
}

await test('clause ids are unique, and so are titles', () => {
  assert.equal(new Set(clauses.map(({ id }) => id)).size, clauses.length);
  assert.equal(new Set(clauses.map(({ title }) => title)).size, clauses.length);
});

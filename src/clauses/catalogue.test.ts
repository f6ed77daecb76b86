import assert from 'node:assert/strict';
import { test } from 'node:test';
import { every, historyOf, node, request, runStarted, scenario, skip } from '../checkers/history-builder.ts';
import { findRequirement } from '../requirements/catalogue.ts';
import { documents } from '../requirements/documents.ts';
import { promises } from '../promises.ts';
import { clauses, findClause } from './catalogue.ts';

const subjectOf = /^([a-z0-9-]+)\/([a-z0-9-]+)\/[a-z0-9-]+$/;
const levels = ['MUST', 'MUST_NOT', 'SHOULD', 'SHOULD_NOT', 'MAY'];
const subjects = ['validator', 'issuer', 'operator', 'workload-api-server', 'workload-api-client'];

for (const clause of clauses) {
  await test(`clause ${clause.id}`, () => {
    const [, document] = subjectOf.exec(clause.id) ?? assert.fail(`${clause.id} is no document/subject/obligation`);
    assert.ok(
      documents.some(({ id }) => id.toLowerCase() === document),
      document,
    );
    if (clause.promise !== null)
      assert.ok(
        promises.some(({ id }) => id === clause.promise),
        clause.promise,
      );
    assert.equal(new Set(clause.roles).size, clause.roles.length);
    assert.equal(findClause(clause.id), clause);
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
    for (const history of empty) assert.equal(clause.judge(history, clause).verdict, 'inconclusive');
    assert.notEqual(
      clause.judge(
        historyOf(
          runStarted(),
          node('a'),
          every(10, 0, 1_000).map((atMs) => request('rotation', 'a', 'a', atMs)),
        ),
        clause,
      ).verdict,
      'pass',
    );
  });

  await test(`clause ${clause.id}: skipped with a reason, and with none but its own`, () => {
    assert.deepEqual(clause.judge(historyOf(runStarted(), skip(clause.id, 'not here')), clause), {
      verdict: 'skipped',
      reason: 'not here',
      evidence: [2],
    });
    assert.equal(clause.judge(historyOf(runStarted(), skip(clause.id, '')), clause).verdict, 'inconclusive');
    assert.equal(
      clause.judge(historyOf(runStarted(), skip(`${clause.id}s`, 'not here')), clause).verdict,
      'inconclusive',
    );
  });
}

await test('clause ids are unique, and so are titles', () => {
  assert.equal(new Set(clauses.map(({ id }) => id)).size, clauses.length);
  assert.equal(new Set(clauses.map(({ title }) => title)).size, clauses.length);
});

await test('each promise has clauses, and those of one subject stand together', () => {
  for (const { id } of promises)
    assert.ok(
      clauses.some(({ promise }) => promise === id),
      id,
    );
  const subjects = clauses.map(({ id }) => id.slice(0, id.lastIndexOf('/')));
  const begun = subjects.filter((subject, at) => subject !== subjects[at - 1]);
  assert.equal(begun.length, new Set(begun).size, begun.join(' '));
});

await test('the catalogue has no clause of an id that nobody declared', () => {
  assert.equal(findClause('mesh/tls/nothing'), undefined);
});

await test('each clause that a scenario decides is one of the catalogue', () => {
  const decided = ['rotation', 'partition-short', 'partition-long'].flatMap((name) => {
    const mark = scenario(name, 'begun');
    return mark.kind === 'scenario' ? mark.clauses : [];
  });
  assert.equal(new Set(decided).size, decided.length);
  for (const id of decided) assert.ok(findClause(id), id);
});

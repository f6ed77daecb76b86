import t from 'tap';
import { every, historyOf, node, request, runStarted, scenario, skip } from '../checkers/history-builder.ts';
import { findRequirement } from '../requirements/catalogue.ts';
import { documents } from '../requirements/documents.ts';
import { promises } from '../promises.ts';
import { clauses, findClause } from './catalogue.ts';

const subjectOf = /^([a-z0-9-]+)\/([a-z0-9-]+)\/[a-z0-9-]+$/;
const levels = ['MUST', 'MUST_NOT', 'SHOULD', 'SHOULD_NOT', 'MAY'];
const subjects = ['validator', 'issuer', 'operator', 'workload-api-server', 'workload-api-client'];

for (const clause of clauses) {
  await t.test(`clause ${clause.id}`, async (t) => {
    t.match(clause.id, subjectOf);
    const document = subjectOf.exec(clause.id)?.[1];
    t.ok(
      documents.some(({ id }) => id.toLowerCase() === document),
      clause.id,
    );
    if (clause.promise !== null)
      t.ok(
        promises.some(({ id }) => id === clause.promise),
        clause.promise,
      );
    t.equal(new Set(clause.roles).size, clause.roles.length);
    t.equal(findClause(clause.id), clause);
    if (clause.catalogue !== null) t.ok(findRequirement(clause.catalogue), `no requirement ${clause.catalogue}`);
    t.ok(levels.includes(clause.level));
    t.ok(subjects.includes(clause.subject), clause.subject);
    for (const text of [clause.title, clause.danger, clause.spec, clause.limits ?? '']) t.equal(text, text.trim());
    t.ok(clause.title.length > 10 && clause.danger.length > 10 && clause.spec.length > 3);
  });

  await t.test(`clause ${clause.id}: no history that does not speak of it decides it`, async (t) => {
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
    for (const history of empty) t.equal(clause.judge(history, clause).verdict, 'inconclusive');
    t.not(
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

  await t.test(`clause ${clause.id}: skipped with a reason, and with none but its own`, async (t) => {
    t.strictSame(clause.judge(historyOf(runStarted(), skip(clause.id, 'not here')), clause), {
      verdict: 'skipped',
      reason: 'not here',
      evidence: [2],
    });
    t.equal(clause.judge(historyOf(runStarted(), skip(clause.id, '')), clause).verdict, 'inconclusive');
    t.equal(clause.judge(historyOf(runStarted(), skip(`${clause.id}s`, 'not here')), clause).verdict, 'inconclusive');
  });
}

await t.test('clause ids are unique, and so are titles', async (t) => {
  t.equal(new Set(clauses.map(({ id }) => id)).size, clauses.length);
  t.equal(new Set(clauses.map(({ title }) => title)).size, clauses.length);
});

await t.test('each promise has clauses, and those of one subject stand together', async (t) => {
  for (const { id } of promises)
    t.ok(
      clauses.some(({ promise }) => promise === id),
      id,
    );
  const subjects = clauses.map(({ id }) => id.slice(0, id.lastIndexOf('/')));
  const begun = subjects.filter((subject, at) => subject !== subjects[at - 1]);
  t.equal(begun.length, new Set(begun).size, begun.join(' '));
});

await t.test('the catalogue has no clause of an id that nobody declared', async (t) => {
  t.equal(findClause('mesh/tls/nothing'), undefined);
});

await t.test('each clause that a scenario decides is one of the catalogue', async (t) => {
  const decided = ['rotation', 'partition-short', 'partition-long'].flatMap((name) => {
    const mark = scenario(name, 'begun');
    return mark.kind === 'scenario' ? mark.clauses : [];
  });
  t.equal(new Set(decided).size, decided.length);
  for (const id of decided) t.ok(findClause(id), id);
});

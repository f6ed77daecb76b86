import { readdirSync } from 'node:fs';
import t from 'tap';
import { faultKinds } from '../fixtures/faults/kinds.ts';
import { findClause } from '../src/clauses/catalogue.ts';
import { scenarios } from './index.ts';

const files = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => name.slice(0, -'.ts'.length))
  .filter((name) => name !== 'index' && name !== 'scenario');

await t.test('each file of the folder is one scenario, named for its file', async (t) => {
  t.strictSame(scenarios.map(({ id }) => id).toSorted(), files.toSorted());
});

await t.test(
  'what wants a calm mesh comes first, then what begins early, and what ends authorities last',
  async (t) => {
    const places = scenarios.map(({ calm, early, endsAuthorities }) =>
      calm ? 0 : early ? 1 : endsAuthorities ? 3 : 2,
    );
    t.strictSame(places, places.toSorted());
  },
);

for (const { id, title, hypothesis, clauses, steps, faults, bounds } of scenarios) {
  await t.test(`scenario ${id} says what it is`, async (t) => {
    t.ok(clauses.length > 0, 'it decides something');
    for (const clause of clauses) t.equal(findClause(clause.id), clause, 'a clause of the catalogue');
    t.equal(new Set(clauses).size, clauses.length);
    t.ok(title.length > 10 && hypothesis.length > 20 && !hypothesis.endsWith('.'), 'half a sentence for its page');
    t.ok(steps.length > 0 && steps.every((step) => step.endsWith('.')), 'whole sentences for its page');
    for (const fault of faults) t.ok(faultKinds.includes(fault), `${fault.kind} is a kind of fault that there is`);
    t.equal(new Set(bounds.map(({ name }) => name)).size, bounds.length);
  });
}

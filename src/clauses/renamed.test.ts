import { readFile } from 'node:fs/promises';
import t from 'tap';
import { clauses, findClause } from './catalogue.ts';
import { renamed } from './renamed.ts';

const renames = Object.entries(renamed);

await t.test('an old id leads to a clause of the catalogue, and no two of them to the same', async (t) => {
  for (const [old, id] of renames) t.ok(findClause(id), `${old} leads to ${id}, which is not in the catalogue`);
  t.equal(new Set(renames.map(([, id]) => id)).size, renames.length);
});

await t.test('an old id is no new one, so that both names can be taken', async (t) => {
  for (const [old] of renames) t.equal(findClause(old), undefined, old);
});

await t.test('an old id stands in the table once, as it is written there', async (t) => {
  const text = await readFile(new URL('renamed.ts', import.meta.url), 'utf8');
  const written = [...text.matchAll(/^ {2}'([^']+)': '/gm)].map(([, old]) => old!);
  t.strictSame(written, Object.keys(renamed));
});

await t.test('the ids of the first 53 clauses are all known by their old names', async (t) => {
  t.equal(renames.length, 53);
  const prefixes = new Set(renames.map(([old]) => old.slice(0, old.indexOf('/'))));
  t.strictSame(
    [...prefixes],
    ['tls', 'planes', 'pin', 'svid', 'tokens', 'rotation', 'partition-short', 'partition-long'],
  );
  for (const [, id] of renames) t.ok(clauses.some((clause) => clause.id === id));
});

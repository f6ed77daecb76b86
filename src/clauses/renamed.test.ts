import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clauses, findClause } from './catalogue.ts';
import { renamed } from './renamed.ts';

const renames = Object.entries(renamed);

await test('an old id leads to a clause of the catalogue, and no two of them to the same', () => {
  for (const [old, id] of renames) assert.ok(findClause(id), `${old} leads to ${id}, which is not in the catalogue`);
  assert.equal(new Set(renames.map(([, id]) => id)).size, renames.length);
});

await test('an old id is no new one, so that both names can be taken', () => {
  for (const [old] of renames) assert.equal(findClause(old), undefined, old);
});

await test('an old id stands in the table once, as it is written there', async () => {
  const text = await readFile(new URL('renamed.ts', import.meta.url), 'utf8');
  const written = [...text.matchAll(/^ {2}'([^']+)': '/gm)].map(([, old]) => old!);
  assert.deepEqual(written, Object.keys(renamed));
});

await test('the ids of the first 53 clauses are all known by their old names', () => {
  assert.equal(renames.length, 53);
  const prefixes = new Set(renames.map(([old]) => old.slice(0, old.indexOf('/'))));
  assert.deepEqual(
    [...prefixes],
    ['tls', 'planes', 'pin', 'svid', 'tokens', 'rotation', 'partition-short', 'partition-long'],
  );
  for (const [, id] of renames) assert.ok(clauses.some((clause) => clause.id === id));
});

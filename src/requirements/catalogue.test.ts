import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRequirement, requirements, type RequirementId } from './catalogue.ts';
import { documentOf, documents } from './documents.ts';

// The document, the section or area, and a number: X509-SVID-5.2-06, JWT-SVID-SCHEMA-01, MESH-TOK-02.
const scheme = /^[A-Z0-9]+(-[A-Z]+)*-([0-9]+(\.\d+)*|[A-Z]+(\.\d+)?|[A-Z0-9]+)-\d{2}$/;

await test('every requirement has an id of the scheme, of one document, that stands once', () => {
  for (const { id } of requirements) {
    assert.match(id, scheme);
    assert.ok(documentOf(id), id);
  }
  assert.equal(new Set(requirements.map(({ id }) => id)).size, requirements.length);
  assert.equal(new Set(requirements.map(({ id }) => id.toLowerCase())).size, requirements.length);
});

await test('no text of a requirement is empty or ragged', () => {
  for (const { id, source, rule, how, mutant, mapsTo } of requirements) {
    for (const text of [source, rule, how, mutant, mapsTo?.prometheus, mapsTo?.note]) {
      if (text === null || text === undefined) continue;
      assert.ok(text.length > 3, `${id}: ${text}`);
      assert.equal(text, text.trim(), id);
      assert.doesNotMatch(text, / {2}|\n/, id);
    }
    assert.doesNotMatch(source, /keyword/, `${id}: keyword says it`);
  }
});

await test('a metric that SPIRE lacks has neither keys nor type nor name, and one that it has has all', () => {
  for (const { id, mapsTo } of requirements) {
    if (mapsTo === undefined) continue;
    const has = [mapsTo.keys.length > 0, mapsTo.type !== null, mapsTo.prometheus !== null];
    assert.deepEqual(has, Array(3).fill(mapsTo.fit !== 'none'), id);
  }
});

await test('the requirements stand document by document, in the order of the documents', () => {
  const seen = requirements.map(({ id }) => documentOf(id)).filter((name, at, all) => name !== all[at - 1]);
  assert.deepEqual(
    seen,
    documents.map(({ id }) => id),
  );
});

for (const { id, title, incubating: _, ...counts } of documents) {
  await test(`the counts of ${title} are those of its requirements`, () => {
    const own = requirements.filter((one) => documentOf(one.id) === id);
    const having = (testable: string) => own.filter((one) => one.testable === testable).length;
    assert.deepEqual(counts, {
      requirements: own.length,
      blackBox: having('black-box'),
      whiteBox: having('white-box'),
      undecidable: having('no'),
    });
  });
}

await test('a requirement is found by its id, and nothing by another', () => {
  const known = 'X509-SVID-5.2-06' satisfies RequirementId;
  assert.equal(findRequirement(known)?.id, known);
  assert.equal(findRequirement('X509-SVID-5.2-99'), undefined);
  assert.equal(documentOf('X509-SVID-5.2-99'), 'X509-SVID');
  assert.equal(documentOf('nothing'), undefined);
  assert.equal(documentOf('OTHER-1-01'), undefined);
});

await test('an id that the catalogue lacks does not compile', () => {
  // @ts-expect-error there is no such requirement
  const typo = 'X509-SVID-5.2-99' satisfies RequirementId;
  assert.equal(findRequirement(typo), undefined);
});

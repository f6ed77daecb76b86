import t from 'tap';
import { findRequirement, requirements, type RequirementId } from './catalogue.ts';
import { documentOf, documents } from './documents.ts';

// The document, the section or area, and a number: X509-SVID-5.2-06, JWT-SVID-SCHEMA-01, MESH-TOK-02.
const scheme = /^[A-Z0-9]+(-[A-Z]+)*-([0-9]+(\.\d+)*|[A-Z]+(\.\d+)?|[A-Z0-9]+)-\d{2}$/;

await t.test('every requirement has an id of the scheme, of one document, that stands once', async (t) => {
  for (const { id } of requirements) {
    t.match(id, scheme);
    t.ok(documentOf(id), id);
  }
  t.equal(new Set(requirements.map(({ id }) => id)).size, requirements.length);
  t.equal(new Set(requirements.map(({ id }) => id.toLowerCase())).size, requirements.length);
});

await t.test('no text of a requirement is empty or ragged', async (t) => {
  for (const { id, source, rule, how, mutant, mapsTo } of requirements) {
    for (const text of [source, rule, how, mutant, mapsTo?.prometheus, mapsTo?.note]) {
      if (text === null || text === undefined) continue;
      t.ok(text.length > 3, `${id}: ${text}`);
      t.equal(text, text.trim(), id);
      t.notMatch(text, / {2}|\n/, id);
    }
    t.notMatch(source, /keyword/, `${id}: keyword says it`);
    t.notMatch(source, /\.(txt|md)\b/, `${id}: a source is a document's name, not that of a file`);
  }
});

await t.test('a metric that SPIRE lacks has neither keys nor type nor name, and one that it has has all', async (t) => {
  for (const { id, mapsTo } of requirements) {
    if (mapsTo === undefined) continue;
    const has = [mapsTo.keys.length > 0, mapsTo.type !== null, mapsTo.prometheus !== null];
    t.strictSame(has, Array(3).fill(mapsTo.fit !== 'none'), id);
  }
});

await t.test('the requirements stand document by document, in the order of the documents', async (t) => {
  const seen = requirements.map(({ id }) => documentOf(id)).filter((name, at, all) => name !== all[at - 1]);
  t.strictSame(
    seen,
    documents.map(({ id }) => id),
  );
});

for (const { id, title, incubating: _, ...counts } of documents) {
  await t.test(`the counts of ${title} are those of its requirements`, async (t) => {
    const own = requirements.filter((one) => documentOf(one.id) === id);
    const having = (testable: string) => own.filter((one) => one.testable === testable).length;
    t.strictSame(counts, {
      requirements: own.length,
      blackBox: having('black-box'),
      whiteBox: having('white-box'),
      undecidable: having('no'),
    });
  });
}

await t.test('a requirement is found by its id, and nothing by another', async (t) => {
  const known = 'X509-SVID-5.2-06' satisfies RequirementId;
  t.equal(findRequirement(known)?.id, known);
  t.equal(findRequirement('X509-SVID-5.2-99'), undefined);
  t.equal(documentOf('X509-SVID-5.2-99'), 'X509-SVID');
  t.equal(documentOf('nothing'), undefined);
  t.equal(documentOf('OTHER-1-01'), undefined);
});

await t.test('an id that the catalogue lacks does not compile', async (t) => {
  // @ts-expect-error there is no such requirement
  const typo = 'X509-SVID-5.2-99' satisfies RequirementId;
  t.equal(findRequirement(typo), undefined);
});

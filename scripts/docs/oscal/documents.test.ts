import t from 'tap';
import { nodesOf, wrongWith } from '../../../test/oscal/look.ts';
import { format } from '../../../reports/formats/oscal.ts';
import type { ComponentDefinition } from '../../../reports/formats/oscal/model.ts';
import { catalogueIdentifier, controlIdOf } from '../../../reports/formats/oscal/names.ts';
import { clauses } from '../../../src/clauses/catalogue.ts';
import { controlsOf, frameworks } from '../../../src/controls/catalogue.ts';
import { buildReport } from '../../../src/report/report.ts';
import { sampleRun } from '../../../reports/sample-run.ts';
import { catalog } from './catalog.ts';
import { componentDefinition } from './component-definition.ts';
import { published } from './published.ts';

const catalogue = published('catalog', catalog);
const definition = published('component-definition', componentDefinition);
const idsOf = (text: string, key: string) =>
  new Set(nodesOf(JSON.parse(text)).flatMap((node) => (typeof node[key] === 'string' ? [node[key]] : [])));

await t.test('both documents are as NIST has them, and name nothing that is not there', async (t) => {
  t.strictSame(wrongWith(catalogue), []);
  t.strictSame(wrongWith(definition), []);
});

await t.test('a document that is wrong in what a schema does not see is told', async (t) => {
  const edited = (from: RegExp | string, to: string) => wrongWith(catalogue.replace(from, to));
  t.match(edited('"mesh.tls.aead-only"', '"mesh.tls.no-early-data"'), ['id mesh.tls.no-early-data stands twice']);
  t.match(wrongWith(definition.replace(/"uuid": "[^"]*"/g, '"uuid": "86d8ab22-f58e-59f3-8b11-09c0da8f7ad3"')), [
    /stands twice/,
  ]);
  t.match(edited('"version":', '"edition":'), [/required property 'version'/]);
});

await t.test('the catalogue has every clause, and what a run is found to have broken', async (t) => {
  const ids = idsOf(catalogue, 'id');
  for (const { id } of clauses) t.ok(ids.has(controlIdOf(id)), id);
  const { history } = sampleRun('fail');
  const failed = buildReport(history, []);
  const report = {
    ...failed,
    clauses: clauses.map(({ id, title, level, spec }) => ({
      ...failed.clauses[0]!,
      id,
      title,
      level,
      spec,
      verdict: 'fail' as const,
    })),
    objectives: [
      {
        kind: 'bound' as const,
        objective: 'p90<=25ms',
        bench: 'handshake/steady/full',
        verdict: 'fail' as const,
        reason: '',
      },
    ],
    verdict: 'inconclusive' as const,
  };
  const results = format.render(report, history);
  t.strictSame(wrongWith(results), []);
  for (const target of [...idsOf(results, 'target-id'), ...idsOf(results, 'control-id')]) t.ok(ids.has(target), target);
  t.equal(idsOf(results, 'target-id').size, clauses.length + 1, 'each clause, and the bound');
  t.ok(idsOf(results, 'control-id').has('assay.run'), 'the run itself could not be decided, which is no finding');
  t.ok(
    results.includes(JSON.stringify(catalogueIdentifier.identifier)) &&
      catalogue.includes(catalogueIdentifier.identifier),
  );
});

await t.test('the component definition has every control, with the clauses that give evidence of it', async (t) => {
  const { 'component-definition': read } = JSON.parse(definition) as ComponentDefinition;
  const found = read.components
    .flatMap((component) => component['control-implementations'])
    .flatMap((implementation) => implementation['implemented-requirements']);
  t.strictSame(
    found.map((one) => one['control-id']),
    frameworks.flatMap(({ controls }) => controls.map(({ id }) => id)),
  );
  for (const { id } of clauses)
    t.strictSame(
      found.filter(({ props }) => props.some(({ value }) => value === id)).map((one) => one['control-id']),
      controlsOf(id).map(({ control }) => control.id),
      id,
    );
});

await t.test('a document that nothing was changed in keeps the time at which it was last modified', async (t) => {
  t.equal(published('catalog', catalog, catalogue), catalogue);
  const earlier = catalogue.replace(/"last-modified": "[^"]*"/, '"last-modified": "2020-01-01T00:00:00.000Z"');
  t.equal(published('catalog', catalog, earlier), earlier);
  const changed = earlier.replace('A node accepts TLS 1.3', 'A node speaks TLS 1.3');
  t.notMatch(published('catalog', catalog, changed), /2020-01-01/);
  t.notMatch(published('catalog', catalog, 'no JSON'), /2020-01-01/);
});

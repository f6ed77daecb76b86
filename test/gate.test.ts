import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectEngine } from '../fixtures/runtime/container/engine.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { findRequirement, requirements } from '../src/requirements/catalogue.ts';
import { coverageOf, totalOf } from '../src/requirements/coverage.ts';
import { assay, assertEnded, makePlace, project, readHistory, readReport } from './cli-run.ts';

const engine = await connectEngine().then(
  () => undefined,
  (error: Error) => error.message,
);
const documents = ['report.html', 'junit.xml', 'results.tap'];

await test('the gate passes a right mesh of processes, leaves its documents, and they can be made again to the byte', async () => {
  await using place = makePlace();
  const ended = await assay(place, ['gate', '--json', '--seed', '7'], { entry: 'cli/bin.js' });
  assertEnded(place, ended, { code: 0 });
  const report = readReport(ended.out);
  assert.deepEqual(JSON.parse(ended.stdout), report, 'standard output holds the report and nothing else');
  assert.equal(report.verdict, 'pass');
  assert.equal(report.run.seed, 7);
  assert.deepEqual(report.clauses.map(({ id }) => id).sort(), clauses.map(({ id }) => id).sort());
  for (const { id, verdict, reason, evidence } of report.clauses) {
    assert.ok(verdict === 'pass' || verdict === 'deviation', `${id}: ${verdict}: ${reason}`);
    assert.ok(evidence.length > 0, `${id} rests on nothing`);
  }
  for (const { id, faults, verdict } of report.scenarios) {
    assert.equal(verdict, 'pass', id);
    for (const fault of faults) assert.ok(fault.provenBy && fault.healedProvenBy, `${id}: ${JSON.stringify(fault)}`);
  }
  assert.ok(report.bench.some(({ id, count }) => id === 'handshake/full' && count > 300));

  const before = documents.map((name) => readFileSync(join(ended.out, name)));
  for (const name of documents) rmSync(join(ended.out, name));
  const again = await assay(place, ['report', 'render', ended.out]);
  assert.equal(again.code, 0, again.stderr);
  documents.forEach((name, at) => assert.deepEqual(readFileSync(join(ended.out, name)), before[at], name));
});

await test('no private key and no join token stands in what a run keeps', async () => {
  await using place = makePlace();
  const ended = await assay(place, ['gate', '--only', 'tokens,mesh/pinning/exact-id']);
  assertEnded(place, ended, { code: 0 });
  const secret = /PRIVATE KEY|join_token\/[0-9a-f]{8}-[0-9a-f]{4}/;
  const files = readdirSync(ended.out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  assert.ok(files.some((path) => path.endsWith('.log')) && files.some((path) => path.endsWith('history.jsonl')));
  for (const path of files) assert.doesNotMatch(readFileSync(path, 'utf8'), secret, path);
});

await test('the gate passes an independent node written with go-spiffe', async () => {
  const { 'assay-go-node': node } = await locateTools(['assay-go-node'], { onProgress() {} });
  await using place = makePlace();
  const ended = await assay(place, ['gate', '--node', node.path]);
  assertEnded(place, ended, { code: 0, says: [/PASS/] });
  const judged = readHistory(ended.out).filter((entry) => entry.kind === 'node' && entry.judged);
  assert.deepEqual(
    judged.map((entry) => entry.kind === 'node' && entry.implementation),
    [node.path, node.path],
  );
});

await test(
  'the gate passes a right mesh of containers',
  { skip: engine === undefined ? false : `no container engine answers: ${engine}` },
  async () => {
    await using place = makePlace();
    const ended = await assay(place, ['gate', '--runtime', 'container']);
    assertEnded(place, ended, { code: 0, says: [/PASS/] });
    assert.equal(readReport(ended.out).run.runtime, 'container');
  },
);

await test('what there is to judge can be listed by programs', async () => {
  await using place = makePlace();
  for (const what of ['clauses', 'scenarios', 'impostors', 'conformers', 'coverage']) {
    const ended = await assay(place, ['list', what, '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    const listed = JSON.parse(ended.stdout) as { id: string; title: string }[];
    assert.ok(listed.length > 0 && listed.every(({ id, title }) => id && title), what);
    assert.equal(new Set(listed.map(({ id }) => id)).size, listed.length, `${what}: ids are unique`);
  }
});

await test('the list of clauses holds each requirement of the catalogue, tested or with the reason why not', async () => {
  await using place = makePlace();
  const ended = await assay(place, ['list', 'clauses', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const listed = JSON.parse(ended.stdout) as { id: string; catalogue: string | null; status: string }[];
  const tested = listed.filter(({ status }) => status === 'tested');
  assert.deepEqual(
    tested.map(({ id }) => id),
    clauses.map(({ id }) => id),
  );
  const untested = listed.filter(({ status }) => status !== 'tested');
  for (const { id, catalogue, status } of untested) {
    assert.equal(id, catalogue?.toLowerCase());
    const undecidable = findRequirement(catalogue ?? '')?.testable === 'no';
    assert.equal(status, undecidable ? 'not decidable by a program' : 'untested: no check yet', id);
  }
  assert.deepEqual(
    new Set(listed.flatMap(({ catalogue }) => catalogue ?? [])),
    new Set(requirements.map(({ id }) => id)),
  );

  const told = await assay(place, ['list', 'clauses']);
  const lines = told.stdout.trimEnd().split('\n');
  assert.equal(lines.length, clauses.length + 2);
  assert.match(
    lines.at(-1) ?? '',
    new RegExp(`^${untested.length} requirements of the catalogue are untested: assay `),
  );
});

await test('coverage is listed by document, with a total for people', async () => {
  await using place = makePlace();
  const ended = await assay(place, ['list', 'coverage']);
  assert.equal(ended.code, 0, ended.stderr);
  const lines = ended.stdout.trimEnd().split('\n');
  const coverage = coverageOf(clauses);
  assert.equal(lines.length, coverage.length + 2);
  const [decided, untested] = [totalOf(coverage, 'withClause'), totalOf(coverage, 'untested')];
  assert.match(lines.at(-1) ?? '', new RegExp(`^all +${requirements.length}( +\\d+){3} +${decided} +${untested}$`));
});

await test('npm start is the gate', () => {
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.equal(scripts.start, 'node cli/assay.ts gate');
});

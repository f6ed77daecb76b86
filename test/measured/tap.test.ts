import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Parser, type FinalResults, type Result } from 'tap-parser';
import { gatePlan } from '../../plans/gate.ts';
import { decidersOf } from '../../plans/plan.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { endedClauses, settledClauses } from '../../src/report/settled.ts';
import { assay, makePlace, project, readHistory, readReport, startCli } from '../cli-run.ts';

t.setTimeout(300_000);

const letsSiblingsIn = `exec ${process.execPath} ${join(project, 'impostors/node-main.ts')} compare-prefix-with-star-as-server`;

async function read(text: string): Promise<{ readonly final: FinalResults; readonly points: readonly Result[] }> {
  const points: Result[] = [];
  const final = await new Promise<FinalResults>((resolve) => {
    const parser = new Parser({ strict: true }, resolve);
    parser.on('assert', (point) => points.push(point));
    parser.end(text);
  });
  return { final, points };
}

const said = (points: readonly Result[]) =>
  points.map(({ ok, name, skip, todo, diag }) => JSON.stringify({ ok, name, skip, todo, diag })).sort();

await t.test('a gate is streamed: what is broken before what held, and all as its document says', async (t) => {
  await using place = makePlace();
  const { code, stdout, stderr, out } = await assay(place, [
    ...['gate', '--tap', '--only', 'mesh/pinning/*,mesh/planes/*'],
    ...['--node', letsSiblingsIn],
  ]);
  assert.equal(code, 1, `${stderr}\n${stdout}`);
  const { final, points } = await read(stdout);
  const document = await read(readFileSync(join(out, 'results.tap'), 'utf8'));
  t.strictSame(said(points), said(document.points));
  t.equal(final.ok, false);
  t.equal(final.bailout, false);
  t.match(stderr, /• ID pinning/);
  const placeOf = (id: string) => points.findIndex(({ name }) => name.startsWith(`${id} `));
  t.ok(
    placeOf('mesh/pinning/sibling-path') < placeOf('mesh/planes/spire-server'),
    'although the document has it behind that',
  );

  // Whoever had looked at its history after any line would have told the same.
  const history = readHistory(out);
  const last = new Map(readReport(out).clauses.map((clause) => [clause.id, clause]));
  const left = new Map([...decidersOf(gatePlan())].filter(([id]) => last.has(id)));
  for (const [at, { kind }] of history.entries()) {
    if (kind !== 'phase') continue;
    const prefix = history.slice(0, at + 1);
    const ended = endedClauses(prefix, left);
    for (const id of ended) left.delete(id);
    for (const point of settledClauses(prefix, clauses, ended)) t.strictSame(point, last.get(point.id), point.id);
  }
});

await t.test('one that a person stops bails out, and its exit code is as ever', async (t) => {
  await using place = makePlace();
  const run = startCli(place, ['gate', '--tap', '--quiet', '--only', 'mesh/pinning/*']);
  await run.until('the mesh stands', ({ kind }) => kind === 'exchange');
  run.child.kill('SIGINT');
  const { code, stdout } = await run.ended;
  t.equal(code, 130, stdout);
  const { final } = await read(stdout);
  t.match(final.bailout, /SIGINT|stopped/i);
  t.equal(final.ok, false);
});

await t.test('it is not asked for beside JSON, and is no document of a usage error', async (t) => {
  await using place = makePlace();
  const both = await assay(place, ['gate', '--tap', '--json']);
  t.equal(both.code, 2);
  t.match(both.stderr, /--tap.*--json/);
  t.equal(both.stdout, '');
  const wrong = await assay(place, ['gate', '--tap', '--only', 'nothing/*']);
  t.equal(wrong.code, 2);
  t.equal(wrong.stdout, '');
});

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { FixtureError } from '../src/errors.ts';
import { buildReport } from '../src/report/report.ts';
import { attestationFile } from './evidence/files.ts';
import { loadFormats } from './formats.ts';
import { startPapers } from './papers.ts';
import { historyLines, sampleRun } from './sample-run.ts';

const { history, clauses } = sampleRun('pass');
const report = buildReport(history, clauses);

function runDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'assay-papers-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

await t.test('the report and every format are written beside the history', async (t) => {
  using directory = runDirectory();
  writeFileSync(join(directory.path, 'history.jsonl'), historyLines(history));
  await using papers = startPapers();
  await papers.write(directory.path, report);
  const names = (await loadFormats()).map(({ fileName }) => fileName);
  t.strictSame(readdirSync(directory.path).sort(), ['history.jsonl', 'report.json', attestationFile, ...names].sort());
});

await t.test('without a history the report is there, and it is said what is not', async (t) => {
  using directory = runDirectory();
  await using papers = startPapers();
  t.ok(
    await t
      .rejects(papers.write(directory.path, report))
      .then(
        (error) =>
          error instanceof FixtureError && /history\.jsonl: cannot be read.*assay report render/.test(error.message),
      ),
  );
  t.strictSame(readdirSync(directory.path), ['report.json']);
});

await t.test('papers that are stopped while they are written are an error, not a silence', async (t) => {
  using directory = runDirectory();
  writeFileSync(join(directory.path, 'history.jsonl'), historyLines(history));
  const papers = startPapers();
  const writing = t.rejects(papers.write(directory.path, report), /ended before they were made/);
  await papers[Symbol.asyncDispose]();
  await writing;
});

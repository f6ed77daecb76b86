import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FixtureError } from '../src/errors.ts';
import { loadFormats } from './formats.ts';
import { readHistory, RunRecordError } from './read-run.ts';
import { renderReports, writeReportJson } from './render.ts';
import type { RenderAnswer } from './render-worker.ts';
import { historyLines, sampleRun } from './sample-run.ts';

const made: string[] = [];
t.after(() => Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true }))));

async function runDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-render-'));
  made.push(directory);
  const { history, clauses } = sampleRun('inconclusive');
  await writeFile(join(directory, 'history.jsonl'), historyLines(history));
  await writeReportJson(directory, history, clauses);
  return directory;
}

const names = (await loadFormats()).map(({ fileName }) => fileName);
for (const name of ['report.html', 'junit.xml', 'results.tap']) assert.ok(names.includes(name), name);
const contents = (directory: string) =>
  Promise.all(names.map(async (name) => `${name} ${hash('sha256', await readFile(join(directory, name)))}`));

await t.test('the same bytes in this process again, in a worker, and in a fresh process', async (t) => {
  const directory = await runDirectory();
  const written = await renderReports(directory);
  t.strictSame(
    written.map(({ path }) => path),
    names.map((name) => join(directory, name)),
  );
  const first = await contents(directory);
  await renderReports(directory);
  t.strictSame(await contents(directory), first);

  const worker = new Worker(new URL('render-worker.ts', import.meta.url));
  worker.postMessage({ directory });
  const answers = await new Promise<RenderAnswer[]>((resolve, reject) => {
    const seen: RenderAnswer[] = [];
    worker.on('error', reject).on('message', (answer: RenderAnswer) => {
      seen.push(answer);
      if (answer.state !== 'ready') resolve(seen);
    });
  });
  await worker.terminate();
  t.strictSame(answers, [{ state: 'ready' }, { state: 'written', files: written }]);
  t.strictSame(await contents(directory), first);

  const program = `import { renderReports } from ${JSON.stringify(new URL('render.ts', import.meta.url).href)}; await renderReports(${JSON.stringify(directory)});`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  t.strictSame(await contents(directory), first);
});

await t.test('a last line that was cut short is left out', async (t) => {
  const directory = await runDirectory();
  const whole = await readHistory(directory);
  await appendFile(join(directory, 'history.jsonl'), '{"index":9999,"atMs":1,"ki');
  t.equal((await readHistory(directory)).length, whole.length);
});

const first = '{"index":1,"atMs":0,"kind":"run-started","clauses":[]}\n';
const garbage: readonly [title: string, text: string, message: RegExp][] = [
  ['a broken line that was written to its end', `${first}{"index":2,\n`, /history\.jsonl:2: not a JSON object/],
  ['an unknown kind', `${first}{"index":2,"atMs":0,"kind":"surprise"}\n`, /history\.jsonl:2: no kind/],
  ['a kind that is only inherited', `${first}{"index":2,"atMs":0,"kind":"toString"}\n`, /history\.jsonl:2: no kind/],
  [
    'an index that is not its line',
    `${first}{"index":7,"atMs":0,"kind":"phase"}\n`,
    /history\.jsonl:2: its index should be its line, 2/,
  ],
  ['no instant', `${first}{"index":2,"kind":"phase"}\n`, /history\.jsonl:2: atMs/],
  ['an empty file', '', /history\.jsonl:1: a history begins with/],
];
for (const [title, text, message] of garbage) {
  await t.test(`a history with ${title} is refused with file and line`, async (t) => {
    const directory = await runDirectory();
    await writeFile(join(directory, 'history.jsonl'), text);
    t.ok(
      await t
        .rejects(readHistory(directory))
        .then((error) => error instanceof RunRecordError && message.test(error.message)),
    );
  });
}

await t.test(
  'a report.json from before coverage was counted is rendered, and one whose coverage is no list is refused',
  async (t) => {
    const directory = await runDirectory();
    const file = join(directory, 'report.json');
    const { coverage: _, ...older } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify(older));
    t.equal((await renderReports(directory)).length, names.length);
    await writeFile(file, JSON.stringify({ ...older, coverage: 37 }));
    await t.rejects(renderReports(directory), /report\.json: "coverage" is not a list/);
  },
);

await t.test('a report.json that is missing or of another schema is refused', async (t) => {
  const directory = await runDirectory();
  await writeFile(join(directory, 'report.json'), '{"schema":2}');
  await t.rejects(renderReports(directory), /report\.json: wanted "schema": 1, got 2/);
  await rm(join(directory, 'report.json'));
  await t.rejects(renderReports(directory), /report\.json: cannot be read/);
});

await t.test('a format that cannot be written is named, and no half of it stays', async (t) => {
  const directory = await runDirectory();
  await mkdir(join(directory, 'report.html'));
  const error: unknown = await renderReports(directory).catch((thrown: unknown) => thrown);
  t.type(error, FixtureError);
  t.match((error as Error).message, /report\.html: cannot be written: EISDIR/);
  t.notOk((await readdir(directory)).includes('report.html.part'));
});

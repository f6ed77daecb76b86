import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { sampleRun } from '../reports/sample-run.ts';
import { buildReport } from '../src/report/report.ts';
import { beginWorkflow } from './github.ts';

// As the runner reads a line: https://github.com/actions/toolkit, docs/commands.md.
const command = /^::(\w+) title=([^:,]*)::(.*)$/;
const unescaped = (text: string) =>
  text
    .replaceAll('%0A', '\n')
    .replaceAll('%0D', '\r')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');

await t.test('elsewhere nothing is written', (t) => {
  t.equal(
    beginWorkflow({}, () => t.fail('something was written')),
    undefined,
  );
  t.end();
});

await t.test('what failed and what is open is annotated, whoever chose its words', (t) => {
  for (const kind of ['pass', 'fail', 'inconclusive'] as const) {
    const { history, clauses } = sampleRun(kind, '50%, a: b\n::error::of a target\r\n::add-mask::x');
    const report = buildReport(history, clauses);
    let log = '';
    const workflow = beginWorkflow({ GITHUB_ACTIONS: 'true' }, (text) => void (log += text))!;
    const token = /^::stop-commands::([\w-]{36})\n$/.exec(log)?.[1];
    t.ok(token, 'before anything else, commands are stopped');
    log = '';
    workflow.tell(report, history, '/nowhere');
    const [resumed, ...lines] = log.trimEnd().split('\n');
    t.equal(resumed, `::${token}::`);
    const wanted = report.clauses.flatMap(({ id, title, verdict, reason }) =>
      verdict === 'fail' || verdict === 'inconclusive'
        ? [`${verdict === 'fail' ? 'error' : 'warning'} ${id} ${title}: ${reason}`]
        : [],
    );
    const told = lines.map((line) => {
      const [, name, title, message] = command.exec(line) ?? [];
      return `${name} ${unescaped(title ?? '')} ${unescaped(message ?? '')}`;
    });
    t.strictSame(told.sort(), wanted.sort());
  }
  t.end();
});

await t.test('of many the first are shown, and how many more there are', (t) => {
  const { history, clauses } = sampleRun('fail');
  const report = buildReport(history, clauses);
  const failed = report.clauses.find(({ verdict }) => verdict === 'fail')!;
  const many = Array.from({ length: 40 }, (_, nth) => ({ ...failed, id: `mesh/tls/clause-${nth}` }));
  let log = '';
  beginWorkflow({ GITHUB_ACTIONS: 'true' }, (text) => void (log += text))!.tell(
    { ...report, clauses: many },
    history,
    '/nowhere',
  );
  const errors = log.split('\n').filter((line) => line.startsWith('::error '));
  t.equal(errors.length, 10);
  t.equal(errors.at(-1), '::error title=Assay::31 more: see the summary');
  t.end();
});

await t.test('the summary is appended, and outputs hold any directory', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'assay-github-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const [summary, outputs] = [join(dir, 'summary'), join(dir, 'outputs')];
  writeFileSync(summary, 'before\n');
  writeFileSync(join(dir, 'summary.md'), '## Assay\n');
  const { history, clauses } = sampleRun('pass');
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: outputs };
  const tell = () => beginWorkflow(env, () => {})!.tell(buildReport(history, clauses), history, dir);
  tell();
  t.equal(readFileSync(summary, 'utf8'), 'before\n## Assay\n');
  t.match(
    readFileSync(outputs, 'utf8'),
    new RegExp(`^verdict<<(end-\\S+)\\npass\\n\\1\\nreport<<(end-\\S+)\\n${dir}\\n\\2\\n$`),
  );
  writeFileSync(join(dir, 'summary.md'), 'x'.repeat(2_000_000));
  tell();
  t.match(readFileSync(summary, 'utf8'), /Assay: pass\. Its summary is longer than GitHub takes/);
  t.end();
});

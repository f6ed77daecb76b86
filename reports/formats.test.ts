import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import t from 'tap';
import { stripVTControlCharacters } from 'node:util';
import { Parser } from 'tap-parser';
import { create } from 'xmlbuilder2';
import { buildReport } from '../src/report/report.ts';
import { format as htmlFormat } from './formats/html.ts';
import { format as junitFormat } from './formats/junit.ts';
import { format as tapFormat } from './formats/tap.ts';
import { loadFormats } from './formats.ts';
import { withoutOwnScript } from './own-script.ts';
import { sampleRun } from './sample-run.ts';
import { summary } from './terminal.ts';
import { pointsOf } from './points.ts';

const { render: html } = htmlFormat;
const { render: junit } = junitFormat;
const { render: tap } = tapFormat;

const kinds = ['pass', 'fail', 'inconclusive'] as const;
const hostile = '</script><script>alert(1)</script>"\'&]]>\u0000\u001b[2J\u202e # SKIP \\ <%= 1 %> {b}\n...\nok 99';

const report = (kind: (typeof kinds)[number], words = '') => {
  const { history, clauses } = sampleRun(kind, words);
  return { history, report: buildReport(history, clauses) };
};

const files = readdirSync(new URL('formats/', import.meta.url)).filter((name) => name.endsWith('.ts'));

await t.test('every file in formats/ is a format, and keeps to the interface', async (t) => {
  const formats = await loadFormats();
  t.strictSame(
    formats.map(({ id }) => `${id}.ts`),
    files.toSorted(),
  );
  t.equal(new Set(formats.map(({ fileName }) => fileName)).size, formats.length, 'no two write the same file');
  const { report: built, history } = report('inconclusive', hostile);
  for (const { id, title, fileName, render, preload } of formats) {
    t.match(title, /^[A-Z].*\.$/, id);
    t.match(fileName, /^[a-z][a-z.-]*\.[a-z]+$/, id);
    t.ok(!['history.jsonl', 'report.json', 'logs'].includes(fileName), id);
    await preload?.();
    const text = await render(built, history);
    t.not(text, '', id);
    t.equal(await render(built, history), text, `${id}: the same again`);
    for (const clause of built.clauses) t.ok(text.includes(clause.id), `${id} lacks ${clause.id}`);
  }
});

const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

for (const kind of kinds) {
  for (const words of ['', hostile]) {
    const label = `${kind}${words === '' ? '' : ', hostile'}`;
    const { report: built, history } = report(kind, words);
    const points = pointsOf(built, history).length;
    const having = (verdict: string) => built.clauses.filter((clause) => clause.verdict === verdict).length;

    await t.test(`the sample run has the verdict it is named for (${label})`, async (t) =>
      t.equal(built.verdict, kind),
    );

    await t.test(`TAP parses, and every clause is one point (${label})`, async (t) => {
      const failed: unknown[] = [];
      const parser = new Parser();
      parser.on('fail', (result) => failed.push((result.diag as { severity?: unknown }).severity));
      parser.end(tap(built, history));
      const results = parser.results;
      assert.ok(results);
      t.strictSame(
        results.failures.filter((failure) => 'tapError' in failure && failure.tapError),
        [],
      );
      t.equal(results.plan.end, points);
      t.equal(results.count, points);
      t.equal(results.skip, having('skipped'));
      t.strictSame(
        failed.toSorted(),
        [
          ...Array.from({ length: having('fail') }, () => 'fail'),
          ...Array.from({ length: having('inconclusive') }, () => 'inconclusive'),
        ].toSorted(),
      );
    });

    await t.test(`JUnit is well-formed and its totals agree (${label})`, async (t) => {
      const xml = junit(built, history);
      t.doesNotThrow(() => create(xml));
      t.equal(count(xml, /<testcase /g), points);
      t.equal(count(xml, /<failure /g), having('fail'));
      t.equal(count(xml, /<error /g), having('inconclusive'));
      t.equal(count(xml, /<skipped /g), having('skipped'));
      t.notMatch(/<testsuites [^>]*>/.exec(xml)?.[0] ?? '', /skipped|disabled|assertions/);
    });

    await t.test(
      `the page is whole, asks for nothing outside, and lets no word of a target act (${label})`,
      async (t) => {
        const page = await html(built, history);
        const rest = withoutOwnScript(page);
        t.notMatch(rest, /<script|<link|<img|<iframe|@import|url\(\s*["']?https?:/i);
        t.notMatch(rest, /\son\w+=/);
        t.notMatch(page, /undefined|\[object Object\]|NaN/);
        for (const clause of built.clauses) t.ok(page.includes(`<code>${clause.id}</code>`), clause.id);
        t.equal(count(page, /Coverage: \d+ of 720 requirements of 11 documents have a clause \(/g), 1);
        t.equal(
          count(page, /<svg /g),
          built.scenarios.length + 3,
          'latency and processor time in the quiet, and latency under faults',
        );
        t.notMatch(page, /zr\d+-|#0101/);
        const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
        t.strictSame(ids.toSorted(), [...new Set(ids)].toSorted(), 'ids are unique');
      },
    );

    await t.test(`the summary says verdict, reasons and where the report is (${label})`, async (t) => {
      const plain = summary(built, history, { color: false, directory: 'reports/out/x', width: 80 });
      t.match(plain, /^[\n\x20-\x7e]*$/);
      t.ok(plain.includes(kind.toUpperCase()));
      t.ok(plain.includes('reports/out/x/report.html'));
      t.match(plain.replace(/\s+/g, ' '), /coverage \d+ of 720 requirements of 11 documents have a clause \(/);
      for (const clause of built.clauses.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive'))
        t.ok(plain.includes(clause.id));
      const coloured = summary(built, history, { color: true, directory: 'reports/out/x', width: 80 });
      t.match(coloured, /\u001b\[/);
      t.notMatch(stripVTControlCharacters(coloured), /[\u0000\u001b\u202e]/);
    });
  }
}

await t.test('a report from before coverage was counted says nothing of it', async (t) => {
  const { history, report: built } = report('pass');
  const older = { ...built, coverage: [] };
  t.notMatch(await html(older, history), /Coverage:/);
  t.notMatch(summary(older, history, { color: false, directory: 'x', width: 80 }), /coverage/);
});

await t.test('the page draws node names that try to break out of the picture as text', async (t) => {
  const { history, clauses } = sampleRun('pass');
  const renamed = JSON.parse(
    JSON.stringify(history).replaceAll('"edge"', JSON.stringify('<a href="x">{b|</svg>')),
  ) as typeof history;
  const page = await html(buildReport(renamed, clauses), renamed);
  t.notMatch(page, /<a href="x"/);
  t.equal(count(page, /<\/svg>/g), count(page, /<svg /g));
});

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { Parser } from 'tap-parser';
import { create } from 'xmlbuilder2';
import { buildReport } from '../src/report/report.ts';
import { format as htmlFormat } from './formats/html.ts';
import { format as junitFormat } from './formats/junit.ts';
import { format as tapFormat } from './formats/tap.ts';
import { loadFormats } from './formats.ts';
import { sampleRun } from './sample-run.ts';
import { summary } from './terminal.ts';

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

await test('every file in formats/ is a format, and keeps to the interface', async () => {
  const formats = await loadFormats();
  assert.deepEqual(
    formats.map(({ id }) => `${id}.ts`),
    files.toSorted(),
  );
  assert.equal(new Set(formats.map(({ fileName }) => fileName)).size, formats.length, 'no two write the same file');
  const { report: built, history } = report('inconclusive', hostile);
  for (const { id, title, fileName, render, preload } of formats) {
    assert.match(title, /^[A-Z].*\.$/, id);
    assert.match(fileName, /^[a-z][a-z.-]*\.[a-z]+$/, id);
    assert.ok(!['history.jsonl', 'report.json', 'logs'].includes(fileName), id);
    await preload?.();
    const text = await render(built, history);
    assert.notEqual(text, '', id);
    assert.equal(await render(built, history), text, `${id}: the same again`);
    for (const clause of built.clauses) assert.ok(text.includes(clause.id), `${id} lacks ${clause.id}`);
  }
});

const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

for (const kind of kinds) {
  for (const words of ['', hostile]) {
    const label = `${kind}${words === '' ? '' : ', hostile'}`;
    const { report: built, history } = report(kind, words);
    const having = (verdict: string) => built.clauses.filter((clause) => clause.verdict === verdict).length;

    await test(`the sample run has the verdict it is named for (${label})`, () => assert.equal(built.verdict, kind));

    await test(`TAP parses, and every clause is one point (${label})`, () => {
      const failed: unknown[] = [];
      const parser = new Parser();
      parser.on('fail', (result) => failed.push((result.diag as { severity?: unknown }).severity));
      parser.end(tap(built));
      const results = parser.results;
      assert.ok(results);
      assert.deepEqual(
        results.failures.filter((failure) => 'tapError' in failure && failure.tapError),
        [],
      );
      assert.equal(results.plan.end, built.clauses.length);
      assert.equal(results.count, built.clauses.length);
      assert.equal(results.skip, having('skipped'));
      assert.deepEqual(
        failed.toSorted(),
        [
          ...Array.from({ length: having('fail') }, () => 'fail'),
          ...Array.from({ length: having('inconclusive') }, () => 'inconclusive'),
        ].toSorted(),
      );
    });

    await test(`JUnit is well-formed and its totals agree (${label})`, () => {
      const xml = junit(built);
      assert.doesNotThrow(() => create(xml));
      assert.equal(count(xml, /<testcase /g), built.clauses.length);
      assert.equal(count(xml, /<failure /g), having('fail'));
      assert.equal(count(xml, /<error /g), having('inconclusive'));
      assert.equal(count(xml, /<skipped /g), having('skipped'));
      assert.doesNotMatch(/<testsuites [^>]*>/.exec(xml)?.[0] ?? '', /skipped|disabled|assertions/);
    });

    await test(`the page is whole, asks for nothing outside, and lets no word of a target act (${label})`, async () => {
      const page = await html(built, history);
      assert.doesNotMatch(page, /<script|<link|<img|<iframe|@import|url\(\s*["']?https?:/i);
      assert.doesNotMatch(page, /\son\w+=/);
      assert.doesNotMatch(page, /undefined|\[object Object\]|NaN/);
      for (const clause of built.clauses) assert.ok(page.includes(`<code>${clause.id}</code>`), clause.id);
      assert.equal(count(page, /Coverage: \d+ of 720 requirements of 11 documents have a clause \(/g), 1);
      assert.equal(count(page, /<svg /g), built.scenarios.length + 1);
      assert.doesNotMatch(page, /zr\d+-|#0101/);
      const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
      assert.deepEqual(ids.toSorted(), [...new Set(ids)].toSorted(), 'ids are unique');
    });

    await test(`the summary says verdict, reasons and where the report is (${label})`, () => {
      const plain = summary(built, { color: false, directory: 'reports/out/x', width: 80 });
      assert.match(plain, /^[\n\x20-\x7e]*$/);
      assert.ok(plain.includes(kind.toUpperCase()));
      assert.ok(plain.includes('reports/out/x/report.html'));
      assert.match(plain.replace(/\s+/g, ' '), /coverage \d+ of 720 requirements of 11 documents have a clause \(/);
      for (const clause of built.clauses.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive'))
        assert.ok(plain.includes(clause.id));
      const coloured = summary(built, { color: true, directory: 'reports/out/x', width: 80 });
      assert.match(coloured, /\u001b\[/);
      assert.doesNotMatch(stripVTControlCharacters(coloured), /[\u0000\u001b\u202e]/);
    });
  }
}

await test('a report from before coverage was counted says nothing of it', async () => {
  const { history, report: built } = report('pass');
  const older = { ...built, coverage: [] };
  assert.doesNotMatch(await html(older, history), /Coverage:/);
  assert.doesNotMatch(summary(older, { color: false, directory: 'x', width: 80 }), /coverage/);
});

await test('the page draws node names that try to break out of the picture as text', async () => {
  const { history, clauses } = sampleRun('pass');
  const renamed = JSON.parse(
    JSON.stringify(history).replaceAll('"edge"', JSON.stringify('<a href="x">{b|</svg>')),
  ) as typeof history;
  const page = await html(buildReport(renamed, clauses), renamed);
  assert.doesNotMatch(page, /<a href="x"/);
  assert.equal(count(page, /<\/svg>/g), count(page, /<svg /g));
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import { parse } from 'node-html-parser';
import t from 'tap';
import { buildReport, type Report } from '../../src/report/report.ts';
import { sampleRun, type SampleKind } from '../sample-run.ts';
import { badge } from './badge.ts';
import { indexPage } from './index-page.ts';
import { readRuns } from './runs.ts';

const hostile = '</script><script>alert(1)</script>"\'&]]>\u0000\u001b[2J\u202e';

function reportOf(kind: SampleKind, startedAt: string, words = ''): Report {
  const { history, clauses } = sampleRun(kind, words);
  const report = buildReport(history, clauses);
  return { ...report, run: { ...report.run, startedAt, command: `assay gate ${words}` } };
}

const folder = mkdtempSync(join(tmpdir(), 'assay-over-time-'));
t.after(() => rmSync(folder, { recursive: true }));
const keep = (name: string, text: string) => {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'report.json'), text);
};
keep('later', JSON.stringify(reportOf('fail', '2026-11-23T09:30:00.000Z')));
keep('a & "b"', JSON.stringify(reportOf('pass', '2026-11-24T09:30:00.000Z', hostile)));
keep('early', JSON.stringify(reportOf('inconclusive', '2026-11-22T09:30:00.000Z')));
keep('broken', '{"schema": 7}');
keep('odd', JSON.stringify({ ...reportOf('pass', '2026-11-25T09:30:00.000Z'), verdict: 'good' }));
mkdirSync(join(folder, 'killed'));
writeFileSync(join(folder, 'killed', 'history.jsonl'), '{}\n');
mkdirSync(join(folder, 'nothing'));
writeFileSync(join(folder, 'index.html'), 'an older one');

await t.test('runs are read in the order in which they began, and what cannot be read is told', async (t) => {
  const { runs, unreadable } = await readRuns(folder);
  t.strictSame(
    runs.map(({ name }) => name),
    ['early', 'later', 'a & "b"'],
  );
  t.match(unreadable, [
    { name: 'broken', why: /wanted "schema": 1, got 7/ },
    { name: 'killed', why: /report\.json: cannot be read/ },
    { name: 'odd', why: /is no report of this version/ },
  ]);
  t.equal(unreadable.length, 3);
});

await t.test('the page tells the latest run, what did not always hold, and every run', async (t) => {
  const kept = await readRuns(folder);
  const text = await indexPage(kept);
  t.equal(await indexPage(kept), text, 'the same again');
  t.notMatch(text, /<script|<link|<img|<iframe|\son\w+=/i);
  t.notMatch(text, /undefined|\[object Object\]|NaN/);
  const page = parse(text);
  t.equal(page.querySelector('h1')!.text.trim(), '✔The latest run came to pass');
  t.strictSame(
    page.querySelectorAll('.figures tbody th a').map((link) => link.getAttribute('href')),
    ['a%20%26%20%22b%22/report.html', 'later/report.html', 'early/report.html'],
  );
  const { clauses } = kept.runs[1]!.report;
  const strip = page.querySelectorAll('.strip tbody tr').map((row) => ({
    id: row.querySelector('code')!.text,
    words: row.querySelectorAll('span').map((cell) => cell.getAttribute('title')!.split(': ').at(-1)),
  }));
  for (const { id } of clauses.filter(({ verdict }) => verdict === 'fail'))
    t.strictSame(strip.find((row) => row.id === id)?.words.slice(1), ['broken', 'held'], id);
  t.notOk(
    strip.some(({ words }) => words.every((word) => word === 'held')),
    'what always held has no row',
  );
  t.equal([...text.matchAll(/<svg /g)].length, 1, 'handshakes over time');
  t.match(text, /Not read: .*broken/s);
});

await t.test('a badge is an image of one verdict', async (t) => {
  for (const kind of ['pass', 'fail', 'inconclusive'] as const) {
    const svg = badge(reportOf(kind, '2026-11-22T09:30:00.000Z'));
    t.equal(XMLValidator.validate(svg), true);
    t.match(svg, new RegExp(`aria-label="assay: ${kind} · 2026-11-22"`));
  }
});

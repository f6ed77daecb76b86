import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import t from 'tap';
import { eventually } from '../../fixtures/run/eventually.ts';
import { reasonOf } from '../../reports/points.ts';
import { historyLines } from '../../reports/sample-run.ts';
import { sizedRun, type RunSize } from '../../reports/sized-run.ts';
import { count, outcomes, thousands, verdictWords } from '../../reports/wording.ts';
import type { Clause } from '../../src/clause.ts';
import { clauses as catalogue } from '../../src/clauses/catalogue.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import { buildReport, type Report } from '../../src/report/report.ts';
import { assay, assertNothingRuns, makePlace, startCli, type Place } from '../cli-run.ts';
import { withoutChromium } from '../in-chromium.ts';

// The page on paper: it says what the page says, belongs to the sealed run, and leaves nothing behind.

t.setTimeout(600_000);
const skip = withoutChromium;

await t.test(
  'the PDF says of each clause what the page says, with tags, outline, title and page numbers',
  { skip },
  async (t) => {
    await using place = makePlace();
    const { directory, report } = await sealedRun(place, { clauses: 120, scenarios: 3, holds: false });
    const printed = await assay(place, ['report', 'pdf', directory]);
    assert.equal(printed.code, 0, printed.stderr);
    t.equal(printed.stdout, `${join(directory, 'report.pdf')}\n`);
    const pdf = await readPdf(join(directory, 'report.pdf'));
    for (const clause of report.clauses) {
      const { sign, word } = verdictWords[outcomeOf(clause)];
      const says = [sign, clause.title, clause.verdict === 'pass' ? '' : word, reasonOf(clause)];
      assert.ok(pdf.text.includes(says.map(packed).join('')), `${clause.id}: ${says.join(' ')}`);
      assert.ok(pdf.text.includes(packed(clause.id)), clause.id);
    }
    for (const outcome of outcomes) {
      const found = count(report.clauses, outcome);
      if (found > 0) t.ok(pdf.text.includes(packed(`${thousands(found)} ${verdictWords[outcome].word}`)), outcome);
    }
    for (const scenario of report.scenarios)
      t.ok(pdf.text.includes(packed(`${scenario.id} ${verdictWords[scenario.verdict].word}`)), scenario.id);
    t.ok(pdf.text.includes(packed(`Assay, run ${report.run.id}`)));
    t.ok(pdf.text.includes(packed(`${pdf.pages} / ${pdf.pages}`)), 'pages are numbered');
    t.ok(pdf.title.endsWith(report.run.id), pdf.title);
    t.ok(pdf.isTagged);
    t.match(pdf.outline, ['The mesh broke a promise']);
    // Sealed with the rest, and what was done to it shows.
    t.equal((await assay(place, ['report', 'verify', directory])).code, 3, 'whole, and signed by nobody');
    writeFileSync(join(directory, 'report.pdf'), '%PDF-1.7 all is well %%EOF');
    const verified = await assay(place, ['report', 'verify', directory]);
    t.equal(verified.code, 1);
    t.match(verified.stdout, /report\.pdf.*is not what was sealed/s);
    const again = await assay(place, ['report', 'pdf', directory]);
    t.equal(again.code, 1);
    t.match(again.stderr, /nothing was printed: .* is not as it was sealed/);
    await assertNothingRuns(place);
    t.strictSame(place.scratch(), []);
  },
);

await t.test(
  'a signed run takes no other file; a PDF that was there is printed again to be signed',
  { skip },
  async (t) => {
    await using place = makePlace();
    const { directory } = await sealedRun(place, { clauses: 5, scenarios: 1, holds: true }, catalogue);
    const key = join(place.dir, 'key.pem');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(place.dir, 'key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    const verify = () => assay(place, ['report', 'verify', directory, '--key', join(place.dir, 'key.pub')]);
    assert.equal((await assay(place, ['report', 'pdf', directory])).code, 0);
    const signed = await assay(place, ['report', 'sign', directory, '--sign-key', key]);
    assert.equal(signed.code, 0, signed.stderr);
    t.equal((await verify()).code, 0);
    const before = readdirSync(directory).map((name) => [name, hashable(join(directory, name))]);
    const refused = await assay(place, ['report', 'pdf', directory]);
    t.equal(refused.code, 2);
    t.match(refused.stderr, /is signed by .*; write it elsewhere, with --out FILE/);
    const inside = await assay(place, ['report', 'pdf', directory, '--out', join(directory, 'logs/x.pdf')]);
    t.equal(inside.code, 2);
    t.match(inside.stderr, /--out .*: lies in the run/);
    const elsewhere = join(place.dir, 'paper.pdf');
    t.equal((await assay(place, ['report', 'pdf', directory, '--out', elsewhere])).code, 0);
    t.ok(existsSync(elsewhere));
    t.strictSame(
      readdirSync(directory).map((name) => [name, hashable(join(directory, name))]),
      before,
      'the run is as it was',
    );
    t.equal((await verify()).code, 0);
  },
);

await t.test('a PDF that somebody laid beside a sealed run is found', async (t) => {
  await using place = makePlace();
  const { directory } = await sealedRun(place, { clauses: 5, scenarios: 1, holds: true });
  writeFileSync(join(directory, 'report.pdf'), '%PDF-1.7 all is well %%EOF');
  const verified = await assay(place, ['report', 'verify', directory]);
  t.equal(verified.code, 1);
  t.match(verified.stdout, /report\.pdf.*was added/s);
});

await t.test('without a Chromium, or with what is none, it is said what would be right', async (t) => {
  await using place = makePlace();
  const { directory } = await sealedRun(place, { clauses: 5, scenarios: 1, holds: true });
  const tool = join(place.dir, 'no-browser');
  writeFileSync(tool, '#!/bin/sh\necho "the display is gone" >&2\nexit 7\n', { mode: 0o755 });
  for (const [env, code, message] of [
    [
      { ASSAY_CHROMIUM: '', PATH: place.dir },
      2,
      /report pdf: no Chromium is on the PATH .*install one .*ASSAY_CHROMIUM/,
    ],
    [{ ASSAY_CHROMIUM: '/nowhere/chromium' }, 2, /ASSAY_CHROMIUM=\/nowhere\/chromium does not name a program/],
    [
      { ASSAY_CHROMIUM: tool },
      undefined,
      /no-browser, to print the report: ended with code 7; its last words: the display is gone/,
    ],
  ] as const) {
    const ended = await startCli(place, ['report', 'pdf', directory], { env }).ended;
    if (code === undefined) t.not(ended.code, 0);
    else t.equal(ended.code, code);
    t.match(ended.stderr, message);
    t.notOk(
      readdirSync(directory).some((name) => name.startsWith('report.pdf')),
      'nothing half-done',
    );
  }
  await assertNothingRuns(place);
  t.strictSame(place.scratch(), []);
});

await t.test('kill -9 leaves neither a browser nor its profile', { skip }, async (t) => {
  await using place = makePlace();
  const { directory } = await sealedRun(place, { clauses: 300, scenarios: 10, holds: true });
  const cli = startCli(place, ['report', 'pdf', directory]);
  const browsers = () => browsersOf(place);
  await eventually('the browser and one of its parts run', () => browsers().length >= 2, {
    ...{ withinMs: 60_000, everyMs: 5 },
    unless: () => (cli.child.exitCode === null ? undefined : 'it ended before its browser was seen'),
  });
  cli.child.kill('SIGKILL');
  await cli.ended;
  await eventually('neither is left', () => browsers().length + place.scratch().length === 0, { withinMs: 10_000 });
  t.strictSame([browsers(), place.scratch()], [[], []]);
  t.notOk(existsSync(join(directory, 'report.pdf')));
});

/** A run of a size with all of its documents, sealed. Only what the catalogue judges is signed. */
async function sealedRun(
  place: Place,
  size: RunSize,
  judgedBy?: readonly Clause[],
): Promise<{ readonly directory: string; readonly report: Report }> {
  const directory = join(place.dir, 'run');
  mkdirSync(directory);
  const { history, clauses } = sizedRun(size);
  const report = buildReport(history, judgedBy ?? clauses);
  writeFileSync(join(directory, 'history.jsonl'), historyLines(history));
  writeFileSync(join(directory, 'report.json'), JSON.stringify(report));
  const rendered = await assay(place, ['report', 'render', directory]);
  assert.equal(rendered.code, 0, rendered.stderr);
  return { directory, report };
}

/** Browsers that write into this place, by their command lines. */
function browsersOf(place: Place): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      return command.includes(`--user-data-dir=${place.dir}`) &&
        !/ [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
        ? [command]
        : [];
    } catch {
      return [];
    }
  });
}

/** As letters stand beside each other, however they were set. */
function packed(text: string): string {
  return text.replaceAll(/\s+/g, '');
}

function hashable(path: string): string | null {
  return path.endsWith('logs') ? null : readFileSync(path).toString('base64');
}

async function readPdf(path: string) {
  const pdf = await getDocument({ data: new Uint8Array(readFileSync(path)), useSystemFonts: false, verbosity: 0 })
    .promise;
  const texts = await Promise.all(
    Array.from({ length: pdf.numPages }, async (_, at) => {
      const { items } = await (await pdf.getPage(at + 1)).getTextContent();
      return items.map((item) => ('str' in item ? item.str : '')).join('');
    }),
  );
  const { info } = await pdf.getMetadata();
  return {
    text: packed(texts.join('')),
    pages: pdf.numPages,
    title: String((info as { readonly Title?: unknown }).Title),
    isTagged: readFileSync(path, 'latin1').includes('/Marked true'),
    outline: (await pdf.getOutline()).map(({ title }) => title.replace(/^\W+/, '')),
  };
}

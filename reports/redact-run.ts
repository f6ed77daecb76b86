import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { chained } from '../src/evidence/chain.ts';
import { FixtureError, messageOf, UsageError } from '../src/errors.ts';
import type { Clause } from '../src/clause.ts';
import type { History } from '../src/history.ts';
import { buildReport, type Report } from '../src/report/report.ts';
import { disagreements } from '../src/report/judged-again.ts';
import { differencesOf } from '../src/redaction/differences.ts';
import { redactHistory, type RedactedHistory } from '../src/redaction/redact.ts';
import { parsedJson } from '../src/json.ts';
import { readEnvelope } from './evidence/dsse.ts';
import { attestationFile, filesOf, records } from './evidence/files.ts';
import { seal } from './evidence/seal.ts';
import type { Signer } from './evidence/signer.ts';
import { verifyRun } from './evidence/verify.ts';
import { loadFormats } from './formats.ts';
import { readHistory, readReport } from './read-run.ts';
import { renderReports, saveReportJson } from './render.ts';
import { summary } from './terminal.ts';
import { writeWhole } from './write-whole.ts';

/** What came of redacting a run. */
export interface RedactedRun {
  /** Why nothing was written; empty where all was. */
  readonly refused: readonly string[];
  readonly report?: Report;
}

const mostTold = 20;

/**
 * Makes a run of a run: the same verdicts, with pseudonyms for names and addresses, in a directory of its own. Logs are not taken along.
 *
 * It is written only when the original is as it was sealed, its history bears out what it says, the redacted one comes to the same verdicts, counts
 * and reasons, and no original is found in any byte of it.
 *
 * @throws RunRecordError when the run cannot be read, UsageError for a directory that cannot take it, FixtureError when it cannot be written
 */
export async function redactRun(
  directory: string,
  out: string,
  { clauses, signer }: { readonly clauses: readonly Clause[]; readonly signer?: Signer | undefined },
): Promise<RedactedRun> {
  refuseOut(directory, out);
  const [history, stated, verified] = await Promise.all([
    readHistory(directory),
    readReport(directory),
    verifyRun(directory),
  ]);
  const judged = buildReport(history, clauses);
  const wrong = [
    ...verified.findings.map(({ where, what }) => `${where} of the original ${what}`),
    ...disagreements(stated, judged).map(
      ({ what, id }) => `the history does not bear out the verdict of the ${what} ${id}`,
    ),
  ];
  if (wrong.length > 0) return { refused: wrong.slice(0, mostTold) };

  const hashes = new Map((await filesOf(directory, records)).map(({ name, sha256 }) => [name, sha256]));
  const redacted = redactHistory(history, {
    historySha256: hashes.get('history.jsonl')!,
    reportSha256: hashes.get('report.json')!,
  });
  const report = buildReport(redacted.history, clauses);
  const different = [
    ...redacted.left.map((name) => `${JSON.stringify(name)} is left in the history`),
    ...differencesOf(judged, report, redacted.renamed),
  ];
  if (different.length > 0) return { refused: different.slice(0, mostTold) };

  const draft = `${resolve(out)}.part-${randomUUID()}`;
  try {
    await mkdir(draft, { recursive: true });
    await writeWhole(join(draft, 'history.jsonl'), chained(redacted.history.map((entry) => JSON.stringify(entry))));
    await saveReportJson(draft, report);
    const written = await renderReports(draft);
    await seal(draft, { documents: written, signer });
    const left = await leftIn(draft, redacted, clauses);
    if (left.length > 0) {
      await rm(draft, { recursive: true });
      return { refused: left.slice(0, mostTold) };
    }
    if (existsSync(out)) await rmdir(out);
    await rename(draft, out);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error instanceof FixtureError || error instanceof UsageError
      ? error
      : new FixtureError(`${out}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
  return { refused: [], report };
}

/** @throws UsageError where it is or holds something, or lies in the original */
function refuseOut(directory: string, out: string): void {
  const wanted = 'name a directory that is not there yet';
  if (out.trim() === '') throw new UsageError(`--out: says nothing; ${wanted}`);
  if (existsSync(out) && !(statSync(out).isDirectory() && readdirSync(out).length === 0))
    throw new UsageError(`--out ${out}: is there already, and nothing is written over; ${wanted}`);
  let parent = resolve(out);
  while (!existsSync(parent)) parent = dirname(parent);
  const whole = join(realpathSync(parent), relative(parent, resolve(out)));
  const original = existsSync(directory) ? realpathSync(directory) : resolve(directory);
  if (whole === original || whole.startsWith(original + sep))
    throw new UsageError(`--out ${out}: lies in the run that is to be redacted; ${wanted}, elsewhere`);
}

/**
 * Originals that stand in a file of a redacted run, or in what its attestation holds. A name may be a word that Assay itself says of every run, such as
 * `server`: such a word counts only where it would not stand in the papers of the same run without the words of others.
 */
async function leftIn(directory: string, redacted: RedactedHistory, clauses: readonly Clause[]): Promise<string[]> {
  const texts = await Promise.all(
    readdirSync(directory).map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const),
  );
  const found = texts
    .flatMap(
      ([name, text]) => [[name, text], ...(name === attestationFile ? [[name, statementIn(text)]] : [])] as const,
    )
    .flatMap(([name, text]) => redacted.remains.in(text!).map((left) => ({ file: name!, ...left })));
  if (found.length === 0) return [];
  const own = new Set(
    (await textsOf(redacted.bare, clauses)).flatMap((text) => redacted.remains.in(text).map(({ word }) => word)),
  );
  const left = found.filter(({ word }) => !own.has(word));
  return [...new Set(left.map(({ file, name }) => `${JSON.stringify(name)} is left in ${file}`))];
}

/** What the envelope holds, and what that holds in base64 in its turn. */
function statementIn(text: string): string {
  const payload = Buffer.from(readEnvelope(text).payload, 'base64').toString('utf8');
  const statement = parsedJson(payload) as {
    readonly predicate: { readonly configuration: readonly { readonly content: string }[] };
  };
  return [
    payload,
    ...statement.predicate.configuration.map(({ content }) => Buffer.from(content, 'base64').toString('utf8')),
  ].join('\n');
}

async function textsOf(history: History, clauses: readonly Clause[]): Promise<string[]> {
  const report = buildReport(history, clauses);
  const formats = await loadFormats();
  return [
    ...history.map((entry) => JSON.stringify(entry)),
    JSON.stringify(report),
    summary(report, history, { color: false, directory: '', width: 100 }),
    ...(await Promise.all(formats.map(async (format) => format.render(report, history)))),
  ];
}

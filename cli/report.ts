import { createPublicKey } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { findChromium, noChromium } from '../fixtures/chromium/find.ts';
import { annotationsOf } from '../reports/annotations.ts';
import { attestationFile, printedFile } from '../reports/evidence/files.ts';
import { seal } from '../reports/evidence/seal.ts';
import { keyIdOf } from '../reports/evidence/dsse.ts';
import { verifyRun, type Trust } from '../reports/evidence/verify.ts';
import { badge } from '../reports/over-time/badge.ts';
import { indexPage } from '../reports/over-time/index-page.ts';
import { readRuns } from '../reports/over-time/runs.ts';
import { readHistory, readReport } from '../reports/read-run.ts';
import { redactRun } from '../reports/redact-run.ts';
import { renderReports, writeReportJson } from '../reports/render.ts';
import { diffSummary } from '../reports/terminal/diff.ts';
import { judgedAgainSummary } from '../reports/terminal/judged-again.ts';
import { wrap } from '../reports/terminal/text.ts';
import { verifiedSummary } from '../reports/terminal/verified.ts';
import { writeWhole } from '../reports/write-whole.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { UsageError } from '../src/errors.ts';
import { diffReports, verdictOfDiff } from '../src/report/diff.ts';
import { disagreements } from '../src/report/judged-again.ts';
import { buildReport, type Report } from '../src/report/report.ts';
import { version } from '../src/version.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { printRun } from './print-run.ts';
import { ofRunRecord } from './run-record.ts';
import { signerFrom, trustFrom, type TrustFlags } from './signing.ts';

/** How a command of `assay report` that looks at runs tells what it saw. */
export interface TellFlags {
  readonly json: boolean;
  readonly color: boolean;
}

/** `assay report render`: the same bytes each time. A run that was killed has no report.json yet; its history is judged first. */
export function renderCommand(directory: string): Promise<number> {
  return ofRunRecord('report render', () => render(directory));
}

async function render(directory: string): Promise<number> {
  const before = await verifyRun(directory);
  if (!existsSync(join(directory, 'report.json')))
    await writeReportJson(directory, await readHistory(directory), clauses);
  const written = await renderReports(directory);
  for (const { path } of written) process.stdout.write(`${path}\n`);
  // What somebody signed, or what is not as it was sealed, stays as it is: that is found, and told, by whoever verifies it.
  const isOurs = before.signer === null && before.findings.length === 0;
  if (isOurs) await seal(directory, { documents: [...written, { fileName: printedFile }] });
  else if ((await verifyRun(directory)).findings.length > 0)
    process.stderr.write(`${directory} is not as it was sealed; see: assay report verify ${directory}\n`);
  return 0;
}

/** `assay report annotations`: prints what Grafana is to show of a run over its dashboards, one a line. */
export function annotationsCommand(directory: string): Promise<number> {
  return ofRunRecord('report annotations', async () => {
    const [report, history] = await Promise.all([readReport(directory), readHistory(directory)]);
    for (const annotation of annotationsOf(report, history)) process.stdout.write(`${JSON.stringify(annotation)}\n`);
    return exitCodes.pass;
  });
}

/**
 * `assay report verify`: whether a run is as it was sealed, and signed by who has to have signed it. Exit code 1 where it is not, 3 where nobody
 * vouches for it.
 */
export async function verifyCommand(directory: string, flags: TellFlags & TrustFlags): Promise<number> {
  const trust = trustFrom(flags);
  const verified = await ofRunRecord('report verify', () => verifyRun(directory, trust));
  tell(flags, verified, (options) => verifiedSummary(verified, options));
  return { whole: exitCodes.pass, tampered: exitCodes.fail, unsigned: exitCodes.inconclusive }[verified.state];
}

/**
 * `assay report sign`: vouches for a run that is there. Exit code 1, and nothing is signed, where it is not as it was sealed, or says other than its
 * history bears out.
 */
export async function signCommand(
  directory: string,
  flags: TellFlags & { readonly signKey?: string },
): Promise<number> {
  const signer = signerFrom(flags.signKey);
  if (signer === undefined)
    throw new UsageError('report sign: wants --sign-key FILE, or a key or the path of one in ASSAY_SIGN_KEY');
  const keyid = keyIdOf(signer.key);
  const once = await ofRunRecord('report sign', () => verifyRun(directory));
  if (once.keyid !== null && once.keyid !== keyid)
    throw new UsageError(`report sign ${directory}: is signed by ${once.signer} already, and nobody signs over that`);
  const own: Trust = { kind: 'key', key: createPublicKey(signer.key) };
  const verified = once.keyid === null ? once : await verifyRun(directory, own);
  if (verified.findings.length > 0) {
    tell(flags, verified, (options) => verifiedSummary(verified, options));
    process.stderr.write('report sign: nothing was signed\n');
    return exitCodes.fail;
  }
  const [history, report] = await ofRunRecord('report sign', () =>
    Promise.all([readHistory(directory), readReport(directory)]),
  );
  if (!isBorneOut(report, buildReport(history, clauses))) {
    process.stderr.write(
      `report sign: nothing was signed: ${directory} says other than its history bears out; see: assay report judge ${directory}\n`,
    );
    return exitCodes.fail;
  }
  // What is vouched for is made of what was judged, whatever lay there.
  const page = join(directory, printedFile);
  const chromium = existsSync(page) ? findChromium(process.env) : undefined;
  const written = await renderReports(directory);
  const printed = chromium === undefined ? [] : [await printRun(directory, chromium)];
  if (printed.length === 0 && existsSync(page)) {
    await rm(page);
    process.stderr.write(`report sign: ${page} is taken out, as it cannot be printed again here: ${noChromium}\n`);
  }
  await seal(directory, { documents: [...written, ...printed], signer });
  const attestation = join(directory, attestationFile);
  tell(flags, { attestation, keyid }, () => `${attestation}\n`);
  return exitCodes.pass;
}

/**
 * `assay report redact`: the same run for outsiders, with pseudonyms for names and addresses, in a directory of its own. Exit code 1, and nothing is
 * written, where it would say anything else than the original, or a name would be left.
 */
export async function redactCommand(
  directory: string,
  flags: TellFlags & { readonly out: string; readonly signKey?: string },
): Promise<number> {
  const signer = signerFrom(flags.signKey);
  if (signer !== undefined && signer.chain.length > 0)
    throw new UsageError(
      'report redact: wants a key alone: in a redacted run nobody can tell whether an X.509-SVID is of the mesh that was tested',
    );
  const { refused, report } = await ofRunRecord('report redact', () =>
    redactRun(directory, flags.out, { clauses, signer }),
  );
  if (report === undefined) {
    process.stderr.write(`report redact: nothing was written\n${refused.map((why) => `  ${why}\n`).join('')}`);
    return exitCodes.fail;
  }
  tell(
    flags,
    { directory: flags.out, of: report.run.redacted, keyid: signer === undefined ? null : keyIdOf(signer.key) },
    ({ width }) =>
      `${wrap(`${flags.out}: the same verdicts, counts and times, under pseudonyms. Left out are all logs, what programs under test said in their own words, and the command line. ${signer === undefined ? 'It is signed by nobody: see --sign-key.' : `It is signed by the key ${keyIdOf(signer.key).slice(0, 16)}.`}`, Math.min(120, width)).join('\n')}\n`,
  );
  return exitCodes.pass;
}

/** Whether a report says what its history comes to: in all of it where this version made it, in its verdicts where another did. */
function isBorneOut(stated: Report, judged: Report): boolean {
  return judged.run.versions['assay'] === version
    ? isDeepStrictEqual(JSON.parse(JSON.stringify(stated)), JSON.parse(JSON.stringify(judged)))
    : disagreements(stated, judged).length === 0;
}

/** `assay report index`: a page and a badge of all runs right below a folder. */
export async function indexCommand(folder: string): Promise<number> {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const kept = isFolder ? await readRuns(folder) : undefined;
  const latest = kept?.runs.at(-1);
  if (kept === undefined || latest === undefined)
    throw new UsageError(`report index ${folder}: holds no run; wanted is a folder of runs, as reports/out`);
  for (const [name, text] of [
    ['index.html', await indexPage(kept)],
    ['badge.svg', badge(latest.report)],
  ] as const) {
    await writeWhole(join(folder, name), text);
    process.stdout.write(`${join(folder, name)}\n`);
  }
  return exitCodes.pass;
}

/** `assay report diff`: what is different in a later run. Exit code 1 where something broke, 3 where less is known. */
export async function diffCommand(before: string, after: string, flags: TellFlags): Promise<number> {
  const [one, other] = await ofRunRecord('report diff', () => Promise.all([readReport(before), readReport(after)]));
  const diff = diffReports(one, other);
  tell(flags, diff, (options) => diffSummary(diff, options));
  return exitCodeOf(verdictOfDiff(diff));
}

/**
 * `assay report judge`: decides all verdicts again, from the history alone and by the clauses of this version. Exit code 1 where the report says
 * otherwise.
 */
export async function judgeCommand(directory: string, flags: TellFlags): Promise<number> {
  const [history, stated] = await ofRunRecord('report judge', () =>
    Promise.all([readHistory(directory), readReport(directory)]),
  );
  const judged = buildReport(history, clauses);
  const differ = disagreements(stated, judged);
  tell(flags, { run: stated.run.id, stated: stated.verdict, judged: judged.verdict, differ }, (options) =>
    judgedAgainSummary(stated, judged, differ, options),
  );
  return differ.length === 0 ? exitCodes.pass : exitCodes.fail;
}

function tell(
  { json, color }: TellFlags,
  found: unknown,
  summary: (options: { readonly color: boolean; readonly width: number }) => string,
): void {
  const options = { color: color && process.stdout.isTTY === true, width: process.stdout.columns ?? 100 };
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : summary(options));
}

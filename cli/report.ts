import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attestationFile, seal } from '../reports/evidence/seal.ts';
import { verifyRun } from '../reports/evidence/verify.ts';
import { readHistory, readReport } from '../reports/read-run.ts';
import { renderReports, writeReportJson } from '../reports/render.ts';
import { diffSummary } from '../reports/terminal/diff.ts';
import { judgedAgainSummary } from '../reports/terminal/judged-again.ts';
import { verifiedSummary } from '../reports/terminal/verified.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { UsageError } from '../src/errors.ts';
import { diffReports, verdictOfDiff } from '../src/report/diff.ts';
import { disagreements } from '../src/report/judged-again.ts';
import { buildReport } from '../src/report/report.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { ofRunRecord } from './run-record.ts';
import { signerFrom, trustFrom } from './signing.ts';

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
  if (!existsSync(join(directory, 'report.json')))
    await writeReportJson(directory, await readHistory(directory), clauses);
  for (const { path } of await renderReports(directory)) process.stdout.write(`${path}\n`);
  const { signer, findings } = await verifyRun(directory);
  if (signer === null) await seal(directory);
  else if (findings.length > 0)
    process.stderr.write(
      `${directory} is not what ${signer} signed any more; look at it with assay report verify ${directory}, and sign it anew with assay report sign ${directory} --sign-key FILE\n`,
    );
  return 0;
}

/** `assay report verify`: whether a run is as it was sealed, and signed by who has to have signed it. Exit code 1 where it is not, 3 where nobody vouches for it. */
export async function verifyCommand(
  directory: string,
  flags: TellFlags & { readonly key?: string; readonly bundle?: string },
): Promise<number> {
  const trust = trustFrom(flags);
  const verified = await ofRunRecord('report verify', () => verifyRun(directory, trust));
  tell(flags, verified, (options) => verifiedSummary(verified, options));
  return { whole: exitCodes.pass, tampered: exitCodes.fail, unsigned: exitCodes.inconclusive }[verified.state];
}

/** `assay report sign`: vouches for a run that is there. Exit code 1, and nothing is signed, where it is not as it was sealed. */
export async function signCommand(
  directory: string,
  flags: TellFlags & { readonly signKey?: string },
): Promise<number> {
  const signer = signerFrom(flags.signKey);
  if (signer === undefined)
    throw new UsageError('report sign: wants --sign-key FILE, or a key in ASSAY_SIGN_KEY, which is PEM');
  const verified = await ofRunRecord('report sign', () => verifyRun(directory));
  if (verified.findings.length > 0) {
    tell(flags, verified, (options) => verifiedSummary(verified, options));
    process.stderr.write('report sign: nothing was signed\n');
    return exitCodes.fail;
  }
  await ofRunRecord('report sign', () => seal(directory, signer));
  process.stdout.write(`${join(directory, attestationFile)}\n`);
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

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readHistory, readReport } from '../reports/read-run.ts';
import { renderReports, writeReportJson } from '../reports/render.ts';
import { diffSummary } from '../reports/terminal/diff.ts';
import { judgedAgainSummary } from '../reports/terminal/judged-again.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { diffReports, verdictOfDiff } from '../src/report/diff.ts';
import { disagreements } from '../src/report/judged-again.ts';
import { buildReport } from '../src/report/report.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { ofRunRecord } from './run-record.ts';

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
  return 0;
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

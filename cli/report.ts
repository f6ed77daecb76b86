import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UsageError } from '../src/errors.ts';
import { readHistory, RunRecordError } from '../reports/read-run.ts';
import { renderReports, writeReportJson } from '../reports/render.ts';
import { clauses } from '../src/clauses/catalogue.ts';

/** `assay report render`: the same bytes each time. A run that was killed has no report.json yet; its history is judged first. */
export async function renderCommand(directory: string): Promise<number> {
  try {
    return await render(directory);
  } catch (error) {
    if (error instanceof RunRecordError)
      throw new UsageError(
        `report render: ${messageOf(error)}; wanted is the directory of a run, as in reports/out/<run id>`,
      );
    throw error;
  }
}

async function render(directory: string): Promise<number> {
  if (!existsSync(join(directory, 'report.json')))
    await writeReportJson(directory, await readHistory(directory), clauses);
  for (const { path } of await renderReports(directory)) process.stdout.write(`${path}\n`);
  return 0;
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clause } from '../src/clause.ts';
import type { History } from '../src/history.ts';
import type { Report } from '../src/report/report.ts';
import { buildReport } from '../src/report/report.ts';
import { loadFormats } from './formats.ts';
import { readHistory, readReport } from './read-run.ts';
import { writeWhole } from './write-whole.ts';

/** A report file that was written. */
export interface Written {
  /** The id of its format. */
  readonly format: string;
  readonly fileName: string;
  readonly path: string;
  readonly bytes: number;
}

/** Judges the history and writes `report.json` into the directory, giving back what it holds. */
export async function writeReportJson(
  directory: string,
  history: History,
  clauses: readonly Clause[],
): Promise<Report> {
  const report = buildReport(history, clauses);
  await saveReportJson(directory, report);
  return report;
}

/** Writes `report.json` into the directory. */
export async function saveReportJson(directory: string, report: Report): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeWhole(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
}

/**
 * Writes every format from the `history.jsonl` and `report.json` of a run directory and nothing else: the same bytes whenever
 * and wherever it is done.
 *
 * @throws RunRecordError when either file is missing or is not what it should be; FixtureError when a format cannot be written
 */
export async function renderReports(directory: string): Promise<Written[]> {
  const [history, report, formats] = await Promise.all([readHistory(directory), readReport(directory), loadFormats()]);
  const texts = await Promise.all(formats.map(async (format) => format.render(report, history)));
  return Promise.all(
    formats.map(async ({ id, fileName }, at) => {
      const path = join(directory, fileName);
      const text = texts[at]!;
      await writeWhole(path, text);
      return { format: id, fileName, path, bytes: Buffer.byteLength(text) };
    }),
  );
}

/** Loads everything that rendering needs, so that a later `renderReports` only renders. */
export async function preloadReports(): Promise<void> {
  await Promise.all((await loadFormats()).map(async (format) => format.preload?.()));
}

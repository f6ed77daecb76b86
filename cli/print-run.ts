import { join } from 'node:path';
import { findChromium, noChromium } from '../fixtures/chromium/find.ts';
import { printPage } from '../fixtures/chromium/print.ts';
import { printedFile } from '../reports/evidence/files.ts';
import { format } from '../reports/formats/html.ts';
import { readHistory, readReport } from '../reports/read-run.ts';
import { writeWhole } from '../reports/write-whole.ts';
import { UsageError } from '../src/errors.ts';

/**
 * Prints the page of a run. It is made anew from history and report, whatever lies there as the page.
 *
 * @param path - where to write it: beside them, where nothing is said
 * @throws RunRecordError when the run cannot be read, FixtureError when it cannot be printed or written
 */
export async function printRun(
  directory: string,
  chromium: string,
  path = join(directory, printedFile),
): Promise<{ readonly fileName: string; readonly path: string }> {
  const [history, report] = await Promise.all([readHistory(directory), readReport(directory)]);
  await writeWhole(path, await printPage(chromium, await format.render(report, history)));
  return { fileName: printedFile, path };
}

/** The Chromium of this machine. @throws UsageError where there is none, that says for what it is wanted */
export function wantedChromium(what: string): string {
  const chromium = findChromium(process.env);
  if (chromium === undefined) throw new UsageError(`${what}: ${noChromium}`);
  return chromium;
}

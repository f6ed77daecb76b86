import type { History } from '../src/history.ts';
import type { Report } from '../src/report.ts';

/** The report as one page. */
export async function html(report: Report, history: History): Promise<string> {
  return Promise.resolve(`<!doctype html><title>${report.verdict} ${history.length}</title>`);
}

/** Loads what the page is drawn with. */
export async function preloadHtml(): Promise<void> {
  await Promise.resolve();
}

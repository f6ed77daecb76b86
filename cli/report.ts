import { renderReports } from '../reports/render.ts';

/** `assay report render`: the same bytes each time. */
export async function renderCommand(directory: string): Promise<number> {
  for (const { path } of await renderReports(directory)) process.stdout.write(`${path}\n`);
  return 0;
}

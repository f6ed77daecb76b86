import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ReportFormat } from './format.ts';

/** The names of all documents that are made of a run. */
export async function documentNames(): Promise<string[]> {
  return (await loadFormats()).map(({ fileName }) => fileName);
}

/** Every format of a report, one for each file in `formats/`, by the alphabet. Loaded on use: together they take longer than to render. */
export function loadFormats(): Promise<readonly ReportFormat[]> {
  const ids = readdirSync(join(import.meta.dirname, 'formats'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => basename(name, '.ts'));
  return Promise.all(
    ids.sort().map(async (id) => ((await import(`./formats/${id}.ts`)) as { readonly format: ReportFormat }).format),
  );
}

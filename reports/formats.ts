import { readdirSync } from 'node:fs';
import { printedFile, records } from './evidence/files.ts';
import type { ReportFormat } from './format.ts';
import { modulesAmong } from '../src/module-file.ts';

/** The names of all documents that are made of a run. */
export async function documentNames(): Promise<string[]> {
  return (await loadFormats()).map(({ fileName }) => fileName);
}

/** The names of all that a run may hold beside its logs and what vouches for it. */
export async function runFileNames(): Promise<string[]> {
  return [...records, printedFile, ...(await documentNames())];
}

/** Every format of a report, one for each file in `formats/`, by the alphabet. Loaded on use: together they take longer than to render. */
export function loadFormats(): Promise<readonly ReportFormat[]> {
  const ids = modulesAmong(readdirSync(new URL('./formats/', import.meta.url)));
  return Promise.all(
    ids.map(async (id) => ((await import(`./formats/${id}.ts`)) as { readonly format: ReportFormat }).format),
  );
}

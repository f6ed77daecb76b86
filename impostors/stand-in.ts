import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StandIn } from './impostor.ts';
import { modulePath } from '../src/module-file.ts';

/** Where the program of a stand-in is, among others of its kind in one directory. */
export function standInPath(directory: string, { id, kind }: Pick<StandIn, 'id' | 'kind'>): string {
  return join(directory, `${kind}-${id}`);
}

/**
 * Writes the program that takes the place of the real one at `realPath`. It starts that one with its own arguments, but for what it changes.
 *
 * @returns the program's path, for the setting that names this program, such as ASSAY_SPIRE_SERVER
 */
export function writeStandIn(directory: string, impostor: Pick<StandIn, 'id' | 'kind'>, realPath: string): string {
  const path = standInPath(directory, impostor);
  const main = modulePath('./stand-in-main.ts', import.meta.url);
  const quoted = [process.execPath, main, impostor.id, realPath].map((word) => `'${word}'`).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  return path;
}

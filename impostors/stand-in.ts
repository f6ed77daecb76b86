import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StandIn } from './impostor.ts';

/**
 * Writes the program that takes the place of the real one at `realPath`. It starts that one with its own arguments, but for what it changes.
 *
 * @returns the program's path, for the setting that names this program, such as ASSAY_SPIRE_SERVER
 */
export function writeStandIn(directory: string, { id, kind }: Pick<StandIn, 'id' | 'kind'>, realPath: string): string {
  const path = join(directory, `${kind}-${id}`);
  const quoted = [process.execPath, fileURLToPath(new URL('./stand-in-main.ts', import.meta.url)), id, realPath]
    .map((word) => `'${word}'`)
    .join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  return path;
}

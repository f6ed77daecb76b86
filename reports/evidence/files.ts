import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file of a run. */
export interface RunFile {
  /** Below the directory of the run, with `/` between. */
  readonly name: string;
  /** SHA-256 in hex; null for what is no regular file, such as a link. */
  readonly sha256: string | null;
}

/** All files of a run, by the alphabet. */
export async function filesOf(directory: string): Promise<RunFile[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const named = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({
      name: relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'),
      isFile: entry.isFile(),
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return Promise.all(
    named.map(async ({ name, isFile }) => ({ name, sha256: isFile ? await hashOf(join(directory, name)) : null })),
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file of a run. */
export interface RunFile {
  /** Below the directory of the run, with `/` between. */
  readonly name: string;
  /** SHA-256 in hex; null for what is no regular file that can be read, such as a link. */
  readonly sha256: string | null;
}

/** The file that vouches for all others of a run. */
export const attestationFile = 'attestation.intoto.jsonl';

/** The page as it was printed, where somebody did that. It is made of the same as all documents, and not the same bytes each time. */
export const printedFile = 'report.pdf';

/** What every run has, whatever its reports are made in. */
export const records = ['history.jsonl', 'report.json'] as const;

/** The folder of what the programs of a run wrote. */
export const logs = 'logs';

/** The text of a regular file; undefined for anything else, such as a pipe that nobody writes to. */
export async function readRegular(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isFile() ? await readFile(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The files of a run, by the alphabet: those of these documents that are there, and all of its logs. What else lies beside them, as where a run was
 * written into the directory of a project, is none of the run's.
 */
export async function filesOf(directory: string, documents: Iterable<string>): Promise<RunFile[]> {
  const names = [...documents].filter((name) => !name.includes('/'));
  const found = await Promise.all(names.map(async (name) => ((await isThere(join(directory, name))) ? [name] : [])));
  const all = [...new Set([...found.flat(), ...(await logsOf(directory))])];
  return Promise.all(all.sort().map(async (name) => ({ name, sha256: await hashOf(join(directory, name)) })));
}

async function logsOf(directory: string): Promise<string[]> {
  const kind = await lstat(join(directory, logs)).catch(() => undefined);
  if (kind === undefined) return [];
  if (!kind.isDirectory()) return [logs];
  const found = await readdir(join(directory, logs), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function hashOf(path: string): Promise<string | null> {
  try {
    if (!(await lstat(path)).isFile()) return null;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch {
    return null;
  }
}

import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { FixtureError, messageOf } from '../src/errors.ts';

/**
 * Writes the file whole or, on a full disk, not at all.
 *
 * @throws FixtureError that names the file and says why
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  // Of a name that nobody could have put something else under, which would be written through.
  const draft = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(draft, content, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new FixtureError(`${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

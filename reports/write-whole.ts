import { rename, rm, writeFile } from 'node:fs/promises';
import { FixtureError, messageOf } from '../src/errors.ts';

/**
 * Writes the file whole or, on a full disk, not at all.
 *
 * @throws FixtureError that names the file and says why
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.part`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new FixtureError(`${path}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

import { closeSync, fchownSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Owner } from '../../mesh/install/user.ts';
import { UsageError } from '../../src/errors.ts';
import { readFlagFile } from '../flag-file.ts';

/**
 * The join token in a file that a flag names; - is standard input.
 *
 * @throws UsageError for one that others can read, or that holds no token; the token itself stands in no message
 */
export function tokenFrom(file: string): string {
  if (file !== '-' && ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0)
    throw new UsageError('--token-file: can be read by others: chmod 600 it');
  const token = (file === '-' ? readFileSync(0, 'utf8') : readFlagFile('--token-file', file)).trim();
  if (!/^\S{8,}$/.test(token))
    throw new UsageError('--token-file: holds no join token; wanted is one word, as SPIRE makes it');
  return token;
}

/** Writes a token into a new file that its owner alone can read: this user, unless another is named. What lies there already is not written to. */
export function writeToken(file: string, token: string, owner: Owner | undefined): void {
  const opened = openSync(file, 'wx', 0o600);
  try {
    if (owner !== undefined) fchownSync(opened, owner.uid, owner.gid);
    writeFileSync(opened, token);
  } finally {
    closeSync(opened);
  }
}

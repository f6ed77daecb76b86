import { lstatSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../src/errors.ts';
import { withoutLinks } from '../without-links.ts';

/**
 * Sees to it that nobody else can put something in the place of what is kept in a directory: a socket of an agent, say, and whoever does that is
 * everybody's identity. The directory need not be there yet.
 *
 * @throws UsageError for one on the way that somebody else owns, or may write to, and for a link of somebody else, who can turn it
 */
export function refuseOthersDirectories(directory: string, flag: string): void {
  for (let at = resolve(directory); at !== dirname(at); at = dirname(at)) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() && !isOurs(found))
      throw new UsageError(
        `${flag}: ${at} is a link of user ${found.uid}, who can have it lead elsewhere; name another path`,
      );
  }
  let isInnermost = true;
  for (let at = withoutLinks(directory); ; at = dirname(at), isInnermost = false) {
    const stat = statSync(at, { throwIfNoEntry: false });
    if (stat !== undefined) {
      // In a directory like /tmp everyone may make entries, and nobody may move those of others: it may lead to ours, and hold nothing of ours itself.
      const isShared = (stat.mode & 0o022) !== 0 && (isInnermost || (stat.mode & 0o1000) === 0);
      if (!isOurs(stat) || isShared)
        throw new UsageError(
          `${flag}: ${at} ${isOurs(stat) ? 'can be written to by others' : `belongs to user ${stat.uid}`}, who could put something of their own there; name a directory of root's below it`,
        );
    }
    if (at === dirname(at)) return;
  }
}

const isOurs = ({ uid }: { readonly uid: number }) => uid === 0 || uid === process.getuid?.();

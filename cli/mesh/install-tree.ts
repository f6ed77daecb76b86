import { statSync } from 'node:fs';
import { thisMachine, type Tree } from '../../mesh/install/tree.ts';
import { withoutLinks } from '../../mesh/without-links.ts';
import { messageOf, UsageError } from '../../src/errors.ts';

/** The tree that --root names; this machine where it is left out. @throws UsageError where there is no such directory */
export function treeOf(root: string | undefined): Tree {
  if (root === undefined) return thisMachine;
  try {
    if (statSync(root).isDirectory()) {
      const at = withoutLinks(root);
      return at === '/' ? thisMachine : { root: at, isLive: false };
    }
  } catch (error) {
    throw new UsageError(`--root ${root}: ${messageOf(error)}; wanted is the directory of an image`);
  }
  throw new UsageError(`--root ${root}: is no directory; wanted is that of an image`);
}

/** @throws UsageError for what the file system has against it */
export async function ofFileSystem<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UsageError(`${messageOf(error)}; mend that, and run the same command once more: it goes on from there`);
  }
}

import { lstatSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../src/errors.ts';

/** The directory that holds the files of a node: / for this machine, any other for an image. Paths of the node are absolute below it. */
export interface Tree {
  readonly root: string;
  /** Whether it is the machine that we run on. */
  readonly isLive: boolean;
}

/** The machine that we run on. */
export const thisMachine: Tree = { root: '/', isLive: true };

/** Where a path of the node is for us. */
export const inTree = ({ root }: Tree, path: string): string => join(root, path);

/** The content of a file; undefined where there is none. @throws UsageError where there is something else */
export function contentOf(tree: Tree, path: string): Buffer | undefined {
  const at = inTree(tree, path);
  const found = lstatSync(at, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new UsageError(`${at}: is there, and is no file; move it away`);
  return readFileSync(at);
}

/**
 * In an image a link leads to where it would on a node, which is not where it leads here.
 *
 * @throws UsageError for a link on the way to a path
 */
export function refuseLinks(tree: Tree, path: string): void {
  if (tree.isLive) return;
  for (let at = dirname(path); at !== dirname(at); at = dirname(at))
    if (lstatSync(inTree(tree, at), { throwIfNoEntry: false })?.isSymbolicLink())
      throw new UsageError(
        `--root ${tree.root}: ${at} is a link there, and what it leads to on the node is not known here; make a directory of it`,
      );
}

/** The directories that are not there on the way to one, itself included, the outermost first. */
export function missingDirectories(tree: Tree, directory: string): readonly string[] {
  if (directory === dirname(directory) || lstatSync(inTree(tree, directory), { throwIfNoEntry: false }) !== undefined)
    return [];
  return [...missingDirectories(tree, dirname(directory)), directory];
}

/** Takes a directory away if it is empty. Gives whether it is gone. */
export function removeEmpty(tree: Tree, directory: string): boolean {
  try {
    rmdirSync(inTree(tree, directory));
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) return false;
    throw error;
  }
}

/** The names in a directory; none where it is not there. */
export function namesIn(tree: Tree, directory: string): readonly string[] {
  try {
    return readdirSync(inTree(tree, directory));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

import { createHash } from 'node:crypto';
import { lstatSync, rmSync } from 'node:fs';
import { UsageError } from '../../src/errors.ts';
import { draftOf, replaceFile } from '../replace-file.ts';
import type { Manifest } from './manifest.ts';
import { contentOf, inTree, type Tree } from './tree.ts';
import type { WantedFile } from './wanted-files.ts';

/** What becomes of a file. `kept`: somebody changed it since it was made, so it stays as it is; `gone`: somebody removed it. */
export type Did = 'made' | 'replaced' | 'unchanged' | 'kept' | 'removed' | 'gone';

/** A file, as it lies there and as it is to be. */
export interface FileChange {
  /** As it is on the node. */
  readonly path: string;
  readonly did: Did;
  /** Undefined where there is none. */
  readonly before: Buffer | undefined;
  /** Undefined where there is to be none. */
  readonly wanted: WantedFile | undefined;
}

/** By which a content is known to be ours. */
export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/**
 * What has to be done that the files lie there as they are wanted, and none besides that an installation before made.
 *
 * @throws UsageError for a file that none of ours has made
 */
export function changesOf(tree: Tree, wanted: readonly WantedFile[], before: Manifest | undefined): FileChange[] {
  const known = before?.files ?? {};
  const paths = new Set(wanted.map(({ path }) => path));
  const stale = Object.fromEntries(Object.entries(known).filter(([path]) => !paths.has(path)));
  return [...wanted.map((file) => changeOf(tree, file, known[file.path])), ...removalsOf(tree, stale)];
}

/** The same, where none of them is wanted any more. */
export function removalsOf(tree: Tree, known: Manifest['files']): FileChange[] {
  return Object.entries(known).map(([path, contents]) => {
    const before = contentOf(tree, path);
    const did = before === undefined ? 'gone' : contents.includes(sha256(before)) ? 'removed' : 'kept';
    return { path, did, before, wanted: undefined };
  });
}

function changeOf(tree: Tree, wanted: WantedFile, known: readonly string[] | undefined): FileChange {
  const { path } = wanted;
  const before = contentOf(tree, path);
  const as = (did: Did) => ({ path, did, before, wanted });
  if (before === undefined) return as('made');
  // A file of somebody else is his to change, whatever it holds now.
  if (before.equals(wanted.content)) return as(isRight(inTree(tree, path), wanted.mode) ? 'unchanged' : 'replaced');
  if (known?.includes(sha256(before))) return as('replaced');
  if (known !== undefined) return as('kept');
  throw new UsageError(
    `${inTree(tree, path)}: is there, and no installation of ours has made it; it stays as it is: move it away, and run the same command once more`,
  );
}

function isRight(at: string, mode: number): boolean {
  const stat = lstatSync(at);
  return (stat.mode & 0o7777) === mode && (stat.uid === 0 || stat.uid === process.getuid?.());
}

/** Has one file as it is wanted. What was there before is there until the new one is whole. */
export function carryOut(tree: Tree, { path, did, wanted }: FileChange): void {
  const at = inTree(tree, path);
  if (wanted !== undefined && (did === 'made' || did === 'replaced')) replaceFile(at, wanted.content, wanted.mode);
  else rmSync(draftOf(at), { force: true });
  if (did === 'removed') rmSync(at);
}

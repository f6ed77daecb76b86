import { lstatSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { carryOut, type FileChange } from './changes.ts';
import { removeManifest, writeManifest, type Manifest } from './manifest.ts';
import { files, manifestPath, programsIn, socketDirectories, socketPath, systemdFiles } from './places.ts';
import { inTree, namesIn, removeEmpty, type Tree } from './tree.ts';
import { removeUser } from './user.ts';

/** What is to be taken away. */
export interface Removal {
  readonly tree: Tree;
  readonly before: Manifest;
  readonly changes: readonly FileChange[];
  /** Also the keys and the SVID of the agent, and its user. */
  readonly purge: boolean;
}

/** Whether the agent has anything that cannot be made again: its keys, its SVID. */
export const hasData = (tree: Tree): boolean => namesIn(tree, files.data).length > 0;

/**
 * Takes away what an installation made. Where data is left the record of it is, too, so that a later call knows whose it is.
 *
 * @throws what the file system has against it
 */
export function uninstall({ tree, before, changes, purge }: Removal): void {
  rmLink(tree, systemdFiles.wanted);
  for (const change of changes) carryOut(tree, change);
  if (purge) for (const path of [files.data, files.log]) rmSync(inTree(tree, path), { recursive: true, force: true });
  if (tree.isLive) removeSocketDirectories(tree);
  const isGone = removeEmpty(tree, files.data);
  const directories = [...new Set([...before.directories, ...ownDirectories(before)])];
  for (const directory of directories.toSorted().toReversed()) removeEmpty(tree, directory);
  if (!isGone) return writeManifest(tree, { ...before, files: {} });
  if (tree.isLive && before.userMade) removeUser(tree, before.settings.user);
  removeManifest(tree);
}

/** Takes the directories away that lead to the record, as far as they are empty. For when the record and the lock beside it are gone. */
export function removeWay(tree: Tree): void {
  for (let at = dirname(manifestPath); at !== dirname(at) && removeEmpty(tree, at); at = dirname(at));
}

// By their names they are nobody else's, also where the record does not tell who made them.
const ownDirectories = ({ settings }: Manifest) => [dirname(programsIn(settings.prefix).agent), dirname(files.data)];

function rmLink(tree: Tree, path: string): void {
  const at = inTree(tree, path);
  if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(at);
}

function removeSocketDirectories(tree: Tree): void {
  const [outer] = socketDirectories;
  const found = lstatSync(outer, { throwIfNoEntry: false });
  // Somebody else's is for them to remove.
  if (!found?.isDirectory() || found.uid !== 0) return;
  if (lstatSync(socketPath, { throwIfNoEntry: false })?.isSocket()) rmSync(socketPath);
  for (const directory of socketDirectories.toReversed()) removeEmpty(tree, directory);
}

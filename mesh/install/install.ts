import { chmodSync, chownSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../make-directories.ts';
import { carryOut, sha256, type FileChange } from './changes.ts';
import { writeManifest, type Manifest } from './manifest.ts';
import { files, manifestPath } from './places.ts';
import type { InstallSettings } from './settings.ts';
import { inTree, missingDirectories, type Tree } from './tree.ts';
import type { Owner } from './user.ts';

/** What is to be installed, and what was there before. */
export interface Installation {
  readonly tree: Tree;
  readonly settings: InstallSettings;
  readonly changes: readonly FileChange[];
  readonly before: Manifest | undefined;
  /** Those that were not there before any of ours was, as `directoriesToMake` tells. */
  readonly directories: readonly string[];
  /** Whether the user is there. */
  readonly hasUser: boolean;
  /** Has the user made where there is none, and gives it; undefined where the node makes it when it starts. */
  readonly user: () => Owner | undefined;
}

/** The directories that an installation will make besides those of its record, the outermost first. */
export function directoriesToMake(tree: Tree, changes: readonly FileChange[]): readonly string[] {
  const wanted = changes.flatMap(({ path, wanted }) => (wanted === undefined ? [] : [dirname(path)]));
  const missing = new Set([...wanted, files.data].flatMap((directory) => missingDirectories(tree, directory)));
  // Those that lead to the record are there before it can tell of them; they go when they are empty.
  return [...missing].filter((directory) => !manifestPath.startsWith(`${directory}/`)).toSorted();
}

/**
 * Installs. The record comes first and last, so that a second call finishes what was ended anywhere in between, and nothing is taken for ours that is not.
 *
 * @throws what the file system has against it
 */
export function install({ tree, settings, changes, before, directories, hasUser, user }: Installation): void {
  const record = {
    settings,
    userMade: (before?.userMade ?? false) || (tree.isLive && !hasUser),
    directories: [...new Set([...(before?.directories ?? []), ...directories])].toSorted(),
  };
  writeManifest(tree, { ...record, files: contentsOf(changes, before, 'meant') });
  for (const change of changes) {
    if (change.wanted !== undefined) makeDirectories(inTree(tree, dirname(change.path)));
    carryOut(tree, change);
  }
  makeData(tree, user());
  writeManifest(tree, { ...record, files: contentsOf(changes, before, 'done') });
}

function makeData(tree: Tree, owner: Owner | undefined): void {
  const data = inTree(tree, files.data);
  makeDirectories(dirname(data));
  makeDirectories(data, 0o700);
  // As a umask or a run left it that was ended in between.
  chmodSync(data, 0o700);
  if (owner === undefined) return;
  // What another user of the agent has left there, too: systemd looks no further where the directory is right. Nothing below it is followed, as a link
  // might lead out. The directory is last, so that a second call finishes it.
  const left = lstatSync(data).uid === owner.uid ? [] : readdirSync(data);
  for (const name of left) lchownSync(join(data, name), owner.uid, owner.gid);
  chownSync(data, owner.uid, owner.gid);
}

function contentsOf(
  changes: readonly FileChange[],
  before: Manifest | undefined,
  when: 'meant' | 'done',
): Manifest['files'] {
  return Object.fromEntries(
    changes.flatMap(({ path, did, wanted }): [string, string[]][] => {
      const known = before?.files[path] ?? [];
      if (when === 'done' && (did === 'removed' || did === 'gone')) return [];
      if (wanted === undefined || did === 'kept') return [[path, known]];
      const meant = sha256(wanted.content);
      return [[path, when === 'done' ? [meant] : [...new Set([...known, meant])]]];
    }),
  );
}

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../src/errors.ts';
import { syncDirectory } from './sync-directory.ts';

/** A file of a directory that is made as a whole. Those that hold a secret are for their owner alone. */
export interface KeptFile {
  readonly name: string;
  readonly text: string;
  readonly secret?: true;
}

const draft = '.draft-';

/** Makes a directory with its files below one that is there, in one step: who looks for it finds nothing, or all. @throws UsageError where there is something already */
export function makeWhole(directory: string, files: readonly KeptFile[], mode = 0o700): void {
  const parent = dirname(directory);
  const made = join(parent, `${draft}${process.pid}`);
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { mode });
  try {
    for (const { name, text, secret } of files) writeThrough(join(made, name), text, secret === true ? 0o600 : 0o644);
    try {
      renameSync(made, directory);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw error;
      throw new UsageError(
        `${directory}: is there, and is not what this command made; it stays as it is: move it away, or name another place`,
      );
    }
    syncDirectory(parent);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** Takes a directory away in one step: who looks for it finds all of it, or nothing. */
export function removeWhole(directory: string): void {
  const gone = join(dirname(directory), `${draft}gone-${process.pid}`);
  renameSync(directory, gone);
  syncDirectory(dirname(directory));
  rmSync(gone, { recursive: true });
}

/** Moves a directory, and returns when the disk has it so. */
export function moveWhole(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}

/** Has a link lead elsewhere, in one step. */
export function turnLink(link: string, to: string): void {
  const turned = join(dirname(link), `${draft}link-${process.pid}`);
  // Of a turn that failed.
  rmSync(turned, { force: true });
  symlinkSync(to, turned);
  // Whoever copied it and followed links has made a directory of it.
  if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory()) removeWhole(link);
  moveWhole(turned, link);
}

/** Removes what runs left that were ended half-way. */
export function removeDrafts(parent: string): void {
  for (const name of readdirSync(parent).filter((one) => one.startsWith(draft)))
    rmSync(join(parent, name), { recursive: true, force: true });
}

function writeThrough(path: string, text: string, mode: number): void {
  const opened = openSync(path, 'wx', mode);
  try {
    writeFileSync(opened, text);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

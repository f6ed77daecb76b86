import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';

/** Where a file is written before it takes its place; a run that was ended in between leaves it. */
export const draftOf = (path: string): string => `${path}.draft`;

/** Puts a file in its place in one step: who opens it finds what was there before, or all of the new one. It is as the umask says, unless a mode is given. */
export function replaceFile(path: string, content: string | Uint8Array, mode?: number): void {
  const draft = draftOf(path);
  rmSync(draft, { force: true });
  const opened = openSync(draft, 'wx', mode ?? 0o644);
  try {
    writeFileSync(opened, content);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  if (mode !== undefined) chmodSync(draft, mode);
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

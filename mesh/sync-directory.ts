import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Returns when the disk has the entries of a directory as they are now. */
export function syncDirectory(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

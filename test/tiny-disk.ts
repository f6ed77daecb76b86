import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './cli-run.ts';

/** A file system that is soon full. */
export function tinyDisk(place: Place, bytes: number): { readonly path: string } & Disposable {
  const path = join(place.dir, 'disk');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  return {
    path,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['-l', path]);
    },
  };
}

/** Whether this process may make one. */
export const mayMount = (() => {
  try {
    // In a mount namespace of its own, so that the look leaves nothing.
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SetCheck } from './delivered-set.ts';
import type { HelperPlaces } from './helper-conf.ts';

/** Whether others can read the key, or put files of their own in the place of these. @throws what the file system has against a look */
export function permissionChecks({ directory, svid, key, bundle }: HelperPlaces): SetCheck[] {
  const modeOf = (path: string) => statSync(path).mode;
  const keyMode = modeOf(key) & 0o7777;
  const readable: SetCheck = {
    ...{ name: 'permissions', held: (keyMode & 0o077) === 0 },
    says: `the mode of ${key} is ${octal(keyMode)}${(keyMode & 0o077) === 0 ? '' : ': others can get at the key; chmod 600 it'}`,
  };
  const kept = dirname(realpathSync(key));
  const shared = [
    ...[directory, dirname(kept), kept].filter((path) => isShared(modeOf(path))),
    // What keeps a directory from others does nothing for a file.
    ...[svid, key, bundle].filter((path) => (modeOf(path) & 0o022) !== 0),
  ];
  return [
    readable,
    {
      ...{ name: 'permissions', held: shared.length === 0 },
      says:
        shared.length === 0
          ? 'nobody else can write there'
          : `others can write to ${[...new Set(shared)].join(', ')}, and put another identity in the place of this one`,
    },
  ];
}

/** Whether others may write there, or move away what is ours. */
export function isShared(mode: number): boolean {
  return (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
}

const octal = (mode: number) => mode.toString(8).padStart(4, '0');

import { accessSync, constants, statfsSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../src/errors.ts';
import type { Certificate } from '../../../src/svid/x509/read.ts';
import { certificatesIn, fileNames, fits, privateKeyIn, readSetFile } from '../../svid-set.ts';
import type { FilesSeen } from '../scene.ts';

type Wrong = FilesSeen['wrong'][number];

// Source: Linux, include/uapi/linux/magic.h: TMPFS_MAGIC, RAMFS_MAGIC.
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** Reads what a helper keeps for a service. Nothing of the key leaves it. @param config - what is wrong with the configuration, where it was looked at */
export function lookAtFiles(directory: string, config?: readonly string[]): FilesSeen {
  const nothing = { directory, inMemory: false, wrong: [], chain: [], authorities: [], ...(config && { config }) };
  try {
    if (!statSync(directory).isDirectory()) return { ...nothing, unusable: `${directory} is no directory` };
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    return { ...nothing, unusable: messageOf(error) };
  }
  const { type, bavail, bsize, files, ffree } = statfsSync(directory);
  const wrong: Wrong[] = [];
  const texts = Object.fromEntries(Object.values(fileNames).map((file) => [file, textOf(directory, file, wrong)]));
  const chain = certificatesOf(fileNames.svid, texts, wrong);
  const authorities = certificatesOf(fileNames.bundle, texts, wrong);
  const doFit = fitting(texts, chain, wrong);
  const open = keyOpenTo(directory);
  // Also where none of them could be written.
  const most = Math.max(1, ...Object.values(texts).map((text) => text?.length ?? 0));
  const full =
    bavail * bsize < most
      ? `${bavail * bsize} bytes are left, and a file of it takes ${most}`
      : // Some file systems count none.
        files > 0 && ffree === 0
        ? `it takes no more than ${files} files, and has them`
        : undefined;
  return {
    ...nothing,
    inMemory: inMemory.has(type),
    ...(full !== undefined && { full }),
    ...{ wrong, chain, authorities },
    ...(doFit !== undefined && { fits: doFit }),
    ...(open !== undefined && { keyOpenTo: open }),
  };
}

function textOf(directory: string, file: string, wrong: Wrong[]): string | undefined {
  try {
    return readSetFile(directory, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What is no file, or one without an end, has no code of the file system.
    const kind = code === 'ENOENT' ? 'missing' : code === undefined ? 'malformed' : 'unreadable';
    wrong.push({ file, kind, says: messageOf(error) });
    return undefined;
  }
}

function certificatesOf(
  file: string,
  texts: Readonly<Record<string, string | undefined>>,
  wrong: Wrong[],
): Certificate[] {
  const text = texts[file];
  if (text === undefined) return [];
  try {
    return certificatesIn(text, file);
  } catch (error) {
    wrong.push({ file, kind: 'malformed', says: messageOf(error) });
    return [];
  }
}

function fitting(
  texts: Readonly<Record<string, string | undefined>>,
  [leaf]: readonly Certificate[],
  wrong: Wrong[],
): boolean | undefined {
  const text = texts[fileNames.key];
  if (text === undefined) return undefined;
  try {
    const key = privateKeyIn(text, fileNames.key);
    return leaf === undefined ? undefined : fits(key, leaf);
  } catch (error) {
    wrong.push({ file: fileNames.key, kind: 'malformed', says: messageOf(error) });
    return undefined;
  }
}

function keyOpenTo(directory: string): string | undefined {
  let stats: Stats;
  try {
    stats = statSync(join(directory, fileNames.key));
  } catch {
    return undefined;
  }
  // A group may be shared on purpose.
  return (stats.mode & 0o007) === 0 ? undefined : (stats.mode & 0o777).toString(8).padStart(4, '0');
}

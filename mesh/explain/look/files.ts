import { X509Certificate, createPrivateKey } from 'node:crypto';
import { accessSync, constants, readFileSync, statfsSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../src/errors.ts';
import { pemBlocks } from '../../../src/svid/x509/pem.ts';
import { readCertificate, type Certificate } from '../../../src/svid/x509/read.ts';
import { fileNames } from '../../helper/helper-conf.ts';
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
  const fits = fitting(texts, chain, wrong);
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
    ...(fits !== undefined && { fits }),
    ...(open !== undefined && { keyOpenTo: open }),
  };
}

const mostBytes = 2 ** 20;

function textOf(directory: string, file: string, wrong: Wrong[]): string | undefined {
  const path = join(directory, file);
  try {
    // What is no file might never end, nor begin.
    const stats = statSync(path);
    if (stats.isFile() && stats.size <= mostBytes) return readFileSync(path, 'latin1');
    const says = `${file}: ${stats.isFile() ? `it has ${stats.size} bytes` : 'it is no file'}`;
    wrong.push({ file, kind: 'malformed', says });
    return undefined;
  } catch (error) {
    const kind = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable';
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
    const certificates = pemBlocks(text, 'CERTIFICATE').map((der) => readCertificate(der));
    if (certificates.length === 0) throw new Error('it holds no certificate');
    return certificates;
  } catch (error) {
    wrong.push({ file, kind: 'malformed', says: `${file}: ${messageOf(error)}` });
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
    const key = createPrivateKey(text);
    return leaf === undefined ? undefined : new X509Certificate(leaf.der).checkPrivateKey(key);
  } catch {
    // Its words might hold some of the key.
    wrong.push({ file: fileNames.key, kind: 'malformed', says: `${fileNames.key}: it holds no private key` });
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

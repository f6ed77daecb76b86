import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

// All that a verdict rests on.
const folders = ['src', 'spiffe', 'mesh', 'fixtures', 'impostors', 'suites', 'scenarios', 'plans', 'engine'];

/**
 * SHA-256, in hex, of the code of Assay that judges, and of what its programs are built of, tests aside: what was found out about it holds for no
 * other.
 */
export function codeDigest(): string {
  return (digest ??= digestOfCode());
}

let digest: string | undefined;

function digestOfCode(): string {
  const root = join(import.meta.dirname, '..');
  const hash = createHash('sha256');
  for (const folder of folders) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(?:test\.[jt]s|d\.ts|map)$/.test(entry.name))
      .map(({ parentPath, name }) => relative(join(root, folder), join(parentPath, name)));
    for (const name of files.filter((one) => !one.split('/').includes('target')).sort())
      hash
        .update(`${folder}/${name}\0`)
        .update(readFileSync(join(root, folder, name)))
        .update('\0');
  }
  return hash.digest('hex');
}

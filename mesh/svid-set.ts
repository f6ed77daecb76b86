import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../src/errors.ts';
import { pemBlocks } from '../src/svid/x509/pem.ts';
import { readCertificate, type Certificate } from '../src/svid/x509/read.ts';

/** Names of the files that spiffe-helper delivers, as its README has them: chain, key, and authorities of the own trust domain. */
export const fileNames = { svid: 'svid.pem', key: 'svid_key.pem', bundle: 'svid_bundle.pem' } as const;

/** The three files that belong together, as they lie on disk: PEM. */
export interface SetFiles {
  readonly svid: string;
  readonly key: string;
  readonly bundle: string;
}

const mostBytes = 4 * 1_048_576;

/** The text of such a file. A pipe or a device, which might have no end, is none. @throws what the file system has against it, and Error that names it */
export function readSetFile(directory: string, name: string): string {
  const path = join(directory, name);
  // Otherwise a pipe is waited for, and nothing else goes on meanwhile.
  const opened = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(opened);
    if (!stats.isFile()) throw new Error(`${path} is no file`);
    if (stats.size > mostBytes) throw new Error(`${path} is larger than ${mostBytes} bytes`);
    return readFileSync(opened, 'utf8');
  } finally {
    closeSync(opened);
  }
}

/** The certificates in such a file, one at the least. @throws Error that names it, and quotes nothing of it */
export function certificatesIn(text: string, name: string): [Certificate, ...Certificate[]] {
  let found: Certificate[];
  try {
    found = pemBlocks(text, 'CERTIFICATE').map((der) => readCertificate(der));
  } catch (error) {
    throw new Error(`${name}: ${messageOf(error)}`, { cause: error });
  }
  const [first, ...others] = found;
  if (first === undefined) throw new Error(`${name} holds no certificate`);
  return [first, ...others];
}

/** The key in such a file. @throws Error that names it, and quotes nothing of it */
export function privateKeyIn(text: string, name: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // What OpenSSL says of it says nothing to a person.
    throw new Error(`${name} holds no private key that can be read`);
  }
}

/** Whether a private key is that of a certificate. */
export function fits(key: KeyObject, leaf: Pick<Certificate, 'publicKeySpki'>): boolean {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).equals(leaf.publicKeySpki);
}

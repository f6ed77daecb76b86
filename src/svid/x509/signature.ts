import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';

import type { Certificate } from './read.ts';

/** Remembers which certificate was found signed by which other one; keys are made of their fingerprints. */
export interface SignatureMemory {
  has(key: string): boolean;
  add(key: string): void;
}

/** A memory for a node that sees the same peers again and again. The oldest entry gives way when `maxEntries` are held. */
export function rememberSignatures({ maxEntries = 4096 }: { maxEntries?: number } = {}): SignatureMemory {
  const right = new Set<string>();
  return {
    has: (key) => right.has(key),
    add: (key) => {
      if (right.size >= maxEntries) right.delete(right.values().next().value as string);
      right.add(key);
    },
  };
}

// An authority signs thousands of leaves, and taking its key out of the DER costs as much as half a check.
const keys = new WeakMap<Certificate, KeyObject | null>();

/**
 * Whether the key of `issuer` made the signature on `certificate`; names and extensions are not looked at.
 *
 * @param memory - asked first, and told of every signature found right; wrong ones are not remembered
 */
export function signedBy(certificate: Certificate, issuer: Certificate, memory?: SignatureMemory): boolean {
  const key = `${certificate.fingerprint}:${issuer.fingerprint}`;
  if (memory?.has(key) === true) return true;
  const publicKey = publicKeyOf(issuer);
  if (publicKey === null || !verifies(certificate.der, publicKey)) return false;
  memory?.add(key);
  return true;
}

function publicKeyOf(certificate: Certificate): KeyObject | null {
  let key = keys.get(certificate);
  if (key === undefined) {
    key = keyOrNull(certificate.publicKeySpki);
    keys.set(certificate, key);
  }
  return key;
}

function keyOrNull(spki: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({
      key: Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength),
      format: 'der',
      type: 'spki',
    });
  } catch {
    // A key of a kind that OpenSSL does not know has signed nothing that could be believed.
    return null;
  }
}

function verifies(der: Uint8Array, publicKey: KeyObject): boolean {
  try {
    return new X509Certificate(der).verify(publicKey);
  } catch {
    // OpenSSL refuses some encodings that could be read here; what it cannot parse it cannot vouch for.
    return false;
  }
}

import type { X509Certificate } from 'node:crypto';
import { readCertificate, type Certificate } from './read.ts';

const most = 1_000;
const known = new Map<string, Certificate>();

/** A certificate that a TLS socket holds, read. The same few SVIDs come with every handshake, so each is read once. */
export function knownCertificate({
  fingerprint256,
  raw,
}: Pick<X509Certificate, 'fingerprint256' | 'raw'>): Certificate {
  let found = known.get(fingerprint256);
  if (found === undefined) {
    if (known.size > most) known.clear();
    found = readCertificate(raw);
    known.set(fingerprint256, found);
  }
  return found;
}

import type { X509Certificate } from 'node:crypto';
import { pemToDer } from './pem.ts';
import { readCertificate, type Certificate } from './read.ts';

const most = 1_000;
const known = new Map<string, Certificate>();

function once(name: string, read: () => Certificate): Certificate {
  let found = known.get(name);
  if (found === undefined) {
    if (known.size > most) known.clear();
    found = read();
    known.set(name, found);
  }
  return found;
}

/** A certificate that a TLS socket holds, read. The same few SVIDs come with every handshake, so each is read once. */
export function knownCertificate({
  fingerprint256,
  raw,
}: Pick<X509Certificate, 'fingerprint256' | 'raw'>): Certificate {
  return once(fingerprint256, () => readCertificate(raw));
}

/** A certificate in PEM, read: the authorities of a bundle are asked for at every exchange. @throws CertificateError */
export function knownPem(text: string): Certificate {
  return once(text, () => readCertificate(pemToDer(text)));
}

import { hash } from 'node:crypto';

import { childrenOf, DerError, elementAt, hexOf, onlyElement, timeOf, tags, wanted, type Element } from './der.ts';
import { printName, readName } from './distinguished-name.ts';
import { readExtensions, type CertificateExtensions } from './extensions.ts';

export type { Extension, KeyUsage } from './extensions.ts';

/** The fields of a certificate that X509-SVID speaks of. Reading judges nothing: what is wrong about them stands here as it is. */
export interface Certificate extends CertificateExtensions {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprint: string;
  /** Lower-case hex in whole bytes, without the zero byte that keeps a number positive. */
  readonly serial: string;
  /** As `C=US, O=SPIRE, CN=web`, in encoded order; empty for the empty name. */
  readonly subject: string;
  readonly issuer: string;
  /** The names as they are encoded, lower-case hex: what tells whether one certificate names another as its issuer. */
  readonly subjectHex: string;
  readonly issuerHex: string;
  /** The last one, when a subject has several. */
  readonly commonName: string | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeySpki: Uint8Array;
  /** Subject and issuer are the same name, whoever signed. Source: RFC 5280 §6.1. */
  readonly selfIssued: boolean;
}

/** Bytes that are no certificate. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/**
 * Reads one certificate, whatever its key. An extension whose inside is broken is listed in `unreadable` and harms no other field.
 *
 * @throws CertificateError when the bytes are not exactly one X.509 certificate in DER
 *
 * Source: RFC 5280 §4.1; X509-SVID §2 to §4.
 */
export function readCertificate(der: Uint8Array): Certificate {
  try {
    return readFields(der);
  } catch (error) {
    if (error instanceof DerError)
      throw new CertificateError(`not an X.509 certificate: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Certificates delivered one behind the other, as the Workload API sends chains and bundles, taken apart but not read.
 *
 * @throws CertificateError when the bytes do not end where a certificate does
 *
 * Source: SPIFFE_Workload_API §5.2.1, message X509SVID.
 */
export function splitDer(concatenated: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < concatenated.length;) {
    let end: number;
    try {
      end = wanted(elementAt(concatenated, at), tags.sequence, 'certificate').end;
    } catch (error) {
      throw new CertificateError(`certificate ${parts.length + 1} is no DER: ${(error as Error).message}`, {
        cause: error,
      });
    }
    parts.push(concatenated.subarray(at, end));
    at = end;
  }
  return parts;
}

/** The key identifier of the authority that this certificate is (for a CA) or was issued by (for a leaf); SPIRE calls it the authority ID. */
export function authorityId(certificate: Certificate): string | undefined {
  return certificate.isCa ? certificate.subjectKeyId : certificate.authorityKeyId;
}

/** By this public keys are told apart: the first half of the SHA-256 of the SubjectPublicKeyInfo, in lower-case hexadecimal. */
export function publicKeyId({ publicKeySpki }: Certificate): string {
  return hash('sha256', publicKeySpki).slice(0, 32);
}

function readFields(der: Uint8Array): Certificate {
  const [signed, , , more] = childrenOf(der, onlyElement(der, tags.sequence, 'certificate'));
  if (more !== undefined) throw new DerError('more than three parts');
  const fields = childrenOf(der, wanted(signed, tags.sequence, 'signed part'));
  // The version is left out in certificates of version 1.
  const [serial, , issuer, validity, subject, spki, ...rest] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  const [notBefore, notAfter] = childrenOf(der, wanted(validity, tags.sequence, 'validity'));
  const subjectName = readName(der, wanted(subject, tags.sequence, 'subject'));
  const subjectHex = hexOf(der, subject as Element);
  const issuerHex = hexOf(der, wanted(issuer, tags.sequence, 'issuer'));
  const key = wanted(spki, tags.sequence, 'public key');
  if (notBefore === undefined || notAfter === undefined) throw new DerError('a bound of the validity is missing');

  const subjectText = printName(subjectName);
  return {
    der,
    fingerprint: hash('sha256', der),
    serial: hexOf(der, wanted(serial, tags.integer, 'serial number')).replace(/^00(?=.)/, ''),
    subject: subjectText,
    issuer: issuerHex === subjectHex ? subjectText : printName(readName(der, issuer as Element)),
    subjectHex,
    issuerHex,
    commonName: subjectName.findLast(({ type }) => type === 'CN')?.value,
    notBefore: timeOf(der, notBefore),
    notAfter: timeOf(der, notAfter),
    publicKeySpki: der.subarray(key.start, key.end),
    selfIssued: subjectHex === issuerHex,
    ...readExtensions(
      der,
      rest.find(({ tag }) => tag === 0xa3),
    ),
  };
}

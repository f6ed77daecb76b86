import { createHash, generateKeyPair, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { childrenOf, onlyElement, tags } from './der.ts';
import { bitString, derOf, element, oid, sequence, type Der } from './encode.ts';

/** EC on P-256, EC on P-384, RSA of 2048 bits. */
export type KeyAlgorithm = 'ec' | 'ec-p384' | 'rsa';

/** A fresh key pair. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

const generate = promisify(generateKeyPair);

export async function newKeyPair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  // A thread of its own costs four times what the work does that makes an EC key.
  const { privateKey, publicKey } =
    algorithm === 'rsa'
      ? await generate('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: algorithm === 'ec' ? 'P-256' : 'P-384' });
  return { privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) };
}

/** SHA-1 of the key's bits, lower-case hex. Source: RFC 5280 §4.2.1.2, method 1. */
export function keyIdentifier(spki: Uint8Array): string {
  const bits = childrenOf(spki, onlyElement(spki, tags.sequence, 'public key'))[1];
  return createHash('sha1')
    .update(spki.subarray((bits?.from ?? 0) + 1))
    .digest('hex');
}

// As SPIRE signs, and Go: a digest as strong as the curve.
const isOnP384 = (key: KeyObject): boolean => key.asymmetricKeyDetails?.namedCurve === 'secp384r1';

/** The algorithm identifier that a certificate signed by this key names, inside and outside of its signed part. Source: RFC 5758 §3.2. */
export function signatureAlgorithm(key: KeyObject): Der {
  if (key.asymmetricKeyType === 'rsa') return sequence(oid('1.2.840.113549.1.1.11'), element(0x05));
  return sequence(oid(isOnP384(key) ? '1.2.840.10045.4.3.3' : '1.2.840.10045.4.3.2'));
}

/** `content` with its signature behind it: the outer shape of certificates and signing requests alike. */
export function signed(content: Der, key: KeyObject, shown: Der = content): Der {
  const signature = sign(isOnP384(key) ? 'sha384' : 'sha256', Buffer.from(content, 'latin1'), key);
  return sequence(shown, signatureAlgorithm(key), bitString(0, derOf(signature)));
}

/** PKCS #8. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** PEM blocks one below the other. */
export function pemOf(label: 'CERTIFICATE' | 'CERTIFICATE REQUEST', ...ders: readonly Uint8Array[]): string {
  return ders
    .map(
      (der) =>
        `-----BEGIN ${label}-----\n${Buffer.from(der)
          .toString('base64')
          .replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`,
    )
    .join('');
}

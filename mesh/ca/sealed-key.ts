import { createCipheriv, createPrivateKey, pbkdf2Sync, randomBytes, type KeyObject } from 'node:crypto';
import { messageOf, UsageError } from '../../src/errors.ts';
import { bytesOf, derOf, element, integer, oid, sequence } from '../../src/svid/x509/encode.ts';
import { tags } from '../../src/svid/x509/der.ts';
import { pem } from '../../src/svid/x509/pem.ts';

/** Fewer can be tried out by whoever gets hold of the file. */
export const leastPassphrase = 16;
/** In bytes; OpenSSL takes no more. */
export const mostPassphrase = 1_024;

// node:crypto derives with 2,048 iterations when it exports, which was right in 2000. Source: OWASP Password Storage, PBKDF2-HMAC-SHA256.
const iterations = 600_000;

/**
 * A private key under a passphrase: PKCS #8, PBES2 with AES-256 and PBKDF2, as `openssl pkey` reads it.
 *
 * Source: RFC 8018 §6.2 and appendix A.
 */
export function sealKey(key: KeyObject, passphrase: string): string {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(passphrase, salt, iterations, 32, 'sha256'), iv);
  const sealed = Buffer.concat([cipher.update(key.export({ type: 'pkcs8', format: 'der' })), cipher.final()]);
  const octets = (bytes: Uint8Array) => element(tags.octetString, derOf(bytes));
  const prf = sequence(oid('1.2.840.113549.2.9'), element(0x05));
  const derivation = sequence(oid('1.2.840.113549.1.5.12'), sequence(octets(salt), integer(iterations), prf));
  const encryption = sequence(oid('2.16.840.1.101.3.4.1.42'), octets(iv));
  const algorithm = sequence(oid('1.2.840.113549.1.5.13'), sequence(derivation, encryption));
  return pem('ENCRYPTED PRIVATE KEY', bytesOf(sequence(algorithm, octets(sealed))));
}

/** The key again. @throws UsageError where the passphrase is another, or the file is no such key; it says which file, and nothing of either */
export function openKey(text: string, passphrase: string, file: string): KeyObject {
  if (!text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----'))
    throw new UsageError(`${file}: holds no encrypted private key; it was changed, or its disk was full`);
  try {
    return createPrivateKey({ key: text, format: 'pem', passphrase });
  } catch (error) {
    throw new UsageError(
      `${file}: cannot be opened by this passphrase (${messageOf(error).split(':').at(-1)!.trim()})`,
    );
  }
}

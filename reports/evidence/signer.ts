import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { UsageError } from '../../src/errors.ts';
import { readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import { pemBlocks } from '../../src/svid/x509/pem.ts';

/** Who vouches for a run: a key, or an X.509-SVID with its key. */
export interface Signer {
  readonly key: KeyObject;
  /** The SVID and what leads to its authority, the leaf first; empty where a key alone signs. */
  readonly chain: readonly Certificate[];
}

/**
 * Reads who signs: the private key and, where they are there, the certificates of its X.509-SVID.
 *
 * @param text - PEM
 * @param where - the flag or the variable, and the file, that it comes from
 * @param at - when it is to sign
 * @throws UsageError that says what is wanted
 */
export function readSigner(text: string, where: string, at: Date): Signer {
  const wanted =
    'wanted is PEM with a private key of Ed25519 or P-256 (openssl genpkey -algorithm ed25519), and behind it the certificates of its X.509-SVID where that vouches for it';
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw new UsageError(`${where}: holds no private key that can be read without a passphrase; ${wanted}`);
  }
  if (!isSupported(key)) throw new UsageError(`${where}: holds a key of ${kindOf(key)}; ${wanted}`);
  const chain = pemBlocks(text, 'CERTIFICATE').map((der, at) => {
    try {
      return readCertificate(der);
    } catch {
      throw new UsageError(`${where}: certificate ${at + 1} cannot be read; ${wanted}`);
    }
  });
  const [leaf] = chain;
  const own = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if (leaf !== undefined && !own.equals(leaf.publicKeySpki))
    throw new UsageError(`${where}: its first certificate is of another key; ${wanted}, the leaf first`);
  const fault = svidFault(chain, at);
  if (fault !== undefined) throw new UsageError(`${where}: its X.509-SVID would vouch for nothing: ${fault}`);
  return { key, chain };
}

/** Why nobody could take these certificates for an X.509-SVID at that time, whatever authorities they trust; undefined where somebody may. */
export function svidFault(chain: readonly Certificate[], at: Date): string | undefined {
  if (chain.length === 0) return undefined;
  const verified = verifyX509Svid(chain, new Map(), at);
  return verified.ok || verified.reason === 'unknown-trust-domain' ? undefined : verified.detail;
}

/** Reads the public key that has to have signed. @throws UsageError that says what is wanted */
export function readPublicKey(text: string, where: string): KeyObject {
  const wanted = 'wanted is PEM with a public key of Ed25519 or P-256 (openssl pkey -in KEY.pem -pubout)';
  if (text.includes('PRIVATE KEY'))
    throw new UsageError(`${where}: holds a private key, which whoever only verifies should not have; ${wanted}`);
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw new UsageError(`${where}: holds no public key; ${wanted}`);
  }
  if (!isSupported(key)) throw new UsageError(`${where}: holds a key of ${kindOf(key)}; ${wanted}`);
  return key;
}

/** Whether signatures of such a key are made and checked here. */
export function isSupported({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  return type === 'ed25519' || (type === 'ec' && details?.namedCurve === 'prime256v1');
}

function kindOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  return details?.namedCurve ?? type ?? 'an unknown kind';
}

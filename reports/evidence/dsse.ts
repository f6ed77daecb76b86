import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { parsedJson } from '../../src/json.ts';

/**
 * An envelope around a text that was signed. `payload` and `sig` are base64.
 *
 * Source: DSSE 1.0, envelope.md and protocol.md.
 */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  /** Empty where nobody signed. */
  readonly signatures: readonly EnvelopeSignature[];
}

export interface EnvelopeSignature {
  /** SHA-256 of the public key (DER, SubjectPublicKeyInfo), in hex. */
  readonly keyid: string;
  readonly sig: string;
  /** The X.509-SVID that vouches for the key and what leads to its authority, DER in base64, the leaf first; absent where a key alone signed. */
  readonly chain?: readonly string[];
}

/** Type of an in-toto statement. Source: in-toto attestation framework 1.0, envelope.md. */
export const statementType = 'application/vnd.in-toto+json';

/** Of a key pair, whichever half is given. */
export function keyIdOf(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(half.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** What is signed: never the text alone, so that it cannot be taken for a text of another type. Source: DSSE 1.0, protocol.md (PAE). */
function preAuthEncoding(type: string, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

export function signatureOver(payload: Uint8Array, key: KeyObject): string {
  return sign(digestOf(key), preAuthEncoding(statementType, payload), key).toString('base64');
}

export function isSignedBy(payload: Uint8Array, { sig }: EnvelopeSignature, key: KeyObject): boolean {
  return verify(digestOf(key), preAuthEncoding(statementType, payload), key, Buffer.from(sig, 'base64'));
}

// Ed25519 hashes by itself.
const digestOf = (key: KeyObject) => (key.asymmetricKeyType === 'ed25519' ? null : 'sha256');

/** The one line of the file: there is one way to write an envelope, so that no byte of it can be another unseen. */
export function envelopeText({ payloadType, payload, signatures }: Envelope): string {
  return `${JSON.stringify({
    payloadType,
    payload,
    signatures: signatures.map(({ keyid, sig, chain }) => ({ keyid, sig, ...(chain && { chain }) })),
  })}\n`;
}

/** @throws Error that says what is not as `envelopeText` writes it */
export function readEnvelope(text: string): Envelope {
  const value = parsedJson(text) as Partial<Envelope> | undefined;
  if (typeof value?.payload !== 'string' || !Array.isArray(value.signatures)) throw new Error('is no DSSE envelope');
  if (value.payloadType !== statementType)
    throw new Error(`holds ${String(value.payloadType)}, wanted ${statementType}`);
  for (const one of value.signatures as readonly Partial<EnvelopeSignature>[]) {
    const isList =
      one?.chain === undefined || (Array.isArray(one.chain) && one.chain.length > 0 && one.chain.every(isBase64));
    if (typeof one?.keyid !== 'string' || !isBase64(one.sig) || !isList)
      throw new Error('has a signature that is none');
  }
  const envelope = value as Envelope;
  if (!isBase64(envelope.payload) || envelopeText(envelope) !== text)
    throw new Error('is not written as Assay writes it');
  return envelope;
}

function isBase64(text: unknown): boolean {
  return typeof text === 'string' && Buffer.from(text, 'base64').toString('base64') === text;
}

import { isTrustDomain } from './spiffe-id.ts';
import { readCertificate, type Certificate } from './x509/read.ts';

/** X.509 authorities by trust domain name (`example.test`, not its SPIFFE ID). */
export type TrustBundles = ReadonlyMap<string, readonly Certificate[]>;

/** The part of a SPIFFE bundle that X.509-SVIDs need. */
export interface SpiffeBundle {
  readonly authorities: Certificate[];
  /** Present when the document has it; grows with each change of the bundle. */
  readonly sequence?: bigint;
  /** How often the publisher wants the bundle fetched again. */
  readonly refreshHintSeconds?: number;
}

/** A document that is no SPIFFE bundle. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

/**
 * Reads the X.509 authorities of a SPIFFE bundle. Entries of another use or of a key type not known here are
 * passed over, as are those without x5c; of several x5c values only the first is one.
 *
 * @throws BundleError when the document is no JWK Set, or an X.509 entry holds no certificate
 *
 * Source: SPIFFE_Trust_Domain_and_Bundle §4.1 (spiffe_sequence, spiffe_refresh_hint, keys), §4.2 (kty, use); X509-SVID §6.1 (x5c).
 */
export function parseSpiffeBundle(json: string): SpiffeBundle {
  const document = parseJson(json);
  if (!isRecord(document)) throw new BundleError('not a SPIFFE bundle: not a JSON object');
  const { keys, spiffe_sequence: sequence, spiffe_refresh_hint: refreshHint } = document;
  if (!Array.isArray(keys)) throw new BundleError('not a SPIFFE bundle: "keys" is no array');
  if (refreshHint !== undefined && typeof refreshHint !== 'number')
    throw new BundleError('not a SPIFFE bundle: "spiffe_refresh_hint" is no number');
  if (sequence !== undefined && typeof sequence !== 'bigint')
    throw new BundleError('not a SPIFFE bundle: "spiffe_sequence" is no whole number');
  return {
    authorities: keys.flatMap((entry: unknown, index) => x509Authority(entry, index)),
    ...(sequence === undefined ? {} : { sequence }),
    ...(refreshHint === undefined ? {} : { refreshHintSeconds: refreshHint }),
  };
}

/** Bundles by trust domain name, from pairs. @throws RangeError for a name that is no trust domain or comes twice */
export function trustBundles(
  ...pairs: readonly (readonly [trustDomain: string, authorities: readonly Certificate[]])[]
): TrustBundles {
  const bundles = new Map<string, readonly Certificate[]>();
  for (const [trustDomain, authorities] of pairs) {
    if (!isTrustDomain(trustDomain))
      throw new RangeError(`not the name of a trust domain: ${JSON.stringify(trustDomain)}`);
    if (bundles.has(trustDomain)) throw new RangeError(`two bundles for ${trustDomain}: each trust domain has one`);
    bundles.set(trustDomain, authorities);
  }
  return bundles;
}

const knownKeyTypes = new Set<unknown>(['EC', 'RSA', 'OKP']);

function x509Authority(entry: unknown, index: number): Certificate[] {
  if (
    !isRecord(entry) ||
    entry['use'] !== 'x509-svid' ||
    !knownKeyTypes.has(entry['kty']) ||
    !Array.isArray(entry['x5c'])
  )
    return [];
  const first: unknown = entry['x5c'][0];
  if (first === undefined) return [];
  try {
    if (typeof first !== 'string') throw new TypeError('it is no text');
    return [readCertificate(Buffer.from(first, 'base64'))];
  } catch (cause) {
    throw new BundleError(`not a SPIFFE bundle: x5c of key ${index}: ${(cause as Error).message}`, { cause });
  }
}

function parseJson(json: string): unknown {
  try {
    // Sequence numbers have 64 bits, more than a number holds: the text of the literal keeps them all.
    const exact = (name: string, value: unknown, context?: { source?: string }): unknown =>
      name === 'spiffe_sequence' && typeof value === 'number' && /^-?\d+$/.test(context?.source ?? '')
        ? BigInt(context?.source ?? 0)
        : value;
    return JSON.parse(json, exact);
  } catch (cause) {
    throw new BundleError(`not a SPIFFE bundle: ${(cause as Error).message}`, { cause });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { splitDer } from '../../src/svid/x509/read.ts';

/** One X.509-SVID with its key. */
export interface X509Svid {
  readonly spiffeId: string;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** PKCS#8 DER, unencrypted. */
  readonly privateKeyPkcs8: Uint8Array;
  /** Empty when the entry has none. */
  readonly hint: string;
}

/** All that a workload has to authenticate with and to verify with, as of one message. */
export interface X509Context {
  /** Never empty; the first is the default identity. */
  readonly svids: readonly X509Svid[];
  /** Trust domain name -> DER authorities, own and federated. */
  readonly bundles: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** FetchX509SVID's message as it comes off the wire. */
export interface X509SvidResponse {
  readonly svids: readonly {
    spiffeId: string;
    x509Svid: Uint8Array;
    x509SvidKey: Uint8Array;
    bundle: Uint8Array;
    hint: string;
  }[];
  readonly federatedBundles: Readonly<Record<string, Uint8Array>>;
}

/**
 * Takes a message apart. Certificates are split, not parsed: whether they are right is for suites to judge.
 *
 * @throws Error that names the field when a mandatory one is empty or the DER cannot be split
 */
export function parseX509Context(response: X509SvidResponse): X509Context {
  const bundles = new Map<string, Uint8Array[]>();
  const svids = response.svids.map(({ spiffeId, x509Svid, x509SvidKey, bundle, hint }) => {
    if (x509SvidKey.length === 0) throw new Error(`X509SVIDResponse: no key for ${spiffeId}`);
    bundles.set(trustDomainOf(spiffeId), ders(bundle, `bundle of ${spiffeId}`));
    return { spiffeId, chain: ders(x509Svid, `chain of ${spiffeId}`), privateKeyPkcs8: x509SvidKey, hint };
  });
  if (svids.length === 0) throw new Error('X509SVIDResponse: no SVID in it');
  for (const [id, bundle] of Object.entries(response.federatedBundles)) {
    const trustDomain = trustDomainOf(id);
    // A federated entry must not replace the authorities of the workload's own trust domain.
    if (!bundles.has(trustDomain)) bundles.set(trustDomain, ders(bundle, `federated bundle of ${id}`));
  }
  return { svids, bundles };
}

function trustDomainOf(id: string): string {
  const name = /^spiffe:\/\/([^/]+)/.exec(id)?.[1];
  if (name === undefined) throw new Error(`X509SVIDResponse: ${JSON.stringify(id)} is not a SPIFFE ID`);
  return name;
}

function ders(bytes: Uint8Array, what: string): Uint8Array[] {
  let parts: Uint8Array[];
  try {
    parts = splitDer(bytes);
  } catch (cause) {
    throw new Error(`X509SVIDResponse: ${what} is not DER: ${(cause as Error).message}`, { cause });
  }
  if (parts.length === 0) throw new Error(`X509SVIDResponse: ${what} is empty`);
  return parts;
}

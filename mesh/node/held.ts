import { pem } from '../../src/svid/x509/pem.ts';
import { createHash } from 'node:crypto';
import type { TrustBundles } from '../../src/svid/bundle.ts';
import { readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import type { X509Context } from '../../spiffe/workload-api.ts';

/** What a node holds right now: its SVID in the forms that TLS wants, and the trust bundles. */
export interface Held {
  readonly spiffeId: string;
  readonly leaf: Certificate;
  readonly certPem: string;
  readonly keyPem: string;
  readonly bundles: TrustBundles;
}

/** What a node holds by a message of the Workload API, whose first SVID counts, as the default identity; undefined when it has none. */
export function held(context: X509Context): Held | undefined {
  const svid = context.svids[0];
  if (svid?.chain[0] === undefined) return undefined;
  const bundles = new Map(
    [...context.bundles].map(([trustDomain, authorities]) => [trustDomain, authorities.map(authority)] as const),
  );
  return {
    spiffeId: svid.spiffeId,
    leaf: readCertificate(svid.chain[0]),
    certPem: svid.chain.map((der) => pem('CERTIFICATE', der)).join(''),
    keyPem: pem('PRIVATE KEY', svid.privateKeyPkcs8),
    bundles,
  };
}

// Authorities come again with every update; parsed once.
const authorities = new Map<string, Certificate>();
function authority(der: Uint8Array): Certificate {
  const key = createHash('sha256').update(der).digest('base64');
  let certificate = authorities.get(key);
  if (certificate === undefined) {
    if (authorities.size > 1000) authorities.clear();
    certificate = readCertificate(der);
    authorities.set(key, certificate);
  }
  return certificate;
}

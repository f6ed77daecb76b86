import type { X509Context } from '../spiffe/workload-api.ts';
import { readCertificate, type Certificate } from '../src/svid/x509/read.ts';

/** The leaf of what the Workload API delivers. */
export function leafOf({ svids }: X509Context): Certificate {
  return readCertificate(svids[0]!.chain[0]!);
}

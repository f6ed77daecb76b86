import * as leaf from '../../src/clauses/x509-svid/leaf.ts';
import { row, uriSans } from '../identity/row.ts';

/** Leaves that say too much, too little, or in the wrong place. */
export const rows = [
  row(leaf.nameElsewhere, 'the right ID as CN', ({ right }) => ({ change: { uriSans: [], commonName: right } })),
  row(leaf.nameElsewhere, 'the service name as DNS SAN and CN', ({ trustDomain }) => ({
    change: { uriSans: [], dnsSans: ['assay-probe', `assay-probe.${trustDomain}`], commonName: 'assay-probe' },
  })),
  row(leaf.nameElsewhere, 'the right ID as CN, another as URI SAN', ({ right, id }) => ({
    change: { uriSans: [id('/service/assay-other')], commonName: right },
  })),
  uriSans(leaf.twoUriSans, 'the right ID first, another second', ({ right, id }) => [
    right,
    id('/service/assay-other'),
  ]),
  uriSans(leaf.twoUriSans, 'another ID first, the right one second', ({ right, id }) => [
    id('/service/assay-other'),
    right,
  ]),
  uriSans(leaf.twoUriSans, 'the right ID and a URI of another scheme', ({ right, trustDomain }) => [
    right,
    `https://${trustDomain}/`,
  ]),
  uriSans(leaf.noUriSan, 'no SAN at all', () => []),
  row(leaf.caAsLeaf, 'a CA certificate with the right ID', () => ({ change: { isCa: true } })),
  row(leaf.keyUsage, 'a leaf that may sign certificates', () => ({
    change: { keyUsage: ['digitalSignature', 'keyCertSign'] },
  })),
  row(leaf.keyUsage, 'a leaf that may sign CRLs', () => ({ change: { keyUsage: ['digitalSignature', 'cRLSign'] } })),
];

import * as leaf from '../../src/clauses/x509-svid/leaf.ts';
import { keyUsage, subjectAltName } from '../../src/svid/x509/encode.ts';
import type { Extension } from '../../src/svid/x509/extensions.ts';
import { row, uriSans } from '../identity/row.ts';

/** Leaves that say too much, too little, or in the wrong place. */
export const rows = [
  row(leaf.nameElsewhere, 'the right ID as CN', ({ right }) => ({ change: { uriSans: [], commonName: right } })),
  row(leaf.nameElsewhere, 'the service name as DNS SAN and CN', ({ trustDomain, name }) => ({
    change: { uriSans: [], dnsSans: [name, `${name}.${trustDomain}`], commonName: name },
  })),
  row(leaf.nameElsewhere, 'the right ID as CN, another as URI SAN', ({ right, sibling }) => ({
    change: { uriSans: [sibling], commonName: right },
  })),
  row(leaf.nameElsewhere, 'the right ID as an email SAN', ({ right }) => ({
    change: { uriSans: [], emailSans: [right] },
  })),
  row(leaf.nameElsewhere, 'a DNS SAN that reads like a list with the right ID in it', ({ right }) => ({
    change: { uriSans: [], dnsSans: [`assay-other, URI:${right}`] },
  })),
  uriSans(leaf.twoUriSans, 'the right ID first, another second', ({ right, sibling }) => [right, sibling]),
  uriSans(leaf.twoUriSans, 'another ID first, the right one second', ({ right, sibling }) => [sibling, right]),
  uriSans(leaf.twoUriSans, 'the right ID and a URI of another scheme', ({ right, trustDomain }) => [
    right,
    `https://${trustDomain}/`,
  ]),
  uriSans(leaf.twoUriSans, 'the right ID twice', ({ right }) => [right, right]),
  row(leaf.twoUriSans, 'another ID, and the right one in a second SAN extension', ({ right, sibling }) => ({
    change: { uriSans: [sibling], extensions: subjectAltName({ uriSans: [right] }) },
  })),
  row(
    leaf.twoUriSans,
    'the right ID first, another second, below an intermediate',
    ({ right, sibling }) => ({ change: { uriSans: [right, sibling] }, below: [{}] }),
    { beside: 'chain' },
  ),
  uriSans(leaf.noUriSan, 'no SAN at all', () => []),
  uriSans(leaf.noPath, 'the ID of its trust domain', ({ trustDomain }) => [`spiffe://${trustDomain}`]),
  row(leaf.caAsLeaf, 'a CA certificate with the right ID', () => ({ change: { isCa: true } })),
  row(
    leaf.caAsLeaf,
    'a CA certificate with the right ID, below an intermediate',
    () => ({ change: { isCa: true }, below: [{}] }),
    { beside: 'chain' },
  ),
  row(
    leaf.keyUsage,
    'a leaf that may sign certificates, below an intermediate',
    () => ({ change: { keyUsage: ['digitalSignature', 'keyCertSign'] }, below: [{}] }),
    { beside: 'chain' },
  ),
  row(leaf.keyUsage, 'a leaf that may sign certificates', () => ({
    change: { keyUsage: ['digitalSignature', 'keyCertSign'] },
  })),
  row(leaf.keyUsage, 'a leaf that may sign CRLs', () => ({ change: { keyUsage: ['digitalSignature', 'cRLSign'] } })),
  row(leaf.keyUsage, 'a leaf that may sign certificates, says an extension that is not critical', () => ({
    change: { keyUsage: [], extensions: keyUsage(['digitalSignature', 'keyCertSign']).map(notCritical) },
  })),
];

function notCritical(extension: Extension): Extension {
  return { ...extension, critical: false };
}

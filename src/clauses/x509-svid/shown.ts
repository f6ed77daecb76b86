import { leavesAre } from '../../checkers/shown-leaves.ts';
import { bothRoles, clause } from '../../clause.ts';

// What the SVIDs themselves say, as nodes show them: whoever signed them is to blame, and whoever shows them is refused by others for it.

const must = {
  promise: 'pinning',
  level: 'MUST',
  subject: 'issuer',
  roles: bothRoles,
  byStrangers: true,
} as const;
const limits = 'the leaf of one connection in each role';

export const oneUriSan = clause({
  ...must,
  id: 'x509-svid/shown/one-uri-san',
  catalogue: 'X509-SVID-2-01',
  spec: 'X509-SVID §2',
  title: 'The SVID of a node has one URI SAN',
  danger: 'peers that read it right refuse it, and others choose an identity for it',
  limits,
  judge: leavesAre(({ uriSans }) => (uriSans.length === 1 ? undefined : `has ${uriSans.length} URI SANs`)),
});

export const nameCritical = clause({
  ...must,
  id: 'x509-svid/shown/name-critical',
  catalogue: 'X509-SVID-3.1-04',
  spec: 'X509-SVID §3.1',
  title: 'An SVID without a subject has its alternative names critical',
  danger: 'who does not know the extension takes a certificate that names nobody',
  limits,
  judge: leavesAre(({ subjectIsEmpty, namesAreCritical }) =>
    subjectIsEmpty && !namesAreCritical ? 'has no subject, and its alternative names are not critical' : undefined,
  ),
});

export const notCa = clause({
  ...must,
  id: 'x509-svid/shown/not-a-ca',
  catalogue: 'X509-SVID-4.1-03',
  spec: 'X509-SVID §4.1',
  title: 'The SVID of a node is no CA',
  danger: 'a service can sign identities for others',
  limits,
  judge: leavesAre(({ isCa }) => (isCa ? 'is a CA' : undefined)),
});

export const usageSaid = clause({
  ...must,
  id: 'x509-svid/shown/key-usage',
  catalogue: 'X509-SVID-4.3-01',
  spec: 'X509-SVID §4.3',
  title: 'The SVID of a node says what its key is for',
  danger: 'the key is good for whatever somebody takes it for',
  limits,
  judge: leavesAre(({ keyUsage }) => (keyUsage === null ? 'has no key usage' : undefined)),
});

export const usageCritical = clause({
  ...must,
  id: 'x509-svid/shown/key-usage-critical',
  catalogue: 'X509-SVID-4.3-02',
  spec: 'X509-SVID §4.3',
  title: 'The key usage of an SVID is critical',
  danger: 'who does not know it goes on without',
  limits,
  judge: leavesAre(({ keyUsage, keyUsageIsCritical }) =>
    keyUsage !== null && !keyUsageIsCritical ? 'has a key usage that is not critical' : undefined,
  ),
});

export const signsHandshakes = clause({
  ...must,
  id: 'x509-svid/shown/digital-signature',
  catalogue: 'X509-SVID-4.3-05',
  spec: 'X509-SVID §4.3',
  title: 'The key of an SVID may sign handshakes',
  danger: 'peers that look at key usage refuse the service',
  limits,
  judge: leavesAre(({ keyUsage }) =>
    keyUsage !== null && !keyUsage.includes('digitalSignature')
      ? 'has a key usage without digitalSignature'
      : undefined,
  ),
});

export const signsNoCertificates = clause({
  ...must,
  id: 'x509-svid/shown/no-cert-sign',
  level: 'MUST_NOT',
  catalogue: 'X509-SVID-4.3-07',
  spec: 'X509-SVID §4.3',
  title: 'The key of an SVID may not sign certificates',
  danger: 'a service can sign identities for others',
  limits,
  judge: leavesAre(({ keyUsage }) =>
    keyUsage?.includes('keyCertSign') === true ? 'has a key usage with keyCertSign' : undefined,
  ),
});

export const signsNoCrls = clause({
  ...must,
  id: 'x509-svid/shown/no-crl-sign',
  level: 'MUST_NOT',
  catalogue: 'X509-SVID-4.3-08',
  spec: 'X509-SVID §4.3',
  title: 'The key of an SVID may not sign CRLs',
  danger: 'a service can revoke identities of others',
  limits,
  judge: leavesAre(({ keyUsage }) =>
    keyUsage?.includes('cRLSign') === true ? 'has a key usage with cRLSign' : undefined,
  ),
});

export const purposesSaid = clause({
  ...must,
  id: 'x509-svid/shown/extended-key-usage',
  level: 'SHOULD',
  catalogue: 'X509-SVID-4.4-01',
  spec: 'X509-SVID §4.4',
  title: 'The SVID of a node says for which end of a connection it is good',
  danger: 'TLS libraries differ in what they take it for',
  limits,
  judge: leavesAre(({ extendedKeyUsage }) => (extendedKeyUsage === null ? 'has no extended key usage' : undefined)),
});

export const bothPurposes = clause({
  ...must,
  id: 'x509-svid/shown/both-ends',
  catalogue: 'X509-SVID-4.4-03',
  spec: 'X509-SVID §4.4',
  title: 'An SVID that says so is good for both ends of a connection',
  danger: 'the service can be called and cannot call, or the other way round',
  limits,
  judge: leavesAre(({ extendedKeyUsage }) => {
    const missing = ['serverAuth', 'clientAuth'].filter((purpose) => extendedKeyUsage?.includes(purpose) === false);
    return missing.length === 0 ? undefined : `has an extended key usage without ${missing.join(' and ')}`;
  }),
});

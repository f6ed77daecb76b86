import { refusedBesideControl } from '../../checkers/exchanges.ts';
import { bothRoles, clause } from '../../clause.ts';

// What a leaf may say, and where its name stands.

const must = {
  promise: 'pinning',
  level: 'MUST',
  subject: 'validator',
  roles: bothRoles,
  judge: refusedBesideControl,
} as const;

export const nameElsewhere = clause({
  ...must,
  id: 'x509-svid/leaf/name-elsewhere',
  catalogue: 'X509-SVID-3.1-01',
  spec: 'X509-SVID §2, §3.1',
  title: 'The right name in CN or a DNS SAN, without a URI SAN, is refused',
  danger: 'identity is read from fields that are not the SPIFFE ID',
});

export const twoUriSans = clause({
  ...must,
  id: 'x509-svid/leaf/two-uri-sans',
  catalogue: 'X509-SVID-5.2-06',
  spec: 'X509-SVID §2, §5.2',
  title: 'Two URI SANs are refused, whichever comes first',
  danger: 'the first or the best of several identities is taken',
});

export const noUriSan = clause({
  ...must,
  id: 'x509-svid/leaf/no-uri-san',
  catalogue: 'X509-SVID-2-01',
  spec: 'X509-SVID §2',
  title: 'A certificate with no name at all is refused',
  danger: 'a chain to the bundle is enough to get in',
});

export const noPath = clause({
  ...must,
  id: 'x509-svid/leaf/no-path',
  catalogue: 'X509-SVID-5.2-05',
  spec: 'X509-SVID §5.2',
  title: 'A leaf with the ID of the trust domain itself is refused',
  danger: 'who speaks as the trust domain is let in as everybody in it',
});

export const caAsLeaf = clause({
  ...must,
  id: 'x509-svid/leaf/ca-as-leaf',
  catalogue: 'X509-SVID-5.2-01',
  spec: 'X509-SVID §5.2',
  title: 'A CA certificate as leaf is refused',
  danger: 'whoever holds an intermediate may also speak as a workload',
});

export const keyUsage = clause({
  ...must,
  id: 'x509-svid/leaf/key-usage',
  catalogue: 'X509-SVID-5.2-02',
  spec: 'X509-SVID §5.2',
  title: 'A leaf that may sign certificates or CRLs is refused',
  danger: 'key usage is not looked at',
  limits: 'a leaf that says nothing of what its key is for is not tried',
});

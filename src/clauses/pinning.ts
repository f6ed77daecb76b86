import type { Role } from '../checkers/coverage.ts';
import { exchanges } from '../checkers/exchanges.ts';
import type { Clause } from '../clause.ts';

const pin = {
  promise: 'pinning',
  level: 'MUST',
  subject: 'validator',
  catalogue: 'MESH-PIN-01',
  spec: 'Mesh deployment, Security best practices 4 (certificate pinning)',
} as const;
const svid = { promise: 'pinning', level: 'MUST', subject: 'validator' } as const;

function clause(head: Omit<Clause, 'judge'>, ...how: [roles?: readonly Role[], decisive?: 'accepted']): Clause {
  const [roles = ['server', 'client'], decisive = 'refused'] = how;
  return { ...head, judge: exchanges(head.id, roles, decisive) };
}

/** Who is accepted: exactly the IDs that are allowed, proven by a valid X.509-SVID. Each in both directions. */
export const pinningClauses: readonly Clause[] = [
  clause(
    {
      ...pin,
      id: 'pin/exact-id',
      title: 'Exactly the allowed SPIFFE ID is accepted',
      danger: 'right peers are turned away',
    },
    ['server', 'client'],
    'accepted',
  ),
  clause({
    ...pin,
    id: 'pin/sibling-path',
    title: 'A sibling of the allowed ID is refused',
    danger: 'any member of the trust domain is taken for the allowed peer',
  }),
  clause({
    ...pin,
    id: 'pin/prefix',
    title: 'An ID that is only the beginning of the allowed one is refused',
    danger: 'IDs are compared by prefix',
  }),
  clause({
    ...pin,
    id: 'pin/suffix',
    title: 'An ID that goes on after the allowed one, or that ends in it, is refused',
    danger: 'IDs are compared by how they begin or end',
  }),
  clause({
    ...pin,
    id: 'pin/case',
    title: 'The allowed ID in another case is refused',
    danger: 'paths are compared without regard to case',
  }),
  clause({
    ...pin,
    id: 'pin/trailing-slash',
    title: 'The allowed ID with a trailing slash is refused',
    danger: 'IDs are normalised before they are compared',
  }),
  clause({
    ...pin,
    id: 'pin/foreign-domain-known',
    title: 'The allowed path in a federated trust domain is refused',
    danger: 'federation makes every foreign name equal to our own',
  }),
  clause({
    ...pin,
    id: 'pin/foreign-domain-unknown',
    title: 'The allowed path in a trust domain nobody knows is refused',
    danger: 'the trust domain of an ID is not looked at',
  }),
  clause(
    {
      ...pin,
      id: 'pin/expected-peer',
      catalogue: 'MESH-PIN-03',
      title: 'A node that calls one allowed peer refuses another allowed peer in its place',
      danger: 'the peer that was asked for is not checked, only the list',
    },
    ['client'],
  ),
  clause({
    ...svid,
    id: 'svid/foreign-authority',
    catalogue: 'X509-SVID-5.2-07',
    spec: 'X509-SVID §5.2',
    title: 'The allowed ID signed by the authority of another trust domain is refused',
    danger: 'a federated partner can issue our identities',
  }),
  clause({
    ...svid,
    id: 'svid/name-elsewhere',
    catalogue: 'X509-SVID-3.1-01',
    spec: 'X509-SVID §2, §3.1',
    title: 'The right name in CN or a DNS SAN, without a URI SAN, is refused',
    danger: 'identity is read from fields that are not the SPIFFE ID',
  }),
  clause({
    ...svid,
    id: 'svid/two-uri-sans',
    catalogue: 'X509-SVID-5.2-06',
    spec: 'X509-SVID §2, §5.2',
    title: 'Two URI SANs are refused, whichever comes first',
    danger: 'the first or the best of several identities is taken',
  }),
  clause({
    ...svid,
    id: 'svid/no-uri-san',
    catalogue: 'X509-SVID-2-01',
    spec: 'X509-SVID §2',
    title: 'A certificate with no name at all is refused',
    danger: 'a chain to the bundle is enough to get in',
  }),
  clause({
    ...svid,
    id: 'svid/id-with-query',
    catalogue: 'SPIFFE-ID-2-03',
    spec: 'SPIFFE-ID §2',
    title: 'An ID with a query is refused',
    danger: 'the ID is cut off at the question mark',
  }),
  clause({
    ...svid,
    id: 'svid/id-with-port',
    catalogue: 'SPIFFE-ID-2.1-03',
    spec: 'SPIFFE-ID §2.1',
    title: 'An ID with a port is refused',
    danger: 'the authority part is read like that of a URL',
  }),
  clause({
    ...svid,
    id: 'svid/id-with-user',
    catalogue: 'SPIFFE-ID-2.1-02',
    spec: 'SPIFFE-ID §2.1',
    title: 'An ID with user information is refused',
    danger: 'the authority part is read like that of a URL',
  }),
  clause({
    ...svid,
    id: 'svid/ca-as-leaf',
    catalogue: 'X509-SVID-5.2-01',
    spec: 'X509-SVID §5.2',
    title: 'A CA certificate as leaf is refused',
    danger: 'whoever holds an intermediate may also speak as a workload',
  }),
  clause({
    ...svid,
    id: 'svid/key-usage',
    catalogue: 'X509-SVID-5.2-02',
    spec: 'X509-SVID §5.2',
    title: 'A leaf that may sign certificates or CRLs is refused',
    danger: 'key usage is not looked at',
  }),
  clause({
    ...svid,
    id: 'svid/expired',
    catalogue: 'X509-SVID-5.1-01',
    spec: 'X509-SVID §5.1; RFC 5280 §6.1',
    title: 'An expired SVID is refused',
    danger: 'notAfter is ignored, so a stolen SVID is good for ever',
  }),
  clause({
    ...svid,
    id: 'svid/not-yet-valid',
    catalogue: 'X509-SVID-5.1-01',
    spec: 'X509-SVID §5.1; RFC 5280 §6.1',
    title: 'An SVID that is not yet valid is refused',
    danger: 'notBefore is ignored',
  }),
  clause({
    ...svid,
    id: 'svid/self-signed',
    catalogue: 'SPIFFE-ID-3-01',
    spec: 'SPIFFE-ID §3',
    title: 'A self-signed certificate with the right ID is refused',
    danger: 'anyone can write any name',
  }),
  clause({
    ...svid,
    id: 'svid/stranger-authority',
    catalogue: 'SPIFFE-ID-3-01',
    spec: 'SPIFFE-ID §3; RFC 5280 §6.1',
    title: 'A chain to a stranger with the same names and key identifiers as the authority is refused',
    danger: 'authorities are told apart by name, not by key',
  }),
];

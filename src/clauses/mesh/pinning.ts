import { acceptedAsMust, refusedBesideControl } from '../../checkers/exchanges.ts';
import { bothRoles, clause } from '../../clause.ts';

// Who is accepted: exactly the IDs that are allowed. Each clause in both directions, unless it says otherwise.

const must = {
  promise: 'pinning',
  level: 'MUST',
  subject: 'validator',
  catalogue: 'MESH-PIN-01',
  spec: 'Mesh deployment, Security best practices 4 (certificate pinning)',
  roles: bothRoles,
  judge: refusedBesideControl,
} as const;

export const exactId = clause({
  ...must,
  id: 'mesh/pinning/exact-id',
  title: 'Exactly the allowed SPIFFE ID is accepted',
  danger: 'right peers are turned away',
  limits: 'shown are the ID of the probe and a federated one; other allowed IDs meet the node in the traffic only',
  judge: acceptedAsMust,
});

export const siblingPath = clause({
  ...must,
  id: 'mesh/pinning/sibling-path',
  title: 'A sibling of the allowed ID is refused',
  danger: 'any member of the trust domain is taken for the allowed peer',
  limits: 'one sibling is tried: a rule that happens to leave it out passes',
});

export const prefix = clause({
  ...must,
  id: 'mesh/pinning/prefix',
  title: 'An ID that is only the beginning of the allowed one is refused',
  danger: 'IDs are compared by prefix',
});

export const suffix = clause({
  ...must,
  id: 'mesh/pinning/suffix',
  title: 'An ID that goes on after the allowed one, or that ends in it, is refused',
  danger: 'IDs are compared by how they begin or end',
});

export const sameName = clause({
  ...must,
  id: 'mesh/pinning/same-name',
  title: 'An ID that shares its last segment with the allowed one, and no more, is refused',
  danger: 'the service is looked at and not what it belongs to',
});

export const otherCase = clause({
  ...must,
  id: 'mesh/pinning/case',
  title: 'The allowed ID in another case is refused',
  danger: 'paths are compared without regard to case',
  limits: 'tried with capitals in the last segment; those in the trust domain are not tried',
});

export const punctuation = clause({
  ...must,
  id: 'mesh/pinning/punctuation',
  title: 'An ID that differs from the allowed one in a punctuation mark is refused',
  danger: 'IDs are folded, as for labels and names of files, before they are compared',
  limits: 'tried with an underscore for a dash',
});

export const trailingSlash = clause({
  ...must,
  id: 'mesh/pinning/trailing-slash',
  title: 'The allowed ID with a trailing slash is refused',
  danger: 'IDs are normalised before they are compared',
});

export const foreignDomainKnown = clause({
  ...must,
  id: 'mesh/pinning/foreign-domain-known',
  title: 'The allowed path in a federated trust domain is refused',
  danger: 'federation makes every foreign name equal to our own',
});

export const foreignDomainUnknown = clause({
  ...must,
  id: 'mesh/pinning/foreign-domain-unknown',
  title: 'The allowed path in a trust domain nobody knows is refused',
  danger: 'the trust domain of an ID is not looked at',
  limits: 'seven names are tried, six of them signed by our own authority',
});

export const expectedPeer = clause({
  ...must,
  id: 'mesh/pinning/expected-peer',
  catalogue: 'MESH-PIN-03',
  title: 'A node that calls one allowed peer refuses another allowed peer in its place',
  danger: 'the peer that was asked for is not checked, only the list',
  limits: 'one other allowed peer is tried, the next node of the mesh',
  roles: ['client'],
});

export const keyPossession = clause({
  ...must,
  id: 'mesh/pinning/key-possession',
  catalogue: null,
  spec: 'RFC 8446 §4.4.3; RFC 5280 §6.1',
  title: 'The right SVID in the hands of somebody who does not hold its key is refused',
  danger: 'an SVID is public: whoever has seen one is let in with it',
  limits: 'tried with a signature by another key of the same kind; no empty one, none of another kind',
});

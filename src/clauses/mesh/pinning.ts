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
  judge: acceptedAsMust,
});

export const siblingPath = clause({
  ...must,
  id: 'mesh/pinning/sibling-path',
  title: 'A sibling of the allowed ID is refused',
  danger: 'any member of the trust domain is taken for the allowed peer',
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

export const otherCase = clause({
  ...must,
  id: 'mesh/pinning/case',
  title: 'The allowed ID in another case is refused',
  danger: 'paths are compared without regard to case',
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
});

export const expectedPeer = clause({
  ...must,
  id: 'mesh/pinning/expected-peer',
  catalogue: 'MESH-PIN-03',
  title: 'A node that calls one allowed peer refuses another allowed peer in its place',
  danger: 'the peer that was asked for is not checked, only the list',
  roles: ['client'],
});

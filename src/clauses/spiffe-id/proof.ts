import { refusedBesideControl } from '../../checkers/exchanges.ts';
import { bothRoles, clause } from '../../clause.ts';

// An ID counts only when an authority of its trust domain vouches for it.

const must = {
  promise: 'pinning',
  level: 'MUST',
  subject: 'validator',
  catalogue: 'SPIFFE-ID-3-01',
  roles: bothRoles,
  judge: refusedBesideControl,
} as const;

export const selfSigned = clause({
  ...must,
  id: 'spiffe-id/proof/self-signed',
  spec: 'SPIFFE-ID §3',
  title: 'A self-signed certificate with the right ID is refused',
  danger: 'anyone can write any name',
});

export const strangerAuthority = clause({
  ...must,
  id: 'spiffe-id/proof/stranger-authority',
  spec: 'SPIFFE-ID §3; RFC 5280 §6.1',
  title: 'A chain to a stranger with the same names and key identifiers as the authority is refused',
  danger: 'authorities are told apart by name, not by key',
});

export const idSigned = clause({
  ...must,
  id: 'spiffe-id/proof/id-signed',
  catalogue: 'SPIFFE-ID-3.2-01',
  spec: 'SPIFFE-ID §3.2',
  title: 'An SVID whose ID was put in after it was signed is refused',
  danger: 'the signature is not checked, so anyone who has one SVID has all of them',
  limits: 'the ID is replaced after the signature; no other part of a certificate is',
});

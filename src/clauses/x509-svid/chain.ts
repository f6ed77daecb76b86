import { acceptedAsMust, refusedBesideControl } from '../../checkers/exchanges.ts';
import { bothRoles, clause } from '../../clause.ts';

// What stands between a leaf and the authority: intermediates that the peer sends and no bundle holds.

const must = { promise: 'pinning', level: 'MUST', subject: 'validator', roles: bothRoles } as const;
const accepted = { ...must, judge: acceptedAsMust } as const;
const refused = { ...must, judge: refusedBesideControl } as const;
const validation = { ...refused, catalogue: 'X509-SVID-5.1-01', spec: 'X509-SVID §5.1; RFC 5280 §6.1' } as const;

export const intermediates = clause({
  ...accepted,
  id: 'x509-svid/chain/intermediates',
  catalogue: 'X509-SVID-3.2-04',
  spec: 'X509-SVID §3.2; RFC 5280 §6.1',
  title: 'A right SVID below intermediates is accepted',
  danger:
    'right peers are turned away as soon as the authority stands behind an intermediate, as below an upstream one',
  limits: 'up to two intermediates are tried',
});

export const withinPathLength = clause({
  ...accepted,
  id: 'x509-svid/chain/within-path-length',
  catalogue: 'X509-SVID-4.1-01',
  spec: 'X509-SVID §4.1; RFC 5280 §4.2.1.9',
  title: 'A right SVID below an intermediate with a path length that it keeps to is accepted',
  danger: 'right peers are turned away because their authority limits what it signs',
});

export const pathLength = clause({
  ...validation,
  id: 'x509-svid/chain/path-length',
  title: 'A chain that is longer than an intermediate of it allows is refused',
  danger: 'whoever was given a CA for SVIDs can make CAs for others',
});

export const intermediateValidity = clause({
  ...validation,
  id: 'x509-svid/chain/intermediate-validity',
  title: 'An SVID below an intermediate that has ended, or is not yet valid, is refused',
  danger: 'the key of an intermediate that was given up is good for ever',
  limits: 'tried a minute past the end and two minutes before the beginning: a smaller leeway passes',
});

export const intermediateIsCa = clause({
  ...validation,
  id: 'x509-svid/chain/intermediate-not-ca',
  title: 'An SVID below a certificate that is no CA is refused',
  danger: 'any workload can sign the identity of any other with its own SVID',
  limits: 'one whose key may only sign CRLs is shown and not judged, as right verifiers differ on it',
});

export const nameConstraints = clause({
  ...refused,
  id: 'x509-svid/chain/name-constraints',
  catalogue: 'X509-SVID-4.2-01',
  spec: 'X509-SVID §4.2; RFC 5280 §4.2.1.10',
  title: 'An SVID whose ID an intermediate may not sign is refused',
  danger: 'an authority that was given a part of the names can sign all of them',
  limits: 'tried with constraints on URIs; who refuses each of those, whatever it allows, passes',
});

export const unlinked = clause({
  ...validation,
  id: 'x509-svid/chain/unlinked',
  title: 'A chain that no authority of the bundle signed is refused, whatever certificates come with it',
  danger: 'a peer vouches for itself by what it sends along',
});

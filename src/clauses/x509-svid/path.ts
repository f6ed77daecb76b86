import { refusedBesideControl } from '../../checkers/exchanges.ts';
import { bothRoles, clause } from '../../clause.ts';

// The path from the leaf to an authority of its own trust domain, at the time of the handshake.

const must = {
  promise: 'pinning',
  level: 'MUST',
  subject: 'validator',
  roles: bothRoles,
  judge: refusedBesideControl,
} as const;
const validity = { ...must, catalogue: 'X509-SVID-5.1-01', spec: 'X509-SVID §5.1; RFC 5280 §6.1' } as const;

export const foreignAuthority = clause({
  ...must,
  id: 'x509-svid/path/foreign-authority',
  catalogue: 'X509-SVID-5.2-07',
  spec: 'X509-SVID §5.2',
  title: 'The allowed ID signed by the authority of another trust domain is refused',
  danger: 'a federated partner can issue our identities',
});

export const expired = clause({
  ...validity,
  id: 'x509-svid/path/expired',
  title: 'An expired SVID is refused',
  danger: 'notAfter is ignored, so a stolen SVID is good for ever',
  limits: 'tried from three seconds past the end: a leeway of less than three seconds passes',
});

export const notYetValid = clause({
  ...validity,
  id: 'x509-svid/path/not-yet-valid',
  title: 'An SVID that is not yet valid is refused',
  danger: 'notBefore is ignored',
  limits: 'tried from ten seconds before the beginning: a leeway of less than ten seconds passes',
});

export const criticalExtension = clause({
  ...validity,
  id: 'x509-svid/path/critical-extension',
  title: 'A leaf with a critical extension that nobody knows is refused',
  danger: 'what an authority forbids by an extension is allowed by those who do not know it',
  limits: 'one unknown extension on the leaf; none is tried on an intermediate',
});

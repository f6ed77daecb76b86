import type { ClausePattern } from './framework.ts';

// Clauses that are evidence of the same thing, whatever framework asks for it.

/** An ID that resembles one which is let in, and is not it. */
export const resemblingIds = [
  'mesh/pinning/sibling-path',
  'mesh/pinning/prefix',
  'mesh/pinning/suffix',
  'mesh/pinning/same-name',
  'mesh/pinning/case',
  'mesh/pinning/punctuation',
  'mesh/pinning/trailing-slash',
] as const satisfies readonly ClausePattern[];

/** An ID of another trust domain. */
export const foreignDomains = [
  'mesh/pinning/foreign-domain-known',
  'mesh/pinning/foreign-domain-unknown',
] as const satisfies readonly ClausePattern[];

/** Who is refused stays so while identities and authorities change, while the agent is away, and when a service comes back. */
export const strangersThroughout = [
  'mesh/rotation/strangers-refused',
  'mesh/node/strangers-refused-without-agent',
  'mesh/restart/strangers-refused',
  'mesh/pause/strangers-refused',
] as const satisfies readonly ClausePattern[];

/** A certificate of an authority that the bundle does not hold. */
export const authoritiesOutside = [
  'x509-svid/path/foreign-authority',
  'x509-svid/chain/unlinked',
  'spiffe-id/proof/self-signed',
  'spiffe-id/proof/stranger-authority',
] as const satisfies readonly ClausePattern[];

import { refusedBesideControl } from '../../checkers/exchanges.ts';
import { bothRoles, clause } from '../../clause.ts';

// What a SPIFFE ID may not contain.

const must = {
  promise: 'pinning',
  level: 'MUST',
  subject: 'validator',
  roles: bothRoles,
  judge: refusedBesideControl,
} as const;

export const idWithQuery = clause({
  ...must,
  id: 'spiffe-id/syntax/id-with-query',
  catalogue: 'SPIFFE-ID-2-03',
  spec: 'SPIFFE-ID §2',
  title: 'An ID with a query is refused',
  danger: 'the ID is cut off at the question mark',
});

export const idWithFragment = clause({
  ...must,
  id: 'spiffe-id/syntax/id-with-fragment',
  catalogue: 'SPIFFE-ID-2-04',
  spec: 'SPIFFE-ID §2',
  title: 'An ID with a fragment is refused',
  danger: 'the ID is cut off at the number sign',
});

export const idWithPort = clause({
  ...must,
  id: 'spiffe-id/syntax/id-with-port',
  catalogue: 'SPIFFE-ID-2.1-03',
  spec: 'SPIFFE-ID §2.1',
  title: 'An ID with a port is refused',
  danger: 'the authority part is read like that of a URL',
});

export const idWithUser = clause({
  ...must,
  id: 'spiffe-id/syntax/id-with-user',
  catalogue: 'SPIFFE-ID-2.1-02',
  spec: 'SPIFFE-ID §2.1',
  title: 'An ID with user information is refused',
  danger: 'the authority part is read like that of a URL',
});

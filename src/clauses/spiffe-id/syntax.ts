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

export const idWithOtherScheme = clause({
  ...must,
  id: 'spiffe-id/syntax/id-with-other-scheme',
  catalogue: 'SPIFFE-ID-2-01',
  spec: 'SPIFFE-ID §2',
  title: 'A URI of another scheme, or of none, is refused',
  danger: 'any URI with the right host and path is taken for an ID',
});

export const idWithoutTrustDomain = clause({
  ...must,
  id: 'spiffe-id/syntax/id-without-trust-domain',
  catalogue: 'SPIFFE-ID-2-02',
  spec: 'SPIFFE-ID §2',
  title: 'An ID without a trust domain is refused',
  danger: 'what names no trust domain is read as one of our own',
});

export const trustDomainCharacters = clause({
  ...must,
  id: 'spiffe-id/syntax/trust-domain-characters',
  catalogue: 'SPIFFE-ID-2.1-05',
  spec: 'SPIFFE-ID §2.1',
  title: 'An ID with a character in its trust domain that none has is refused',
  danger: 'trust domains are read as the hosts of URLs are',
  limits: 'tried with brackets around the trust domain, and no other character',
});

export const trustDomainEncoded = clause({
  ...must,
  id: 'spiffe-id/syntax/trust-domain-encoded',
  catalogue: 'SPIFFE-ID-2.1-06',
  spec: 'SPIFFE-ID §2.1',
  title: 'An ID with percent-encoding in its trust domain is refused',
  danger: 'trust domains are decoded before they are compared',
  limits: 'tried with the last letter',
});

export const pathEncoded = clause({
  ...must,
  id: 'spiffe-id/syntax/path-encoded',
  catalogue: 'SPIFFE-ID-2.2-01',
  spec: 'SPIFFE-ID §2.2',
  title: 'An ID with percent-encoding in its path is refused',
  danger: 'paths are decoded before they are compared, so that one identity has many spellings',
  limits: 'tried with the last letter, encoded once and twice',
});

export const emptySegment = clause({
  ...must,
  id: 'spiffe-id/syntax/empty-segment',
  catalogue: 'SPIFFE-ID-2.2-02',
  spec: 'SPIFFE-ID §2.2',
  title: 'An ID with an empty segment is refused',
  danger: 'slashes are merged before paths are compared',
  limits: 'tried before the path; not inside it',
});

export const dotSegment = clause({
  ...must,
  id: 'spiffe-id/syntax/dot-segment',
  catalogue: 'SPIFFE-ID-2.2-03',
  spec: 'SPIFFE-ID §2.2',
  title: 'An ID with a dot segment is refused',
  danger: 'paths are resolved before they are compared, so that who may name a segment may name any other',
  limits: 'tried with a way down and up again; a segment of one dot is not tried',
});

export const pathCharacters = clause({
  ...must,
  id: 'spiffe-id/syntax/path-characters',
  catalogue: 'SPIFFE-ID-2.2-05',
  spec: 'SPIFFE-ID §2.2',
  title: 'An ID with a character in its path that none has is refused',
  danger: 'the path is cut off, trimmed, folded or read as a pattern',
  limits: 'nine spellings are tried, not every character that there is',
});

import type { KnownClause } from '../../src/clauses/catalogue.ts';
import type { AuthorityOptions, Change } from '../../src/svid/x509/forge.ts';

/**
 * Who signs an identity: our own authority in the mesh's bundle, that of a federated trust domain, that of a trust domain that
 * nobody knows, a stranger who says that it is of the mesh's own, or one with the names and key identifiers of an authority of the bundle.
 */
export type Signer = 'own' | 'federated' | 'unknown' | 'stranger' | 'like-own' | 'like-spire';

/** An intermediate, as far as it differs from a right one of its signer's trust domain. */
export type Level = Omit<AuthorityOptions, 'trustDomain' | 'issuer'>;

/** A certificate that stands behind an identity and its chain: of its signer, of our own authority, or somebody's right SVID. */
export type Behind = 'signer' | 'own-authority' | 'right-svid';

/**
 * The right exchange that a row stands beside: with the right identity, with that of the federated ally, or with either of them below an
 * intermediate. A row says something only of a node that accepts that one.
 */
export type Beside = 'right' | 'ally' | 'chain' | 'ally-chain';

/** The names that rows are made of. */
export interface Names {
  /** The allowed SPIFFE ID. */
  readonly right: string;
  /** An allowed ID of a federated trust domain. */
  readonly ally: string;
  /** The path of the right one, with the slash before it. */
  readonly path: string;
  /** Its last segment. */
  readonly name: string;
  /** Another ID below the same parent. */
  readonly sibling: string;
  readonly trustDomain: string;
  /** A trust domain whose bundle the mesh holds. */
  readonly federatedDomain: string;
  /** An ID of the mesh's own trust domain. */
  readonly id: (path: string) => string;
  /** An instant so many seconds from now. */
  readonly at: (seconds: number) => Date;
}

/** What is odd about an identity; all that is not named is right. */
export interface Odd {
  readonly spiffeId?: string;
  /** The ID that it goes by, whatever its certificates say: as that it is accepted, if it is; the right one where this is absent. */
  readonly goesBy?: string;
  readonly change?: Change;
  /** The intermediates between the signer and the leaf, from the top; none when it is absent. */
  readonly below?: readonly Level[];
  readonly behind?: Behind;
}

/** An identity that differs from a right one in one thing, shown to each node in the roles of the clause. */
export interface IdentityRow {
  readonly clause: KnownClause;
  readonly title: string;
  readonly signer: Signer;
  readonly beside: Beside;
  /** Refused, where what differs is wrong; `either` where right implementations differ. */
  readonly expect: 'accepted' | 'refused' | 'either';
  /** As a client it is shown twice: the second time with the session of the first, where one was offered. */
  readonly resumed: boolean;
  /** It is wrong by seconds: nodes with clocks of their own may rightly see it otherwise. */
  readonly bySeconds?: true;
  readonly odd: (names: Names) => Odd;
}

type Options = Partial<Pick<IdentityRow, 'signer' | 'beside' | 'expect' | 'resumed' | 'bySeconds'>>;

/** A row of the matrix: what its title names differs from the right identity, and nothing else. */
export function row(
  clause: KnownClause,
  title: string,
  odd: IdentityRow['odd'],
  { signer = 'own', beside = 'right', expect = 'refused', resumed = false, bySeconds }: Options = {},
): IdentityRow {
  return { clause, title, odd, signer, beside, expect, resumed, ...(bySeconds && { bySeconds }) };
}

/** A row in which only the URI SANs differ. */
export function uriSans(clause: KnownClause, title: string, sans: (names: Names) => readonly string[]): IdentityRow {
  return row(clause, title, (names) => ({ change: { uriSans: sans(names) } }));
}

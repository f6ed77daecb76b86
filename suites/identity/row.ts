import type { KnownClause } from '../../src/clauses/catalogue.ts';
import type { Change } from '../../src/svid/x509/forge.ts';

/**
 * Who signs a wrong identity: our own authority in the mesh's bundle, that of a federated trust domain, that of a trust domain that
 * nobody knows, or a stranger with the names and key identifiers of an authority of the bundle.
 */
export type Signer = 'own' | 'federated' | 'unknown' | 'like-own' | 'like-spire';

/** The names that rows are made of. */
export interface Names {
  /** The allowed SPIFFE ID. */
  readonly right: string;
  /** Its path, with the slash before it. */
  readonly path: string;
  readonly trustDomain: string;
  /** A trust domain whose bundle the mesh holds. */
  readonly federatedDomain: string;
  /** An ID of the mesh's own trust domain. */
  readonly id: (path: string) => string;
  /** An instant so many seconds from now. */
  readonly at: (seconds: number) => Date;
}

/** What is wrong with an identity; all that is not named is right. */
export interface Wrong {
  readonly signer?: Signer;
  readonly spiffeId?: string;
  readonly change?: Change;
}

/** An identity that is right but for one thing, shown to each node in the roles of the clause. */
export interface IdentityRow {
  readonly clause: KnownClause;
  readonly title: string;
  readonly signer: Signer;
  /** It says something only of a node that accepts the federated peer that it allows. */
  readonly besideAlly: boolean;
  readonly wrong: (names: Names) => Wrong;
}

/** A row of the matrix: what its title names differs from the right identity, and nothing else. */
export function row(
  clause: KnownClause,
  title: string,
  wrong: IdentityRow['wrong'],
  { signer = 'own', besideAlly = false }: Partial<Pick<IdentityRow, 'signer' | 'besideAlly'>> = {},
): IdentityRow {
  return { clause, title, wrong, signer, besideAlly };
}

/** A row in which only the URI SANs differ. */
export function uriSans(clause: KnownClause, title: string, sans: (names: Names) => readonly string[]): IdentityRow {
  return row(clause, title, (names) => ({ change: { uriSans: sans(names) } }));
}

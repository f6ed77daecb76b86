import { findClause, type KnownClause } from '../../src/clauses/catalogue.ts';
import type { History } from '../../src/history.ts';
import type { Verdict } from '../../src/verdict.ts';

/** A second reading of a clause: slow and obvious, written from the documentation and not from the checker. It gives no reason. */
export type Oracle = (history: History, clause: KnownClause) => Verdict;

/** The clauses that have a second reading, each with it. */
export type Oracles = Readonly<Record<string, Oracle>>;

/** @throws TypeError for an id that no clause has */
export function knownClause(id: string): KnownClause {
  const clause = findClause(id);
  if (clause === undefined) throw new TypeError(`no clause is called ${id}`);
  return clause;
}

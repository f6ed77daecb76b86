import type { History } from './history.ts';
import type { MeshPromise } from './promises.ts';
import type { RequirementId } from './requirements/catalogue.ts';
import type { DocumentId } from './requirements/documents.ts';
import type { Judgement } from './verdict.ts';

export type Level = 'MUST' | 'MUST_NOT' | 'SHOULD' | 'SHOULD_NOT' | 'MAY';

/** The role in which a node under test takes part in an exchange: it is called as a server, and calls as a client. */
export type Role = 'server' | 'client';

/** The documents that clauses come from, as the first part of an id names them. */
export type Document = Lowercase<DocumentId>;

/** A judge decides a clause from a history and nothing else. It is handed the clause, so that no id is written twice. */
export interface Judge {
  (history: History, clause: Clause): Judgement;
  /** See `ofOwnRecords`. */
  readonly ofOwnRecords?: true;
}

/**
 * A judge that reads nothing but what the suites of its clause record, beside which nodes there are: when those have ended, it has said what it
 * will say.
 */
export function ofOwnRecords(judge: (history: History, clause: Clause) => Judgement): Judge {
  return Object.assign((history: History, clause: Clause) => judge(history, clause), { ofOwnRecords: true } as const);
}

/** A clause is one obligation of one document, and the rule that decides it from a history. */
export interface Clause<Id extends string = string> {
  /** Document / subject / obligation. It never changes; where an older one was in use, `renamed.ts` knows it. */
  readonly id: Id;
  /** Id in the requirement catalogue, or null where the catalogue lacks it. */
  readonly catalogue: RequirementId | null;
  /** The promise that people look for it under; null where it belongs to none. */
  readonly promise: MeshPromise | null;
  /** Document and section, as a person would look it up. */
  readonly spec: string;
  readonly level: Level;
  readonly subject: string;
  readonly title: string;
  /** What a broken implementation would do, for the person who reads a failure. */
  readonly danger: string;
  /** What its check would not see: a leeway that is smaller than what was tried, what shows only on a later connection. */
  readonly limits?: string;
  /** The roles in which every node under test has to be looked at; empty where the clause is about no node in particular. */
  readonly roles: readonly Role[];
  /** It shows to whoever is a stranger to the node, and needs nobody who is let in. */
  readonly byStrangers?: true;
  readonly judge: Judge;
}

/** A declared clause knows its place: reports list clauses in the order of their declarations. */
export interface DeclaredClause<Id extends string = string> extends Clause<Id> {
  readonly place: number;
}

let places = 0;

/** Declares a clause. Its id becomes a type of its own, so that a typo elsewhere does not compile. */
export function clause<const Id extends `${Document}/${string}/${string}`>(
  head: Omit<Clause<Id>, 'roles'> & Partial<Pick<Clause, 'roles'>>,
): DeclaredClause<Id> {
  return { roles: [], ...head, place: places++ };
}

export const bothRoles = ['server', 'client'] as const satisfies readonly Role[];

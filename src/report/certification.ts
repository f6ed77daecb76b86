import type { Clause } from '../clause.ts';
import type { History } from '../history.ts';
import { promises } from '../promises.ts';
import { passesOf, type Pass } from '../reading/passes.ts';
import { documents } from '../requirements/documents.ts';
import { requirementStates, type RequirementState } from '../requirements/states.ts';
import { outcomeOf } from './acceptance.ts';
import type { ClauseReport } from './shape.ts';

/** What a certification did, and what may be said after it. */
export interface CertificationReport {
  readonly passes: readonly Omit<Pass, 'from' | 'to'>[];
  /** One for each promise, then one for each document. */
  readonly claims: readonly Claim[];
  /** Every requirement of the catalogue, in its order. */
  readonly requirements: readonly RequirementState[];
}

export const claimWords = ['conformant', 'conformant except', 'not conformant', 'incomplete'] as const;

/**
 * `conformant`: all that is wanted was exercised, and held. `conformant except`: but for failures that somebody accepted, or that are known of
 * this release of SPIRE. `not conformant`: something wanted was broken. `incomplete`: nothing was seen to break, and not all was decided.
 */
export type ClaimWord = (typeof claimWords)[number];

/** What may be said of a promise or of a document. */
export interface Claim {
  readonly of: 'promise' | 'document';
  readonly id: string;
  readonly title: string;
  readonly claim: ClaimWord;
  /** How many clauses the promise has, or how many requirements of the document are mandatory. */
  readonly wanted: number;
  /** How many of those held. */
  readonly held: number;
  /** Ids of those that do not hold, and are accepted or known. */
  readonly except: readonly string[];
  /** Ids of what was broken, what is not mandatory among it. */
  readonly broken: readonly string[];
  /** Ids of those that were asked and not decided, or skipped. */
  readonly open: readonly string[];
  /** How many of those nobody asked. */
  readonly notAsked: number;
  /** How many of those no clause decides. */
  readonly untested: number;
  /** How many held that a document only recommends or allows. */
  readonly alsoHeld: number;
}

/** Undefined for a run that has no passes, which is no certification. */
export function certificationOf(
  history: History,
  clauses: readonly Clause[],
  judged: readonly ClauseReport[],
): CertificationReport | undefined {
  const passes = passesOf(history);
  if (passes.length === 0) return undefined;
  const told = judged.map((clause) => ({ ...clause, outcome: outcomeOf(clause) }));
  const requirements = requirementStates(clauses, told);
  const outcomes = new Map(told.map(({ id, outcome }) => [id, outcome]));
  return {
    passes: passes.map(({ from: _from, to: _to, ...pass }) => pass),
    claims: [
      ...promises.map(({ id, name }) =>
        claimOf(
          { of: 'promise', id, title: name },
          clauses
            .filter(({ promise }) => promise === id)
            .map((clause) => ({ id: clause.id, isWanted: true, state: outcomes.get(clause.id) ?? 'not asked' })),
        ),
      ),
      ...documents.map(({ id, title }) =>
        claimOf(
          { of: 'document', id, title },
          requirements
            .filter(({ document }) => document === id)
            .map((one) => ({ id: one.id, isWanted: isMandatory(one), state: one.state })),
        ),
      ),
    ],
    requirements,
  };
}

interface Item {
  readonly id: string;
  /** Without it there is no conformance. */
  readonly isWanted: boolean;
  readonly state: RequirementState['state'];
}

function claimOf(what: Pick<Claim, 'of' | 'id' | 'title'>, items: readonly Item[]): Claim {
  const wanted = items.filter(({ isWanted }) => isWanted);
  const ids = (all: readonly Item[], ...states: readonly Item['state'][]) =>
    all.filter(({ state }) => states.includes(state)).map(({ id }) => id);
  const held = ids(wanted, 'pass').length;
  // Whatever is broken is told: that a document only recommends it is no reason to call its breach conformant.
  const except = ids(items, 'accepted', 'deviation');
  const broken = ids(items, 'fail');
  const isWhole = wanted.every(({ state }) => ['pass', 'accepted', 'deviation', 'fail'].includes(state));
  return {
    ...what,
    claim:
      broken.length > 0
        ? 'not conformant'
        : !isWhole || held === 0
          ? 'incomplete'
          : except.length > 0
            ? 'conformant except'
            : 'conformant',
    wanted: wanted.length,
    ...{ held, except, broken },
    open: ids(wanted, 'inconclusive', 'skipped'),
    notAsked: ids(wanted, 'not asked').length,
    untested: ids(wanted, 'untested').length,
    alsoHeld: ids(items, 'pass').length - held,
  };
}

/** What nobody may leave out. Source: RFC 2119, sections 1 and 2. */
function isMandatory({ level }: Pick<RequirementState, 'level'>): boolean {
  return level === 'MUST' || level === 'MUST_NOT';
}

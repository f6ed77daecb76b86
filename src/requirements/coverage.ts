import type { ClauseVerdict, Verdict } from '../verdict.ts';
import { documentOf, documents, type CataloguedDocument, type DocumentId } from './documents.ts';

/** How much of a document has a check. Every count is of requirements: one that several clauses decide counts once. */
export interface DocumentCoverage extends CataloguedDocument {
  readonly id: DocumentId;
  /** How many have a clause that decides them. */
  readonly withClause: number;
  /** How many have none, those that no program can decide among them. */
  readonly untested: number;
}

/** What a run found out about a document: what came of each requirement that has a clause, by the worst of its clauses. */
export interface RunCoverage extends DocumentCoverage, Readonly<Record<ClauseVerdict, number>> {
  /** How many have a clause, and the run chose none of theirs. */
  readonly notAsked: number;
}

/** What coverage needs of a clause: the id of its requirement, or null. */
interface Deciding {
  readonly catalogue: string | null;
}

/** What coverage needs of a clause that a run judged. */
interface Judged extends Deciding {
  readonly verdict: ClauseVerdict;
}

/** Coverage of the catalogue by clauses, one entry a document, in the order of the catalogue. */
export function coverageOf(clauses: readonly Deciding[]): DocumentCoverage[] {
  const decided = requirementsOf(clauses);
  return documents.map((document) => {
    const withClause = decided.filter((id) => documentOf(id) === document.id).length;
    return { ...document, withClause, untested: document.requirements - withClause };
  });
}

/** Coverage of the catalogue by clauses, and what a run found out about the requirements that have one. */
export function runCoverage(clauses: readonly Deciding[], judged: readonly Judged[]): RunCoverage[] {
  const ends = requirementsOf(clauses).map((id) => {
    const verdicts = judged.filter(({ catalogue }) => catalogue === id).map(({ verdict }) => verdict);
    return { document: documentOf(id), end: verdicts.length === 0 ? 'notAsked' : requirementVerdict(verdicts) };
  });
  return coverageOf(clauses).map((coverage) => {
    const count = (wanted: ClauseVerdict | 'notAsked') =>
      ends.filter(({ document, end }) => document === coverage.id && end === wanted).length;
    return {
      ...coverage,
      pass: count('pass'),
      fail: count('fail'),
      inconclusive: count('inconclusive'),
      deviation: count('deviation'),
      skipped: count('skipped'),
      notAsked: count('notAsked'),
    };
  });
}

/**
 * The verdict over a requirement, by the verdicts of the clauses that decide it: its worst. A pass beside something skipped is
 * a pass, since what does not apply takes nothing away. Without a clause it is untested.
 */
export function requirementVerdict(verdicts: readonly ClauseVerdict[]): Verdict {
  const worstFirst = ['fail', 'inconclusive', 'deviation', 'pass', 'skipped'] as const;
  return worstFirst.find((verdict) => verdicts.includes(verdict)) ?? 'untested';
}

/** The sum of one count over documents. */
export function totalOf<Count extends string>(rows: readonly Readonly<Record<Count, number>>[], count: Count): number {
  return rows.reduce((sum, row) => sum + row[count], 0);
}

function requirementsOf(clauses: readonly Deciding[]): string[] {
  return [...new Set(clauses.flatMap(({ catalogue }) => catalogue ?? []))];
}

import type { ClauseId } from '../clauses/catalogue.ts';
import { globbed } from '../glob.ts';

/** A clause by its id, or several by a glob over ids as `--only` takes it. */
export type ClausePattern = ClauseId | `${string}*`;

/** Clauses that give evidence of the same part of a control. */
export interface Line {
  /** What of the control they give evidence of, a sentence. It is never all of it. */
  readonly evidence: string;
  readonly clauses: readonly ClausePattern[];
  covers(clause: string): boolean;
}

/** A control, as its framework numbers and names it, and what the clauses say of it. */
export interface Control {
  /** Unique in its framework: NIST's own where there is one, a token of OSCAL everywhere. */
  readonly id: string;
  /** As a person would look it up: `SC-8(1)`, `Section 3.1`. */
  readonly number: string;
  readonly title: string;
  readonly lines: readonly Line[];
}

/** A document that auditors ask by. */
export interface Framework {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  /** Where it can be read. */
  readonly source: string;
  /** Its controls as an OSCAL catalogue, where whoever wrote it publishes one. */
  readonly oscalCatalogue?: string;
  /** Where its controls apply at all, or why none of them has a clause. */
  readonly scope: string;
  readonly controls: readonly Control[];
}

/** A control and its lines. */
export function control(id: string, number: string, title: string, lines: readonly Line[]): Control {
  return { id, number, title, lines };
}

/** A line: what of the control is shown, and by which clauses. */
export function line(evidence: string, ...clauses: ClausePattern[]): Line {
  return { evidence, clauses, covers: anyOf(clauses) };
}

/** Whether one of the patterns names a clause. */
export function anyOf(patterns: readonly ClausePattern[]): (clause: string) => boolean {
  const globs = patterns.map(globbed);
  return (clause) => globs.some((glob) => glob.test(clause));
}

import { v5 } from 'uuid';

// Everything that is named in a document of OSCAL, and has to be the same name in every document and each time it is made.

/** What the names of Assay are made below. It was drawn once. */
const root = '2c5e1f0a-6a0b-4d0e-9b57-7f3b1a9d4c86';

/** Namespace of the properties that OSCAL has no word for. A UUID, since no other name is surely ours. */
export const namespace = `urn:uuid:${root}`;

/** The version of OSCAL that the documents are written in. */
export const oscalVersion = '1.1.3';

/** The same UUID for the same words, always: of a run for its id and what is named in it, of what Assay publishes for what it is. */
export function uuidOf(...words: readonly string[]): string {
  return v5(JSON.stringify(words), root);
}

/** What the catalogue of clauses is known by to other documents, whatever its revision. */
export const catalogueIdentifier = { scheme: namespace, identifier: 'assay/clauses' } as const;

/** What a run has to keep beside its clauses, by the first part of the id of such a point: each is a control of the catalogue too. */
export const besideClauses = {
  slo: 'A bound that was set on a measurement is kept',
  baseline: 'What is measured is no worse than in the run that it is compared with',
  run: 'The run as a whole came to its end and told what it was to tell',
} as const;

/** The control of the catalogue of clauses that a point is judged under: its clause, or what it is of those beside them. */
export function controlIdOf(point: string): string {
  const [first = ''] = point.split('/');
  return Object.hasOwn(besideClauses, first) ? `assay.${first}` : tokenOf(point);
}

/** The statement of a control, which is what is found to be broken. */
export function statementIdOf(control: string): string {
  return `${control}_smt`;
}

/** An id as OSCAL takes one: a dot for a slash, and what may not stand in a token by its number. No two ids have the same. */
export function tokenOf(id: string): string {
  const token = id.replace(/[^A-Za-z0-9/-]/gu, (one) => `_${one.codePointAt(0)!.toString(16)}_`).replaceAll('/', '.');
  return /^[A-Za-z_]/.test(token) ? token : `_${token}`;
}

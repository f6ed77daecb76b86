import type { Clause } from '../../../src/clause.ts';
import { entriesOf, type EntryOf, type History } from '../../../src/history.ts';

/** The entries of one kind, in their order. It is all that an oracle has of a history: it remembers nothing of what it made of them. */
export const ofKind = entriesOf;

/** What says with a reason that a clause does not apply. */
export function skipped(history: History, { id }: Pick<Clause, 'id'>): EntryOf<'skip'>[] {
  return ofKind(history, 'skip').filter(({ clause, reason }) => clause === id && reason.trim() !== '');
}

/** The names of the nodes under test. */
export function judgedNodes(history: History): Set<string> {
  const judged = new Set<string>();
  for (const { node, judged: isJudged } of ofKind(history, 'node')) if (isJudged) judged.add(node);
  return judged;
}

/** When an SVID ends, in milliseconds since the start of the run. */
export function endOf(history: History, { notAfter }: EntryOf<'svid'>): number {
  return Date.parse(notAfter) - Date.parse(ofKind(history, 'run-started')[0]!.startedAt);
}

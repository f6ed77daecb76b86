import type { Clause } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';

/** For a clause that left no trace: skipped when the history says why, inconclusive otherwise. Nothing seen is never a pass. */
export function skippedOr(history: History, clause: Clause, nothing: string): Judgement {
  const skips = skipsOf(history, clause);
  if (skips.length === 0) return { verdict: 'inconclusive', reason: nothing, evidence: [] };
  return {
    verdict: 'skipped',
    reason: [...new Set(skips.map(({ reason }) => reason))].slice(0, 3).join('; '),
    evidence: skips.map(({ index }) => index),
  };
}

/** What says that a clause does not apply; a skip without a reason is none. */
export function skipsOf(history: History, { id }: Clause): EntryOf<'skip'>[] {
  return entriesOf(history, 'skip').filter((skip) => skip.clause === id && skip.reason.trim() !== '');
}

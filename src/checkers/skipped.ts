import { entriesOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';

/** For a clause that left no trace: skipped when the history says why, inconclusive otherwise. Nothing seen is never a pass. */
export function skippedOr(history: History, clause: string, nothing: string): Judgement {
  const skips = entriesOf(history, 'skip').filter((skip) => skip.clause === clause);
  if (skips.length === 0) return { verdict: 'inconclusive', reason: nothing, evidence: [] };
  return { verdict: 'skipped', reason: skips[0]!.reason, evidence: skips.map(({ index }) => index) };
}

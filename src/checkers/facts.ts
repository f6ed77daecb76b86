import { entriesOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { skippedOr } from './skipped.ts';

/** Decides a clause by facts: one that is broken fails it, one that could not be observed leaves it open. */
export function facts(clause: string): (history: History) => Judgement {
  return (history) => {
    const all = entriesOf(history, 'fact').filter((fact) => fact.clause === clause);
    if (all.length === 0) return skippedOr(history, clause, 'nothing was observed to decide it');
    const broken = all.filter(({ state }) => state === 'broken');
    const unknown = all.filter(({ state }) => state === 'unknown');
    const telling = broken.length > 0 ? broken : unknown.length > 0 ? unknown : all;
    return {
      verdict: broken.length > 0 ? 'fail' : unknown.length > 0 ? 'inconclusive' : 'pass',
      reason: [...new Set(telling.map(({ subject, says }) => `${subject}: ${says}`))].slice(0, 3).join('; ') + (telling.length > 3 ? `; and ${telling.length - 3} more` : ''),
      evidence: telling.map(({ index }) => index),
    };
  };
}

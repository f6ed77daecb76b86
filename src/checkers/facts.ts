import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { judgedNodes, uncovered, type Role } from './coverage.ts';
import { indexes } from './exchanges.ts';
import { skippedOr } from './skipped.ts';

type FactEntry = EntryOf<'fact'>;

const nothing = 'nothing was observed to decide it';

/** Decides a clause by facts: one that is broken fails it, one that could not be observed leaves it open. */
export function facts(clause: string): (history: History) => Judgement {
  return (history) => {
    const all = factsOf(history, clause);
    return all.length === 0 ? skippedOr(history, clause, nothing) : judgeFacts(all);
  };
}

/** The same where each fact is about a node under test, and each of them has to have one. */
export function factsOfNodes(clause: string, role: Role): (history: History) => Judgement {
  return (history) => {
    const judged = judgedNodes(history);
    const all = factsOf(history, clause).filter(({ subject }) => judged.has(subject));
    const judgement = judgeFacts(all);
    if (judgement.verdict !== 'pass') return judgement;
    return (
      uncovered(
        history,
        clause,
        [role],
        all.map(({ subject }) => ({ node: subject, role })),
        nothing,
      ) ?? judgement
    );
  };
}

function factsOf(history: History, clause: string): FactEntry[] {
  return entriesOf(history, 'fact').filter((fact) => fact.clause === clause);
}

function judgeFacts(all: readonly FactEntry[]): Judgement {
  const broken = all.filter(({ state }) => state === 'broken');
  const unknown = all.filter(({ state }) => state === 'unknown');
  const telling = broken.length > 0 ? broken : unknown.length > 0 ? unknown : all;
  const told = [...new Set(telling.map(({ subject, says }) => `${subject}: ${says}`))];
  return {
    verdict: broken.length > 0 ? 'fail' : unknown.length > 0 ? 'inconclusive' : 'pass',
    reason: told.slice(0, 3).join('; ') + (told.length > 3 ? `; and ${told.length - 3} more` : ''),
    evidence: indexes(telling),
  };
}

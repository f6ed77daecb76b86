import type { Clause, Role } from '../clause.ts';
import type { History } from '../history.ts';
import { judgedNodes } from '../reading/nodes.ts';
import type { Judgement } from '../verdict.ts';
import { uncovered } from './coverage.ts';
import { skippedOr } from './skipped.ts';

/** What a checker read from the observations of one subject: a node, a listener, a deployment. */
export interface Finding {
  readonly subject: string;
  /** Of a node, the role that it is about; left out: each of the clause. */
  readonly role?: Role;
  /** `holds`: as it must be; `broken`: not so; `unknown`: could not be observed. */
  readonly state: 'holds' | 'broken' | 'unknown';
  readonly says: string;
  /** Indexes of the entries that it was read from. */
  readonly evidence: readonly number[];
}

const nothing = 'nothing was observed to decide it';

/** Decides a clause by findings: one that is broken fails it, one that could not be observed leaves it open. */
export function byFindings(history: History, clause: Clause, findings: readonly Finding[]): Judgement {
  return findings.length === 0 ? skippedOr(history, clause, nothing) : worstOf(findings);
}

/** The same where each finding is about a node under test, and each of them has to have one in each role of the clause. */
export function byFindingsOfNodes(history: History, clause: Clause, findings: readonly Finding[]): Judgement {
  const judged = judgedNodes(history);
  const own = findings.filter(({ subject }) => judged.has(subject));
  const judgement = worstOf(own);
  if (judgement.verdict !== 'pass') return judgement;
  const looked = own.flatMap(({ subject, role: only }) =>
    (only === undefined ? clause.roles : [only]).map((role) => ({ node: subject, role })),
  );
  return uncovered(history, clause, looked, nothing) ?? judgement;
}

function worstOf(all: readonly Finding[]): Judgement {
  const broken = all.filter(({ state }) => state === 'broken');
  const unknown = all.filter(({ state }) => state === 'unknown');
  const telling = broken.length > 0 ? broken : unknown.length > 0 ? unknown : all;
  const told = [...new Set(telling.map(({ subject, says }) => `${subject}: ${says}`))];
  return {
    verdict: broken.length > 0 ? 'fail' : unknown.length > 0 ? 'inconclusive' : 'pass',
    reason: told.slice(0, 3).join('; ') + (told.length > 3 ? `; and ${told.length - 3} more` : ''),
    evidence: telling.flatMap(({ evidence }) => evidence),
  };
}

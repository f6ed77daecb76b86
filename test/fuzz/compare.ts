import type { Entry, History } from '../../src/history.ts';
import type { Judgement, Verdict } from '../../src/verdict.ts';
import { seeded } from '../../src/statistics/seeded.ts';
import { mutated } from './mutate.ts';
import type { Mutation } from './mutation.ts';
import { knownClause, type Oracles } from './verdict-of.ts';

/** A mutated history of which two readings differ, or a verdict that weaker evidence made better. */
export interface Disagreement {
  /** Number of the mutation, from 1: with the seed it makes the same history again. */
  readonly mutation: number;
  readonly clause: string;
  readonly says: string;
}

export interface Comparison {
  readonly disagreements: readonly Disagreement[];
  /** By clause, how often each verdict was reached: where there were passes only nothing was compared. */
  readonly verdicts: ReadonlyMap<string, ReadonlyMap<Verdict, number>>;
}

// A skip is no evidence at all, so that it is no better than what could not be told.
const rank: Readonly<Record<string, number>> = { fail: 0, inconclusive: 1, skipped: 1, pass: 2 };

/** A history that a mutation made, and the one that was there before it. */
interface Step {
  readonly original: History;
  readonly before: History;
  readonly after: History;
}

/**
 * Whether what was taken away is what spoke against the node, as far as a judgement says: what a fail rests on, or something that a mutation
 * before had made doubtful.
 */
function spokeAgainst({ verdict, evidence }: Judgement, { original, before, after }: Step): boolean {
  const [first, left] = [original, after].map((history) => new Set(history.map(withoutLine)));
  return evidence
    .flatMap((line) => before.find(({ index }) => index === line) ?? [])
    .map(withoutLine)
    .some((entry) => !left!.has(entry) && (verdict === 'fail' || !first!.has(entry)));
}

/** Lines are numbered anew wherever one is put in. */
function withoutLine({ index: _, ...entry }: Entry): string {
  return JSON.stringify(entry);
}

/** Nobody may be told that all is well, or that something is decided, because less is known. */
function isBetter(after: Verdict, before: Verdict, weakens: NonNullable<Mutation['weakens']>): boolean {
  // What was broken by one exchange alone is open when nobody knows what came of that one, and not there when it is gone: some clauses judge
  // what is a control to others.
  if (before === 'fail') return weakens !== 'control' && after === 'pass';
  return (rank[after] ?? 0) > (rank[before] ?? 0);
}

/** Mutates a history that often, and lets the checker and the oracle of each clause judge what comes of it. */
export function compare(history: History, mutations: number, seed: number, second: Oracles): Comparison {
  const clauses = Object.entries(second).map(([id, oracle]) => ({ clause: knownClause(id), oracle }));
  const chance = seeded(seed);
  const disagreements: Disagreement[] = [];
  const verdicts = new Map(clauses.map(({ clause }) => [clause.id, new Map<Verdict, number>()]));
  for (let mutation = 1; mutation <= mutations; mutation++) {
    const steps = mutated(history, chance);
    const says = steps.map((step) => step.says).join('; ');
    const last = steps.at(-1)!;
    const earlier = steps.at(-2)?.history ?? history;
    for (const { clause, oracle } of clauses) {
      const one = clause.judge(last.history, clause).verdict;
      const other = oracle(last.history, clause);
      const counts = verdicts.get(clause.id)!;
      counts.set(one, (counts.get(one) ?? 0) + 1);
      if (one !== other)
        disagreements.push({ mutation, clause: clause.id, says: `checker ${one}, oracle ${other}: ${says}` });
      if (last.weakens === undefined) continue;
      const before = clause.judge(earlier, clause);
      if (!isBetter(one, before.verdict, last.weakens)) continue;
      if (spokeAgainst(before, { original: history, before: earlier, after: last.history })) continue;
      const better = `${before.verdict} became ${one} by less evidence: ${says}`;
      disagreements.push({ mutation, clause: clause.id, says: better });
    }
  }
  return { disagreements, verdicts };
}

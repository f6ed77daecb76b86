import type { Clause } from '../clause.ts';
import { entriesOf, type History } from '../history.ts';
import { wallClockRightUpTo } from '../reading/wall-clock.ts';
import { readAcceptances, withAccepted } from './acceptance.ts';
import { criticalDoubts } from './critical.ts';
import { judgeClauses, restsOn, troubleDoubts } from './clauses.ts';
import type { ClauseReport } from './shape.ts';

/** What decides a clause in a run. */
export interface Decider {
  /** The phases in which it records; absent where more is recorded afterwards. */
  readonly phases?: readonly string[];
  /** It records something also where the clause was skipped for what the target lacks. */
  readonly partly: boolean;
}

/** By the id of a clause. */
export type Deciders = ReadonlyMap<string, readonly Decider[]>;

/** The ids of those clauses of which nothing more is to come: whatever decides them has ended, or was left out for what the target lacks. */
export function endedClauses(history: History, deciders: Deciders): readonly string[] {
  const ended = new Set(
    entriesOf(history, 'phase')
      .filter(({ state }) => state === 'ended')
      .map(({ phase }) => phase),
  );
  const leftOut = Map.groupBy(
    entriesOf(history, 'skip').filter(({ node }) => node === undefined),
    ({ clause }) => clause,
  );
  return [...deciders]
    .filter(
      ([id, all]) =>
        all.every(({ phases }) => phases?.every((phase) => ended.has(phase))) ||
        (all.every(({ partly }) => !partly) && (leftOut.get(id)?.length ?? 0) >= all.length),
    )
    .map(([id]) => id);
}

/**
 * Those of these clauses that are decided for good while the run goes on, each as the report will say it. A pass is never among them: whatever
 * ends a run early, and trouble of the harness, leaves it open. What is broken was so before anybody could have set the wall clock.
 *
 * @param ended - ids of clauses of which nothing more is to come; a judge that reads more than that decides nothing for good
 */
export function settledClauses(
  history: History,
  clauses: readonly Clause[],
  ended: readonly string[],
): readonly ClauseReport[] {
  const started = entriesOf(history, 'run-started')[0];
  if (started === undefined) return [];
  const rightUpTo = wallClockRightUpTo(history);
  const evidenceOf = new Map(
    clauses
      .filter(({ id, judge }) => judge.ofOwnRecords === true && ended.includes(id))
      .map((clause) => [clause.id, clause.judge(history, clause).evidence] as const),
  );
  const judged = judgeClauses(
    history,
    clauses,
    [...evidenceOf.keys()],
    [...troubleDoubts(history, null), ...criticalDoubts(history, clauses)],
  );
  const settled = judged.filter(({ id, verdict }) => {
    const evidence = evidenceOf.get(id)!;
    // Of one that names no line the report shows what else speaks of it, also what is still to come.
    if (verdict === 'pass' || evidence.length === 0) return false;
    return verdict === 'inconclusive' || verdict === 'skipped' || restsOn(evidence, rightUpTo);
  });
  return withAccepted(settled, readAcceptances(history, settled, started.startedAt));
}

import type { RunVerdict, Verdict } from '../verdict.ts';
import { outcomeOf, type ClauseOutcome } from './acceptance.ts';
import type { Report } from './shape.ts';

/** A verdict that a report states and its history does not bear out, by the clauses that judged it again. */
export interface Disagreement {
  readonly what: 'run' | 'clause' | 'scenario' | 'objective';
  readonly id: string;
  /** Null where the report does not name it. */
  readonly stated: Verdict | ClauseOutcome | RunVerdict | null;
  /** Null where the history does not bring it about. */
  readonly judged: Verdict | ClauseOutcome | RunVerdict | null;
  /** Why it is judged so; that of the report where it is not judged at all. */
  readonly reason: string;
}

interface Stated {
  readonly verdict: Verdict | ClauseOutcome | RunVerdict;
  readonly reason: string;
}

/** Compares what a report states with what came of judging its history again. Nothing is left out on either side. */
export function disagreements(stated: Report, judged: Report): Disagreement[] {
  const kinds: readonly (readonly [Disagreement['what'], (report: Report) => ReadonlyMap<string, Stated>])[] = [
    ['run', ({ run, verdict }) => new Map([[run.id, { verdict, reason: 'the worst of all that was decided' }]])],
    [
      'clause',
      ({ clauses }) =>
        new Map(clauses.map((clause) => [clause.id, { verdict: outcomeOf(clause), reason: clause.reason }])),
    ],
    [
      'scenario',
      ({ scenarios }) =>
        new Map(scenarios.map(({ id, verdict, findings }) => [id, { verdict, reason: findings.join('; ') }])),
    ],
    [
      'objective',
      ({ objectives = [] }) =>
        new Map(
          objectives.map(({ objective, bench, verdict, reason }) => [`${objective} on ${bench}`, { verdict, reason }]),
        ),
    ],
  ];
  return kinds.flatMap(([what, of]) => {
    const [said, found] = [of(stated), of(judged)];
    return [...new Set([...said.keys(), ...found.keys()])].flatMap((id): Disagreement[] => {
      const [one, other] = [said.get(id), found.get(id)];
      if (one?.verdict === other?.verdict) return [];
      const reason = (other ?? one)!.reason;
      return [{ what, id, stated: one?.verdict ?? null, judged: other?.verdict ?? null, reason }];
    });
  });
}

import type { RunVerdict, Verdict } from '../verdict.ts';
import { outcomeOf, type ClauseOutcome } from './acceptance.ts';
import type { ClaimWord } from './certification.ts';
import { verdictOfSelfTest } from './self-test.ts';
import type { Report } from './shape.ts';

/** A verdict that a report states and its history does not bear out, by the clauses that judged it again. */
export interface Disagreement {
  readonly what: 'run' | 'clause' | 'scenario' | 'objective' | 'claim' | 'self-test';
  readonly id: string;
  /** Null where the report does not name it. */
  readonly stated: Said | null;
  /** Null where the history does not bring it about. */
  readonly judged: Said | null;
  /** Why it is judged so; that of the report where it is not judged at all. */
  readonly reason: string;
}

type Said = Verdict | ClauseOutcome | RunVerdict | ClaimWord;

interface Stated {
  readonly verdict: Said;
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
        new Map(
          scenarios.map(({ id, pass, verdict, findings }) => [
            pass === undefined ? id : `${id} of the pass ${pass}`,
            { verdict, reason: findings.join('; ') },
          ]),
        ),
    ],
    [
      'objective',
      ({ objectives = [] }) =>
        new Map(
          objectives.map(({ objective, bench, verdict, reason }) => [`${objective} on ${bench}`, { verdict, reason }]),
        ),
    ],
    [
      'claim',
      ({ certification }) =>
        new Map(
          certification?.claims.map(({ of, id, claim }) => [
            `${of} ${id}`,
            { verdict: claim, reason: 'by its clauses' },
          ]),
        ),
    ],
    [
      'self-test',
      ({ selfTest }) =>
        new Map(
          selfTest === undefined
            ? []
            : [
                [
                  selfTest.madeAt,
                  { verdict: verdictOfSelfTest(selfTest), reason: 'by what came of each that was tried' },
                ],
              ],
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

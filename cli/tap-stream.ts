import type { RunResult } from '../engine/record-run.ts';
import type { Steps } from '../engine/steps.ts';
import { tapBailOut, tapComments, tapPlan, tapPoint, tapVersion } from '../reports/formats/tap.ts';
import { pointsOf } from '../reports/points.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { messageOf } from '../src/errors.ts';
import type { History } from '../src/history.ts';
import { withoutSecrets } from '../src/leaks/withhold.ts';
import { endedClauses, settledClauses, type Deciders } from '../src/report/settled.ts';
import type { ClauseReport } from '../src/report/report.ts';

/** A run told in TAP 14 while it goes on. */
export interface TapStream {
  /** Is handed the history when it has begun; it grows from then on. */
  watch(history: History): void;
  /** The same steps; after each of them what is decided for good is told. */
  besides(steps: Steps): Steps;
  /** Tells all the rest of a run that is over, and the plan; or that the run was cut. */
  end(result: RunResult): void;
  /** Tells that the run was cut, and that nothing more is to come. */
  bailOut(why: unknown): void;
}

/**
 * Tells each point of a run as soon as nothing can change it any more, and the others at its end.
 *
 * @param deciders - what decides the clauses of the run; those of others are told at its end
 */
export function streamTap(write: (text: string) => void, deciders: Deciders): TapStream {
  const lines = (all: readonly string[]) => write(all.map((line) => `${line}\n`).join(''));
  const told = new Map<string, ClauseReport>();
  const left = new Map(deciders);
  let seen: History = [];
  const tell = (point: ClauseReport) => {
    told.set(point.id, point);
    lines(tapPoint(point, told.size));
  };
  const look = () => {
    const ended = endedClauses(seen, left);
    for (const id of ended) left.delete(id);
    settledClauses(seen, clauses, ended).forEach(tell);
  };
  lines([tapVersion]);
  return {
    watch: (history) => void (seen = history),
    besides: (steps) => ({
      ...steps,
      async step(id, title, work) {
        try {
          return await steps.step(id, title, work);
        } finally {
          look();
        }
      },
    }),
    end({ report, history, failure, failureMessage = messageOf(failure) }) {
      const points = pointsOf(report, history);
      points.filter(({ id }) => !told.has(id)).forEach(tell);
      const cut = report.run.aborted ?? (failure === undefined ? undefined : withoutSecrets(failureMessage));
      // Behind a plan nobody heeds that a run was cut.
      lines([...tapComments(report), cut === undefined ? tapPlan(told.size) : tapBailOut(cut)]);
    },
    bailOut: (why) => lines([tapBailOut(withoutSecrets(messageOf(why)))]),
  };
}

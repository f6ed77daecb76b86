import type { Clause, Judge } from '../clause.ts';
import type { History } from '../history.ts';
import { scenarioOf, scenariosOf, type ScenarioWindow } from '../reading/scenarios.ts';
import { worstOf, type Judgement } from '../verdict.ts';
import { skippedOr } from './skipped.ts';

/** A judge of what happened in one scenario: it is handed that scenario instead of naming it. */
export type ScenarioJudge = (window: ScenarioWindow, history: History, clause: Clause) => Judgement;

/** The value of a bound in milliseconds, or why nothing can be judged by it: a scenario says its bounds when it ends. */
export function boundOf({ scenario, boundsMs, index }: ScenarioWindow, name: string): number | Judgement {
  const reason = `scenario ${scenario} did not come to its end, where it says its bound`;
  return boundsMs[name] ?? { verdict: 'inconclusive', reason, evidence: [index] };
}

/** Judges a clause by the scenario that says it decides it. A scenario that never began decides nothing. */
export function inItsScenario(judge: ScenarioJudge): Judge {
  return (history, clause) => {
    const window = scenarioOf(history, clause.id);
    return window === undefined
      ? skippedOr(history, clause, 'no scenario that could decide it began')
      : judge(window, history, clause);
  };
}

/**
 * Judges a clause in each scenario that says it decides it: the worst counts, and the reason names the scenario. One that never began decides
 * nothing.
 */
export function inEachScenario(judge: ScenarioJudge): Judge {
  return (history, clause) => {
    const each = scenariosOf(history)
      .filter(({ clauses }) => clauses.includes(clause.id))
      .map((window) => inTheNameOf(window, judge(window, history, clause)));
    const [first] = each;
    if (first === undefined) return skippedOr(history, clause, 'no scenario that could decide it began');
    const told = each.filter(({ verdict }) => verdict !== 'skipped');
    if (told.length === 0) return first;
    return (
      worstOf(told) ?? {
        verdict: 'pass',
        reason: told.map(({ reason }) => reason).join('; '),
        evidence: told.flatMap(({ evidence }) => evidence),
      }
    );
  };
}

/** A skip is told in the words of the target, which knows of no scenario. */
function inTheNameOf({ scenario }: ScenarioWindow, judgement: Judgement): Judgement {
  return judgement.verdict === 'skipped' ? judgement : { ...judgement, reason: `${scenario}: ${judgement.reason}` };
}

/**
 * Judges a clause as it is judged of a mesh that others run, where scenarios looked at such a one: in each of them, and the worst counts. Otherwise as
 * `judge` does.
 */
export function orFromOutside(fromOutside: ScenarioJudge, judge: Judge): Judge {
  return (history, clause) => {
    const windows = scenariosOf(history).filter(({ light, clauses }) => light && clauses.includes(clause.id));
    const each = windows.map((window) => fromOutside(window, history, clause));
    const told = each.filter(({ verdict }) => verdict !== 'skipped');
    const [first] = told.length > 0 ? told : each;
    return first === undefined ? judge(history, clause) : (worstOf(told) ?? first);
  };
}

import type { Clause, Judge } from '../clause.ts';
import type { History } from '../history.ts';
import { scenarioOf, type ScenarioWindow } from '../reading/scenarios.ts';
import type { Judgement } from '../verdict.ts';
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

import type { Clause, Judge } from '../clause.ts';
import type { History } from '../history.ts';
import { scenarioOf, type ScenarioWindow } from '../reading/scenarios.ts';
import type { Judgement } from '../verdict.ts';
import { skippedOr } from './skipped.ts';

/** A judge of what happened in one scenario: it is handed that scenario instead of naming it. */
export type ScenarioJudge = (window: ScenarioWindow, history: History, clause: Clause) => Judgement;

/** Judges a clause by the scenario that says it decides it. A scenario that never began decides nothing. */
export function inItsScenario(judge: ScenarioJudge): Judge {
  return (history, clause) => {
    const window = scenarioOf(history, clause.id);
    return window === undefined
      ? skippedOr(history, clause, 'no scenario that could decide it began')
      : judge(window, history, clause);
  };
}

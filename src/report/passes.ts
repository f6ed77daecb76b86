import type { Clause } from '../clause.ts';
import type { History } from '../history.ts';
import { historyOfPass, passesOf, type Pass } from '../reading/passes.ts';
import { criticalDoubts } from './critical.ts';
import { judgeClauses, lifeDoubts, troubleDoubts, type Doubt } from './clauses.ts';
import { concludeScenario, readScenarios, scenarioDoubts } from './scenarios.ts';
import type { ClauseReport, ScenarioReport } from './shape.ts';

/** What a history says of the clauses and the scenarios of a run. */
export interface Judged {
  readonly clauses: readonly ClauseReport[];
  readonly scenarios: readonly ScenarioReport[];
}

/** What there is to be judged beside a history. */
export interface JudgeOptions {
  readonly clauses: readonly Clause[];
  readonly chosen: readonly string[];
  readonly aborted: string | null;
  /** What makes a verdict doubtful beside what its run did. */
  readonly doubts: readonly Doubt[];
}

/**
 * Judges a run. Each of its passes is judged by itself, from what was recorded in it and from what concerns the run as a whole, and a clause
 * comes to the worst that it came to in any of those that look at it.
 */
export function judgeRun(history: History, options: JudgeOptions): Judged {
  const passes = passesOf(history);
  if (passes.length === 0) return judgeWhole(history, options);
  const leavesOut = ({ leavesOut: ids = [] }: Pass, id: string) => ids.includes(id);
  // What no pass looks at was asked all the same, and left no trace in any.
  const asks = (pass: Pass, id: string) => !leavesOut(pass, id) || passes.every((one) => leavesOut(one, id));
  const judged = passes.map((pass) => {
    const chosen = options.chosen.filter((id) => asks(pass, id));
    return { pass, ...judgePass(history, pass, { ...options, chosen }) };
  });
  return {
    clauses: [...new Set(options.chosen)].map((id) =>
      overPasses(
        judged.flatMap(({ pass, clauses }) =>
          clauses.filter((clause) => clause.id === id).map((clause) => ({ pass, clause })),
        ),
      ),
    ),
    scenarios: judged.flatMap(({ pass: { pass }, scenarios }) => scenarios.map((one) => ({ ...one, pass }))),
  };
}

/** The part of a history that the scenarios of each pass were read from; without passes all of it. */
export function historiesOfScenarios(history: History): (scenario: Pick<ScenarioReport, 'pass'>) => History {
  const own = new Map(passesOf(history).map((pass) => [pass.pass, historyOfPass(history, pass)]));
  return ({ pass }) => own.get(pass ?? '') ?? history;
}

function judgePass(history: History, pass: Pass, { doubts, ...options }: JudgeOptions): Judged {
  const says = `the pass “${pass.title}” never came to its end`;
  const cut = pass.toMs === null ? [{ touches: () => true, says, evenFails: false }] : [];
  return judgeWhole(historyOfPass(history, pass), { ...options, doubts: [...cut, ...doubts] });
}

function judgeWhole(history: History, { clauses, chosen, aborted, doubts }: JudgeOptions): Judged {
  const scenarios = readScenarios(history);
  const judged = judgeClauses(history, clauses, chosen, [
    ...scenarioDoubts(scenarios),
    ...troubleDoubts(history, aborted),
    ...lifeDoubts(history, chosen),
    ...criticalDoubts(history, clauses),
    ...doubts,
  ]);
  return { clauses: judged, scenarios: scenarios.map((scenario) => concludeScenario(scenario, judged)) };
}

// What was skipped in one of them was not exercised there.
const worstFirst = ['fail', 'inconclusive', 'deviation', 'skipped', 'pass'] as const;

/** What a clause came to, by the first of the passes in which it came to its worst. */
function overPasses(all: readonly { readonly pass: Pass; readonly clause: ClauseReport }[]): ClauseReport {
  const verdict = worstFirst.find((one) => all.some(({ clause }) => clause.verdict === one))!;
  const { pass, clause } = all.find((one) => one.clause.verdict === verdict)!;
  if (all.length === 1) return clause;
  const isSame = all.every((one) => one.clause.verdict === verdict);
  return {
    ...clause,
    reason: isSame ? clause.reason : `In the pass “${pass.title}”: ${clause.reason}`,
    passes: all.map((one) => ({
      pass: one.pass.pass,
      verdict: one.clause.verdict,
      reason: one.clause.reason,
    })),
  };
}

/** Handshakes and rotations beside the load are those of the first pass: a later one has a timing of its own. */
export function firstPass(history: History): History {
  const [first] = passesOf(history);
  return first === undefined ? history : historyOfPass(history, first);
}

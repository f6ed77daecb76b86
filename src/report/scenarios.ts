import type { History } from '../history.ts';
import { countRotations } from '../reading/rotations.ts';
import { scenariosOf, type ScenarioWindow } from '../reading/scenarios.ts';
import type { Verdict } from '../verdict.ts';
import { worst } from '../verdict.ts';
import type { Doubt } from './clauses.ts';
import type { ClauseReport, FaultReport, ScenarioReport } from './shape.ts';

/** A scenario as the history tells it, before its clauses are judged, with what is missing from it. */
export interface ScenarioFacts {
  readonly window: ScenarioWindow;
  readonly report: Omit<ScenarioReport, 'verdict' | 'findings'>;
  readonly gaps: readonly string[];
}

/** The scenarios that the history begins, in order, with their faults and what is missing from each. */
export function readScenarios(history: History): ScenarioFacts[] {
  return scenariosOf(history).map((window) => {
    const gaps = window.faults.flatMap(({ missing }) => missing);
    if (!window.ended) gaps.push('the scenario never came to its end');
    return { window, gaps, report: factsOf(history, window) };
  });
}

function factsOf(history: History, window: ScenarioWindow): ScenarioFacts['report'] {
  const { scenario, hypothesis, clauses, faults, boundsMs, nodes, fromMs, toMs, ended } = window;
  const requests = { ok: 0, fail: 0, unknown: 0 };
  for (const { outcome } of window.requests) requests[outcome === 'info' ? 'unknown' : outcome] += 1;
  return {
    id: scenario,
    hypothesis,
    clauses,
    faults: faults.map(({ missing: _missing, ...fault }): FaultReport => fault),
    requests,
    beganAtMs: fromMs,
    endedAtMs: ended ? toMs : null,
    boundsMs,
    rotations: [...new Set(nodes.map(({ node }) => node))].map((node) => countRotations(history, node, fromMs, toMs)),
  };
}

/** What a scenario with gaps does to its clauses: neither a pass nor a fail of theirs counts. */
export function scenarioDoubts(scenarios: readonly ScenarioFacts[]): Doubt[] {
  return scenarios
    .filter(({ gaps }) => gaps.length > 0)
    .map(({ window, gaps }) => ({
      touches: (clause) => window.clauses.includes(clause),
      says: gaps.join('; '),
      evenFails: true,
    }));
}

/** The scenario with its verdict: the worst over its chosen clauses, and inconclusive when a proof is missing. */
export function concludeScenario({ report, gaps }: ScenarioFacts, judged: readonly ClauseReport[]): ScenarioReport {
  const own = judged.filter(({ id }) => report.clauses.includes(id));
  const findings = own
    .filter((clause) => clause.verdict === 'fail')
    .map((clause) => `${clause.title}: ${clause.reason}`);
  const verdict = gaps.length > 0 ? 'inconclusive' : scenarioVerdict(own);
  return { ...report, verdict, findings: [...findings, ...gaps] };
}

function scenarioVerdict(clauses: readonly ClauseReport[]): Verdict {
  const skipped = clauses.length > 0 && clauses.every((clause) => clause.verdict === 'skipped');
  return skipped ? 'skipped' : worst(clauses.map((clause) => clause.verdict));
}

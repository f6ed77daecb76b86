import type { EntryOf, History } from '../history.ts';
import { entriesOf } from '../history.ts';
import type { Verdict } from '../verdict.ts';
import { worst } from '../verdict.ts';
import type { Doubt } from './clauses.ts';
import { missingProofs, readFaults } from '../reading/faults.ts';
import { countRotations } from '../reading/rotations.ts';
import type { ClauseReport, ScenarioReport } from './shape.ts';

/** A scenario as the history tells it, before its clauses are judged. */
export type ScenarioFacts = Omit<ScenarioReport, 'verdict' | 'findings'> & { readonly gaps: readonly string[] };

/** The scenarios that the history begins, in order, with their faults and what is missing from each. */
export function readScenarios(history: History): ScenarioFacts[] {
  const marks = entriesOf(history, 'scenario');
  const begun = new Map<string, EntryOf<'scenario'>>();
  for (const mark of marks) if (!begun.has(mark.scenario)) begun.set(mark.scenario, mark);
  return [...begun.values()].map((mark) => {
    const id = mark.scenario;
    const endedAtMs = marks.findLast((other) => other.scenario === id && other.state === 'ended')?.atMs ?? null;
    const faults = readFaults(history, id);
    const gaps = faults.flatMap(missingProofs);
    if (endedAtMs === null) gaps.push('the scenario never came to its end');
    const requests = { ok: 0, fail: 0, unknown: 0 };
    for (const entry of entriesOf(history, 'request')) {
      if (entry.scenario === id) requests[entry.outcome === 'info' ? 'unknown' : entry.outcome] += 1;
    }
    return {
      id,
      hypothesis: mark.hypothesis,
      faults,
      gaps,
      requests,
      beganAtMs: mark.atMs,
      endedAtMs,
      boundsMs: Object.assign(
        {},
        ...marks.filter((other) => other.scenario === id).map((other) => other.boundsMs ?? {}),
      ) as Record<string, number>,
      rotations: countRotations(history, id, mark.atMs, endedAtMs ?? Infinity),
    };
  });
}

/** What a scenario with gaps does to its clauses: neither a pass nor a fail of theirs counts. */
export function scenarioDoubts(scenarios: readonly ScenarioFacts[]): Doubt[] {
  return scenarios
    .filter(({ gaps }) => gaps.length > 0)
    .map(({ id, gaps }) => ({
      touches: (clause) => clause.startsWith(`${id}/`),
      says: gaps.join('; '),
      evenFails: true,
    }));
}

/** The scenario with its verdict: the worst over its chosen clauses, and inconclusive when a proof is missing. */
export function concludeScenario({ gaps, ...facts }: ScenarioFacts, clauses: readonly ClauseReport[]): ScenarioReport {
  const own = clauses.filter((clause) => clause.id.startsWith(`${facts.id}/`));
  const findings = own
    .filter((clause) => clause.verdict === 'fail')
    .map((clause) => `${clause.title}: ${clause.reason}`);
  return {
    ...facts,
    verdict: gaps.length > 0 ? 'inconclusive' : scenarioVerdict(own),
    findings: [...findings, ...gaps],
  };
}

function scenarioVerdict(clauses: readonly ClauseReport[]): Verdict {
  const skipped = clauses.length > 0 && clauses.every((clause) => clause.verdict === 'skipped');
  return skipped ? 'skipped' : worst(clauses.map((clause) => clause.verdict));
}

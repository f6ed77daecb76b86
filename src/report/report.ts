import type { Clause } from '../clause.ts';
import { isLossy, rowBenches } from '../statistics/bench-rows.ts';
import { handshakeBenches, type Bench } from '../statistics/handshakes.ts';
import { kneeOf, kneePhase } from '../statistics/knee.ts';
import type { History } from '../history.ts';
import { entriesOf } from '../history.ts';
import { countedAs, readAcceptances, withAccepted, wrongAcceptances } from './acceptance.ts';
import { certificationOf } from './certification.ts';
import { lineReference } from './evidence.ts';
import { readLeft } from './left.ts';
import { judgeObjectives } from './objectives.ts';
import { readPlanes } from './planes.ts';
import { runCoverage } from '../requirements/coverage.ts';
import { firstPass, judgeRun } from './passes.ts';
import { readSelfTest, selfTestDoubts, verdictOfSelfTest } from './self-test.ts';
import type { Report, RunReport } from './shape.ts';
import { worst } from '../verdict.ts';

export type { ClauseReport, Report, ScenarioReport } from './shape.ts';

/**
 * Judges a history and writes down what came of it: the content of `report.json`.
 *
 * The clauses judged are those that the run chose when it started. Nothing is taken for a pass that was not decided: a judge
 * that throws, trouble of the harness, a fault without proof and an early end all make inconclusive.
 *
 * @param clauses - the catalogue; a chosen clause that is not in it is inconclusive
 * @throws TypeError when the history does not begin with a run-started entry
 */
export function buildReport(history: History, clauses: readonly Clause[]): Report {
  const started = history[0];
  if (started?.kind !== 'run-started')
    throw new TypeError('a history begins with a run-started entry, and this one does not');
  const run = readRun(history, started);
  const selfTest = readSelfTest(history);
  const { clauses: decided, scenarios } = judgeRun(history, {
    ...{ clauses, chosen: started.clauses, aborted: run.aborted },
    doubts: selfTest === undefined ? [] : selfTestDoubts(selfTest, history),
  });
  const acceptances = readAcceptances(history, decided, started.startedAt);
  const judged = withAccepted(decided, acceptances);
  const first = firstPass(history);
  const rows = rowBenches(history);
  const objectives = judgeObjectives(history, rows);
  const capacity = kneeOf(rows);
  // What a run of clauses measures beside them decides nothing, unless a bound was set.
  const measures = started.clauses.length === 0 ? rows : [];
  const undecided = scenarios
    .filter((scenario) => scenario.verdict === 'inconclusive')
    .map((scenario) => scenario.verdict);
  const left = readLeft(history);
  const certification = certificationOf(history, clauses, judged);
  return {
    schema: 1,
    run,
    verdict: worst([
      ...judged.map(countedAs),
      ...wrongAcceptances({ acceptances }).map(() => 'fail' as const),
      ...undecided,
      ...measures.map((one) => (isWhole(one) ? ('pass' as const) : ('inconclusive' as const))),
      ...objectives.map(({ verdict }) => verdict),
      // Beside clauses it makes those doubtful that it speaks of.
      ...(selfTest !== undefined && started.clauses.length === 0 ? [verdictOfSelfTest(selfTest)] : []),
      ...(measures.length > 0 && troubled(history) ? ['inconclusive' as const] : []),
      ...(run.aborted === null ? [] : ['inconclusive' as const]),
    ]),
    clauses: judged,
    scenarios,
    bench: [...rows, ...handshakeBenches(first)],
    ...(capacity !== undefined && { capacity }),
    ...(objectives.length > 0 && { objectives }),
    ...(acceptances.length > 0 && { acceptances }),
    ...(certification !== undefined && { certification }),
    ...(selfTest !== undefined && { selfTest }),
    planes: readPlanes(first),
    ...(left.length > 0 && { left }),
    troubles: entriesOf(history, 'trouble').map(({ atMs, message, clauses: named, index }) => ({
      atMs,
      message,
      clauses: named,
      evidence: [lineReference(index)],
    })),
    coverage: runCoverage(clauses, judged),
  };
}

/** Whether a row of a benchmark was measured: one whose connections fail is none of a node that serves. A search goes until they do. */
function isWhole(bench: Bench): boolean {
  const { row, count } = bench;
  if (row?.phase === kneePhase) return row.state !== 'missing';
  if (row?.state === 'unresumed') return true;
  return row?.state !== 'cut' && count > 0 && !isLossy(bench);
}

/** Something went wrong in the harness that concerns the whole run. */
function troubled(history: History): boolean {
  return entriesOf(history, 'trouble').some(({ clauses }) => clauses.length === 0);
}

function readRun(history: History, started: Extract<History[number], { kind: 'run-started' }>): RunReport {
  const ended = entriesOf(history, 'run-ended').at(-1);
  const { id, command, startedAt, seed, runtime, versions, target, redacted } = started;
  return {
    id,
    command,
    startedAt,
    endedAt:
      ended?.endedAt ??
      instantAfter(
        startedAt,
        history.reduce((last, entry) => Math.max(last, entry.atMs), 0),
      ),
    seed,
    runtime,
    versions,
    target,
    aborted: ended === undefined ? 'its history has no end, so it was killed' : (ended.aborted ?? null),
    ...(redacted && { redacted }),
  };
}

function instantAfter(startedAt: string, ms: number): string {
  const instant = new Date(Date.parse(startedAt) + ms);
  return Number.isNaN(instant.getTime()) ? startedAt : instant.toISOString();
}

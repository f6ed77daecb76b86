import { resolve } from 'node:path';
import type { RunResult } from '../engine/record-run.ts';
import * as engine from '../engine/run.ts';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import { attachTarget } from '../fixtures/target/attach.ts';
import { referenceNode } from '../fixtures/target/mesh-spec.ts';
import { chooseClauses } from '../plans/choose.ts';
import type { Plan } from '../plans/plan.ts';
import { startPapers } from '../reports/papers.ts';
import { UsageError } from '../src/errors.ts';
import { stepsTo } from './progress.ts';

export type { RunResult };

/** What is run, and where; each member means what the flag of `assay gate` means that has its name. */
export interface RunPlanOptions {
  /**
   * Clauses, scenarios and promises by name, `*` for any characters, parted by commas; all that a gate decides when absent. What a gate does not run
   * by itself, as `server-killed`, has to be in the plan as well: `gatePlan(undefined, {}, only)`.
   */
  readonly only?: string;
  /** Where the meshes of the plan are stood up: `process` when absent, or `container`. */
  readonly runtime?: string;
  /** Target file of a mesh that runs already: it is judged, and none is stood up. */
  readonly target?: string;
  /** Directory of the run; reports/out/<run id> when absent. */
  readonly out?: string;
  /** Of every choice that is made by chance; by chance when absent. */
  readonly seed?: number;
  /** Ends the run when it is aborted: everything is healed and taken down, and the report says so. */
  readonly signal?: AbortSignal;
  /** Gets a line for people as each step begins, about once a second from one that is long, and for what goes wrong. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Runs a plan, judges what came of it, and leaves the record of the run with all reports, as `assay gate` does. The verdict stands in `report`; `failure`
 * is what ended the run early, where it was not the signal, and such a run is inconclusive or worse.
 *
 * @throws UsageError for options that are wrong, and whatever else kept the run from beginning; nothing is left then
 */
export async function runPlan(plan: Plan, options: RunPlanOptions = {}): Promise<RunResult> {
  const { only, runtime, target, out, onProgress = () => {} } = options;
  if (runtime !== undefined && target !== undefined)
    throw new UsageError('runtime and target: a target that runs already is stood up nowhere; give one of the two');
  const { seed = Math.floor(Math.random() * 2 ** 31), signal = new AbortController().signal } = options;
  const judged = plan.parts[0]?.mesh.nodes.find((node) => node.judged);
  return engine.runPlan({
    ...{ plan, seed, signal, command: 'runPlan', steps: stepsTo(onProgress) },
    chosen: chooseClauses(only),
    on: target === undefined ? (runtime ?? defaultRuntime) : await attachTarget(resolve(target)),
    papers: startPapers(),
    ...(out !== undefined && { out }),
    ...(judged !== undefined && judged.command !== referenceNode && { nodeUnderTest: judged.implementation }),
  });
}

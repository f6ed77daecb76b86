import { join } from 'node:path';
import { readKept, writeKept } from '../kept-file.ts';
import { runtimeNames } from '../../fixtures/runtime/runtimes.ts';
import type { RunVerdict } from '../../src/verdict.ts';

/** Runtimes that can be measured, in the order in which they are told. */
export const benchRuntimes: readonly string[] = runtimeNames();

/** What `npm run bench:gate` keeps: one file for each runtime, and the README's figures are made from it. */
export interface GateBench {
  readonly schema: 1;
  readonly runtime: string;
  /** Day of the last run, UTC. */
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly runs: readonly GateRun[];
}

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
}

/** One run of the gate, as whoever started it sees it. */
export interface GateRun {
  readonly verdict: RunVerdict;
  /** From the start of the process to its end. */
  readonly wholeMs: number;
  /** Programs that wanted a core in the minute before; near or above the cores, others were at work too. */
  readonly loadBefore: number;
  readonly phases: readonly Phase[];
  readonly handshakes: readonly Handshakes[];
}

/** Phases overlap: suites and scenarios run side by side, and so do the meshes. */
export interface Phase {
  readonly phase: string;
  /** Since the start of the process. */
  readonly beganMs: number;
  readonly tookMs: number;
}

export interface Handshakes {
  readonly id: string;
  readonly count: number;
  readonly p50Ms: number;
  /** Null where there were too few. */
  readonly p99Ms: number | null;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError when there is nothing to spread */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new RangeError('spread: no values');
  return { min: sorted[0]!, median: (low + high) / 2, max: sorted.at(-1)! };
}

function resultPath(runtime: string): string {
  return join(import.meta.dirname, 'results', `gate-${runtime}.json`);
}

/** Undefined when this runtime was never measured. */
export const readResult = (runtime: string) => readKept<GateBench>(resultPath(runtime));

/** Gives the path of what it wrote. */
export function writeResult(result: GateBench): string {
  const path = resultPath(result.runtime);
  writeKept(path, result);
  return path;
}

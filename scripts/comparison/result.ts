import { join } from 'node:path';
import { readKept, writeKept } from '../kept-file.ts';

const path = join(import.meta.dirname, 'result.json');

/** How often a comparison of benchmarks came to each verdict. */
export interface Verdicts {
  readonly fail: number;
  readonly pass: number;
  readonly inconclusive: number;
}

/** What comparisons of benchmarks are worth. */
export interface ComparisonResult {
  /** UTC. */
  readonly date: string;
  readonly cores: number;
  readonly secondsPerRow: number;
  readonly perSecond: number;
  /** A node compared with itself, one run after the other. */
  readonly same: Verdicts;
  /** The same node, which takes longer by this share of its own p50, compared with itself without that. */
  readonly slowedBy: number;
  readonly slowed: Verdicts;
  /** Comparisons beside those, with a run that the machine disturbed. */
  readonly disturbed: number;
  /** Runs that were drawn again from those of the same node, and what came of comparing them. */
  readonly resampled: { readonly comparisons: number; readonly alarms: number };
  /** The smallest slowdown of which every one was caught among such runs, as a share; null where there was none. */
  readonly alwaysCaughtFrom: number | null;
}

/** Undefined where `npm run bench:comparison` was never run. */
export const readComparison = () => readKept<ComparisonResult>(path);

export const writeComparison = (result: ComparisonResult) => writeKept(path, result);

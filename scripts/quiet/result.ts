import { join } from 'node:path';
import { readKept, writeKept } from '../kept-file.ts';

const path = join(import.meta.dirname, 'result.json');

/** What `npm run bench:quiet` keeps of its last run. */
export interface QuietResult {
  /** UTC. */
  readonly date: string;
  readonly cores: number;
  readonly series: readonly QuietSeries[];
}

/** One percentile of gates in a row. */
export interface QuietSeries {
  readonly percentile: number;
  /** In which window, in words. */
  readonly window: string;
  readonly gates: number;
  /** In how many of them their own interval holds the median of all. */
  readonly within: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** In how many of them something else ran on the machine. */
  readonly disturbed: number;
}

/** Undefined where it was never measured. */
export const readQuiet = () => readKept<QuietResult>(path);

export const writeQuiet = (result: QuietResult) => writeKept(path, result);

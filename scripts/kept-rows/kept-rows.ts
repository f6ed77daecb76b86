import { join } from 'node:path';
import { readKept, writeKept } from '../kept-file.ts';
import { rowName } from '../../src/statistics/bench-rows.ts';
import type { Bench } from '../../src/statistics/handshakes.ts';

/** The benchmarks whose figures are kept. */
const names = ['handshake', 'spire'] as const;
export type KeptBench = (typeof names)[number];

export const isKeptBench = (name: string): name is KeptBench => names.some((one) => one === name);

const pathOf = (name: KeptBench) => join(import.meta.dirname, `${name}.json`);

/** What `npm run bench:handshake` and `npm run bench:spire` keep of their last run: the README's figures are made from it. */
export interface KeptRows {
  /** UTC. */
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly command: string;
  readonly rows: readonly KeptRow[];
}

/** Milliseconds, from the moment due; null where too few lie beyond. */
export interface KeptRow {
  readonly row: string;
  readonly generator: string;
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  /** Where the p99 lies, with a confidence of 95 %. */
  readonly p99Between: readonly [low: number, high: number] | null;
  readonly generatorCpuMs: number | null;
  readonly nodeCpuMs: number | null;
  /** What else the machine did. */
  readonly disturbed: boolean;
}

export function keptRow({ id, count, errors, row }: Bench): KeptRow {
  const figure = (percentile: number) => row?.fromDue.find((one) => one.percentile === percentile);
  const interval = figure(99)?.interval;
  return {
    ...{ row: rowName(id), generator: row?.generator ?? '', count, errors },
    // What others tell of TLS alone is no such figure.
    ...{ p50Ms: figure(50)?.ms ?? null, p90Ms: figure(90)?.ms ?? null, p99Ms: figure(99)?.ms ?? null },
    p99Between: interval ? [interval.lowMs, interval.highMs] : null,
    ...{ generatorCpuMs: row?.generatorCpuMs ?? null, nodeCpuMs: row?.nodeCpuMs ?? null },
    disturbed: (row?.disturbed.length ?? 0) > 0,
  };
}

/** Undefined where it was never measured. */
export const readRows = (name: KeptBench) => readKept<KeptRows>(pathOf(name));

export const writeRows = (name: KeptBench, rows: KeptRows) => writeKept(pathOf(name), rows);

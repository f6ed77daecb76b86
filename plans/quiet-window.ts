import type { BaselineRow, BenchRow, Objective } from '../src/history.ts';
import { benchPlan, usualShape, type BenchGenerator, type BenchNode } from './bench.ts';
import type { Part } from './plan.ts';

/** How long the quiet window of a gate is, in seconds, where nothing is asked of its figures. */
export const quietSeconds = 1.5;

/** Connections a second in it: enough for a p90, and few enough for a node that bears little. */
export const quietRate = 100;

/** The mesh in which nothing rotates unless it is told to, and that is measured; undefined where none of them is such a one. */
export function quietPart(parts: readonly Part[]): Part | undefined {
  return parts.find(({ mesh }) => mesh.calmAtFirst === true);
}

/** What a gate measures when all else is over, as the first phase of a benchmark does. */
export interface QuietWindow {
  readonly rows: readonly BenchRow[];
  readonly objectives: readonly Objective[];
  readonly baseline: readonly BaselineRow[];
  /** The rate is that of a bound, or as somebody wanted it; otherwise a node that bears little is asked for less. */
  readonly rateIsWanted: boolean;
}

export interface QuietSpec {
  readonly nodes: readonly [BenchNode, ...BenchNode[]];
  readonly generator: BenchGenerator;
  readonly perSecond: number;
  readonly seconds: number;
  /** A later run is to be compared with it, or it with an earlier one: that takes a yardstick beside it. */
  readonly beside: boolean;
}

/** The rows of a quiet window: full mutual handshakes with each node. */
export function quietRows({ nodes, generator, perSecond, seconds, beside }: QuietSpec): readonly BenchRow[] {
  const { phases } = benchPlan({
    ...{ nodes, shapes: [usualShape], phases: ['steady'], generators: [generator], arrivals: 'constant' },
    ...{ perSecond, seconds, capacity: false, shards: 1 },
  });
  return phases.flatMap(({ rows }) => rows).filter(({ yardstick }) => beside || yardstick === undefined);
}

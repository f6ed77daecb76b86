import type { Operation } from '../fixtures/bench/spire/operation.ts';
import type { MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { BenchRow } from '../src/history.ts';
import { usualAtMost } from './bench.ts';
import { meshSpecs } from './meshes.ts';

/** Registration entries of one agent, and all that is timed beside them. */
export interface SpireStage {
  readonly entries: number;
  readonly rows: readonly { readonly row: BenchRow; readonly operation: Operation }[];
}

export interface SpireBenchPlan {
  readonly mesh: MeshSpec;
  /** In order: entries become more. */
  readonly stages: readonly SpireStage[];
}

export interface SpireBenchSpec {
  readonly operations: readonly Operation[];
  readonly entries: readonly number[];
  /** How often agents ask for what changed, and the server looks for it, in milliseconds. */
  readonly syncMs: number;
  /** How long each row is measured; left out: as long as the operation says. */
  readonly seconds?: number;
}

/** Each operation beside each number of entries, one after the other, on a SPIRE as it is by default but for its intervals and its limit of attestations. */
export function spireBenchPlan({ operations, entries, syncMs, seconds }: SpireBenchSpec): SpireBenchPlan {
  const { steady } = meshSpecs(undefined, {});
  const [first, second] = steady.nodes;
  const nodes = [first!, second!, { ...second!, name: 'node-003', service: 'storage' }];
  const rowOf = ({ id, times, verifies, arrivals, perSecond, ...usual }: Operation, count: number): BenchRow => ({
    ...{ kind: 'bench-row', row: `spire/${id},entries=${count}`, times, verifies },
    ...{
      generator: 'assay',
      loop: 'open',
      arrivals,
      wantedPerSecond: perSecond,
      seconds: seconds ?? usual.seconds,
      atMost: usualAtMost,
    },
    ...{ node: 'SPIRE', implementation: 'SPIRE', phase: `entries=${count}`, resumed: false, key: 'EC P-256' },
  });
  return {
    mesh: {
      ...steady,
      ...{ name: 'spire', syncIntervalMs: syncMs, cacheReloadMs: syncMs, auditLog: false },
      nodes: nodes.map((node) => ({ ...node, judged: false, peers: [] })),
    },
    stages: entries
      .toSorted((one, other) => one - other)
      .map((count) => ({
        entries: count,
        rows: operations.map((operation) => ({ row: rowOf(operation, count), operation })),
      })),
  };
}

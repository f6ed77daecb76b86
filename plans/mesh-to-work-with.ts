import type { MeshSpec } from '../fixtures/target/mesh-spec.ts';
import { meshSpecs, type NodeUnderTest } from './meshes.ts';

/** A mesh to look at and to try things on: SVIDs live as long as SPIRE's own default, so that there is time. */
export function meshToWorkWith(nodeUnderTest?: NodeUnderTest): MeshSpec {
  return {
    ...meshSpecs(nodeUnderTest, {}).steady,
    name: 'mesh',
    svidTtlSeconds: 3600,
    syncIntervalMs: 1_000,
    cacheReloadMs: 1_000,
  };
}

import type { MeshNodeSpec, MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { MeshProfile } from '../fixtures/target/profile.ts';
import { referenceNode } from '../fixtures/target/mesh-spec.ts';

/** What of the deployment may differ from what the gate stands up by itself: for impostors and for later commands. */
export interface DeploymentOverrides extends Partial<
  Pick<MeshSpec, 'requirePqKem' | 'auditLog' | 'joinTokenTtlSeconds'>
> {}

export interface NodeUnderTest {
  /** By the node contract; through a shell when it is one string. */
  readonly command: string | readonly string[];
  readonly implementation: string;
  /** Runs on every node, so that each meets its like; left out: on the first node of each mesh, with our reference node for its peer. */
  readonly everywhere?: boolean;
}

// SPIRE's own defaults are 5 s for both; these make it fast without changing what it does. They stand in the report.
const syncIntervalMs = 200;
const cacheReloadMs = 200;

/**
 * The gate's meshes.
 *
 * An SVID is due for renewal when half of its lifetime, which SPIRE back-dates by 10 s, is left: up to a TTL of 8 s that is at every sync, so
 * both meshes rotate several times a second. `steady` has more than twice the life of `brief`, whose SVIDs a partition is to outlive,
 * and whose SPIRE has the switch on that promises more than TLS 1.2.
 */
export function meshSpecs(
  nodeUnderTest: NodeUnderTest | undefined,
  overrides: DeploymentOverrides,
): Record<MeshProfile, MeshSpec> {
  const base = {
    trustDomain: 'x0tta6bl4.mesh',
    agentTtlSeconds: 3600,
    syncIntervalMs,
    cacheReloadMs,
    requirePqKem: false,
    auditLog: true,
    joinTokenTtlSeconds: 300,
    ...overrides,
  };
  const pair = (names: readonly [string, string], services: readonly [string, string]): MeshNodeSpec[] =>
    names.map((name, at) => {
      const theirs =
        nodeUnderTest !== undefined && (at === 0 || nodeUnderTest.everywhere === true) ? nodeUnderTest : undefined;
      return {
        name,
        service: services[at]!,
        judged: nodeUnderTest === undefined || theirs !== undefined,
        implementation: theirs?.implementation ?? "Assay's reference node",
        command: theirs?.command ?? referenceNode,
      };
    });
  return {
    steady: {
      ...base,
      name: 'steady',
      svidTtlSeconds: 8,
      nodes: pair(['node-001', 'node-002'], ['frontend', 'backend']),
    },
    brief: {
      ...base,
      requirePqKem: true,
      ...overrides,
      name: 'brief',
      svidTtlSeconds: 3,
      nodes: pair(['node-003', 'node-004'], ['orders', 'ledger']),
    },
  };
}

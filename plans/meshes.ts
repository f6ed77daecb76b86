import type { MeshNodeSpec, MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { MeshProfile } from '../fixtures/target/profile.ts';
import { referenceNode } from '../fixtures/target/mesh-spec.ts';

/** What of the deployment may differ from what the gate stands up by itself: for impostors and for later commands. */
export interface DeploymentOverrides extends Partial<
  Pick<
    MeshSpec,
    | 'requirePqKem'
    | 'auditLog'
    | 'joinTokenTtlSeconds'
    | 'uptakeMs'
    | 'syncIntervalMs'
    | 'cacheReloadMs'
    | 'svidTtlSeconds'
  >
> {}

export interface NodeUnderTest {
  /** By the node contract; through a shell when it is one string. */
  readonly command: string | readonly string[];
  readonly implementation: string;
  /** Runs on every node, so that each meets its like; left out: on the first node of each mesh, with our reference node for its peer. */
  readonly everywhere?: boolean;
}

/** How long a node may take to follow its SVID and its bundle, where nobody says otherwise. Source: node contract. */
const usualUptakeMs = 2_000;

// SPIRE's own defaults are 5 s for both; these make it fast without changing what it does. They stand in the report.
const syncIntervalMs = 200;
const cacheReloadMs = 200;

/**
 * The gate's meshes: of each, the first node is under test, by default our reference node. What a second one of the same program did would be
 * the same.
 *
 * An SVID is due for renewal when half of its lifetime, which SPIRE back-dates by 10 s, is left: up to a TTL of 8 s that is at every sync, so
 * both meshes rotate several times a second. `steady` has more than twice the life of `brief`, whose SVIDs a partition is to outlive,
 * and whose SPIRE has the switch on that promises more than TLS 1.2. Its authority is an intermediate below a root of the run, as in most
 * deployments; in `steady` it is its own root, which is what can be rotated without the upstream one. Where nodes may take longer to follow,
 * SVIDs live longer. On `steady` nothing rotates until healthy traffic was measured there; on `brief`, which the gate waits for longest, it is
 * measured between rotations.
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
    uptakeMs: usualUptakeMs,
    requirePqKem: false,
    auditLog: true,
    joinTokenTtlSeconds: 300,
    ...overrides,
  };
  const pair = (names: readonly [string, string], services: readonly [string, string]): MeshNodeSpec[] =>
    names.map((name, at) => {
      const judged = at === 0 || nodeUnderTest?.everywhere === true;
      const { command = referenceNode, implementation = "Assay's reference node" } = (judged && nodeUnderTest) || {};
      return { name, service: services[at]!, judged, implementation, command };
    });
  // Who follows as late as it may, at a delivery that is as late as it may be, still holds a living SVID.
  const lifeSeconds = (atLeast: number) =>
    Math.max(overrides.svidTtlSeconds ?? atLeast, Math.ceil((base.uptakeMs + 2 * base.syncIntervalMs) / 1000));
  return {
    steady: {
      ...base,
      name: 'steady',
      calmAtFirst: true,
      svidTtlSeconds: lifeSeconds(8),
      nodes: pair(['node-001', 'node-002'], ['frontend', 'backend']),
    },
    brief: {
      ...base,
      requirePqKem: true,
      ...overrides,
      name: 'brief',
      upstreamAuthority: 'root',
      svidTtlSeconds: lifeSeconds(3),
      nodes: pair(['node-003', 'node-004'], ['orders', 'ledger']),
    },
  };
}

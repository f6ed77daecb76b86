import type { MeshSpec } from '../fixtures/target/mesh-spec.ts';
import { gatePlan } from './gate.ts';
import type { DeploymentOverrides, NodeUnderTest } from './meshes.ts';
import type { Part, Plan } from './plan.ts';

/** One of the passes of a certification: a whole plan, with a timing of its own. */
export interface PassPlan {
  readonly id: string;
  readonly title: string;
  readonly plan: Plan;
  /** What a pass of this kind and length cannot show, each in a sentence. */
  readonly cannotShow: readonly string[];
  /** How long it takes on two cores that nothing else is busy on. */
  readonly expectedSeconds: number;
}

// Source: SPIRE 1.15.3, doc/spire_agent.md (`sync_interval`) and doc/spire_server.md (`cache_reload_interval`, `default_x509_svid_ttl`, `ca_ttl`).
const spireDefaults = { syncIntervalMs: 5_000, cacheReloadMs: 5_000 };
const spireDefaultTtls = { svid: 'an hour', authority: 'a day' };

// A short cut takes two intervals to be proven and two and a half more, 23 s, and an agent may pause for as long again and a little more before it
// asks anew: no SVID may end meanwhile. One of 44 s, and the 10 that SPIRE adds, outlives that by some seconds, and is due for renewal soon after the
// heal.
const svidTtlSeconds = 44;

/**
 * The passes of `assay certify`: the gate's plan as the gate runs it, then once more with the intervals that SPIRE has by default, which are what
 * most meshes run with. Of a mesh that runs already nothing is set: its own timing is judged, in one pass.
 *
 * @param standsUp - whether the meshes are stood up
 */
export function certifyPasses(
  standsUp: boolean,
  nodeUnderTest?: NodeUnderTest,
  overrides: DeploymentOverrides = {},
): readonly [PassPlan, ...PassPlan[]] {
  const fast = {
    id: 'fast',
    title: standsUp ? 'agents that sync five times a second' : 'the mesh as it runs',
    plan: gatePlan(nodeUnderTest, overrides),
    cannotShow: standsUp
      ? ['SVIDs live for seconds: what comes of long lives, and of many nodes at once, was not looked at.']
      : [
          'What happens when SVIDs and authorities come to the end of their lives is shown only as far as that came about meanwhile.',
        ],
    expectedSeconds: 15,
  };
  if (!standsUp) return [fast];
  const slow = gatePlan(nodeUnderTest, { ...overrides, ...spireDefaults, svidTtlSeconds });
  return [
    fast,
    {
      id: 'spire-defaults',
      title: "SPIRE's default intervals",
      plan: { ...slow, id: 'spire-defaults', parts: slow.parts.map(named('by-default')) },
      cannotShow: [
        `SVIDs live ${svidTtlSeconds} s here, and ${spireDefaultTtls.svid} by SPIRE's default: no outage lasted as long as that, and nothing that takes minutes was seen.`,
        `Authorities were rotated by force, and not by their age, which by SPIRE's default is ${spireDefaultTtls.authority}.`,
      ],
      expectedSeconds: 125,
    },
  ];
}

/** Meshes and nodes of a later pass have names of their own: their logs stand beside the others. */
function named(suffix: string): (part: Part) => Part {
  const own = (name: string) => `${name}-${suffix}`;
  const ownMesh = (mesh: MeshSpec): MeshSpec => ({
    ...mesh,
    name: own(mesh.name),
    nodes: mesh.nodes.map((node) => ({
      ...node,
      name: own(node.name),
      ...(node.peers !== undefined && { peers: node.peers.map(own) }),
    })),
  });
  return (part) => ({ ...part, mesh: ownMesh(part.mesh) });
}

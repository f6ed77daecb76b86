import type { MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import { chooseForCertification } from './choose.ts';
import { planWith } from './gate.ts';
import type { DeploymentOverrides, NodeUnderTest } from './meshes.ts';
import { decidedBesides, type Part, type Plan } from './plan.ts';

/** One of the passes of a certification: a whole plan, with a timing of its own. */
export interface PassPlan {
  readonly id: string;
  readonly title: string;
  readonly plan: Plan;
  /** What a pass of this kind and length cannot show, each in a sentence. */
  readonly cannotShow: readonly string[];
  /** The clauses that it does not look at, and an earlier pass does; absent where there are none. */
  readonly leavesOut?: readonly KnownClause[];
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

// A server that is away takes as long to be proven and held, 23 s, then up to 2 to start, and its agents come back up to 18 later, half of that and
// one interval, and a tenth more: 43 s. In the cut that is the first thing to happen SVIDs are new, and live for 44. After it they are renewed at half
// of their life, each agent at its own time: the oldest would live for 20 s more.
const noTimeForServers =
  'The SPIRE server itself was not killed or paused: with these intervals an SVID that is due for renewal would end before its agent has come back.';

/**
 * The passes of `assay certify`: the gate's plan as the gate runs it, with the scenarios that take too long for a gate; then the gate's plan once more
 * with the intervals that SPIRE has by default, which are what most meshes run with. Of a mesh that runs already nothing is set: its own timing is
 * judged, in one pass.
 *
 * @param standsUp - whether the meshes are stood up
 * @param only - as `--only` takes it
 */
export function certifyPasses(
  standsUp: boolean,
  nodeUnderTest?: NodeUnderTest,
  overrides: DeploymentOverrides = {},
  only?: string,
): readonly [PassPlan, ...PassPlan[]] {
  const fast = {
    id: 'fast',
    title: standsUp ? 'agents that sync five times a second' : 'the mesh as it runs',
    plan: planWith(chooseForCertification(only, 'certify'), nodeUnderTest, overrides),
    cannotShow: standsUp
      ? ['SVIDs live for seconds: what comes of long lives, and of many nodes at once, was not looked at.']
      : [
          'What happens when SVIDs and authorities come to the end of their lives is shown only as far as that came about meanwhile.',
        ],
    expectedSeconds: 20,
  };
  if (!standsUp) return [fast];
  const slow = planWith([], nodeUnderTest, { ...overrides, ...spireDefaults, svidTtlSeconds });
  const leavesOut = decidedBesides(fast.plan, slow);
  return [
    fast,
    {
      id: 'spire-defaults',
      title: "SPIRE's default intervals",
      plan: { ...slow, id: 'spire-defaults', parts: slow.parts.map(named('by-default')) },
      cannotShow: [
        `SVIDs live ${svidTtlSeconds} s here, and ${spireDefaultTtls.svid} by SPIRE's default: no outage lasted as long as that, and nothing that takes minutes was seen.`,
        `Authorities were rotated by force, and not by their age, which by SPIRE's default is ${spireDefaultTtls.authority}.`,
        ...(leavesOut.length > 0 ? [noTimeForServers] : []),
      ],
      ...(leavesOut.length > 0 && { leavesOut }),
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

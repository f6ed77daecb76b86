import type { MeshProfile } from '../fixtures/target/profile.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { suites } from '../suites/index.ts';
import { chooseForCertification } from './choose.ts';
import { meshSpecs, type DeploymentOverrides, type NodeUnderTest } from './meshes.ts';
import type { LoadProfile, Plan } from './plan.ts';

// Open loop; in all at least 200 new connections a second over the pairs of the steady mesh, where its nodes bear that. Of what a node bears,
// pairs of nodes have enough that a few requests of each are soon seen.
export const loads: Record<MeshProfile, LoadProfile> = {
  steady: { perSecond: { toNode: 90, betweenNodes: 16, fromNode: 10 }, keptPerSecond: 10, resume: 0.05 },
  brief: { perSecond: { toNode: 4, betweenNodes: 15, fromNode: 0 }, keptPerSecond: 0, resume: 0 },
};

/**
 * The plan of `assay gate`: every suite, and every scenario but those for certifications, on the mesh whose timing it needs.
 *
 * @param only - as `--only` takes it: scenarios for certifications are in it where this names them, or one of their clauses
 */
export function gatePlan(nodeUnderTest?: NodeUnderTest, overrides: DeploymentOverrides = {}, only?: string): Plan {
  return planWith(chooseForCertification(only, 'gate'), nodeUnderTest, overrides);
}

/** The plan of a gate with more than a gate runs by itself. @param more - scenarios for certifications */
export function planWith(
  more: readonly Scenario[],
  nodeUnderTest?: NodeUnderTest,
  overrides: DeploymentOverrides = {},
): Plan {
  const specs = meshSpecs(nodeUnderTest, overrides);
  const on = <T extends { readonly mesh: MeshProfile }>(all: readonly T[], profile: MeshProfile) =>
    all.filter(({ mesh }) => mesh === profile);
  const profiles = ['steady', 'brief'] as const;
  const all = scenarios.filter((one) => !one.certification || more.includes(one));
  return {
    id: 'gate',
    ofOthers: all.filter(({ ofOthers }) => ofOthers),
    parts: profiles.map((profile) => ({
      mesh: specs[profile],
      load: loads[profile],
      suites: on(suites, profile),
      scenarios: on(all, profile).filter(({ ofOthers }) => !ofOthers),
    })),
  };
}

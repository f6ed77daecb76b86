import type { LoadSpec } from '../fixtures/load/load.ts';
import type { MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { Capability } from '../fixtures/target/capability.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import type { Deciders } from '../src/report/settled.ts';
import { decidedBy, type Suite } from '../suites/suite.ts';

/** What is left to chance has its seed from the run. */
export type LoadProfile = Omit<LoadSpec, 'seed'>;

/** What runs on one mesh. Suites run side by side, scenarios beside them, one after the other, under this load. */
export interface Work {
  readonly suites: readonly Suite[];
  readonly scenarios: readonly Scenario[];
  readonly load: LoadProfile;
}

/** A mesh to be stood up, and what runs on it. */
export interface Part extends Work {
  readonly mesh: MeshSpec;
}

/** A plan says what runs on which mesh under which load. Its parts run side by side, each on a mesh of its own. */
export interface Plan {
  readonly id: string;
  readonly parts: readonly Part[];
  /** What runs on a mesh that others run, beside all that runs on its own. */
  readonly ofOthers?: readonly Scenario[];
}

/** The ids of chosen clauses. */
export type Chosen = ReadonlySet<string>;

/** The clauses that a suite or a scenario decides. */
export function clausesOf(one: Suite | Scenario): readonly KnownClause[] {
  return 'decides' in one ? decidedBy(one).map(({ clause }) => clause) : one.clauses;
}

/** What the phases of a run are called in which suites look once more. */
export const lastPhases = {
  finish: ({ id }: Suite) => `${id}, at the end`,
  end: ({ id }: Suite) => `${id}, as nodes end`,
} as const;

/** By clause, what decides it in this plan. What a scenario sees is still being read when it has ended, so that no end of it is known. */
export function decidersOf({ parts }: Plan): Deciders {
  const deciders = parts.flatMap(({ suites, scenarios }) => [
    ...suites.flatMap((suite) =>
      decidedBy(suite).map(({ clause, partly = false }) => ({ clause, partly, phases: phasesOf(suite) })),
    ),
    ...scenarios.flatMap(({ clauses }) => clauses.map((clause) => ({ clause, partly: false }))),
  ]);
  return Map.groupBy(deciders, ({ clause }) => clause.id);
}

function phasesOf(suite: Suite): string[] {
  const last = (['finish', 'end'] as const).filter((step) => suite[step] !== undefined);
  return [suite.id, ...last.map((step) => lastPhases[step](suite))];
}

// In meshes of others it is done in another way than in those that we stand up, where other suites decide the same clauses.
const ofOthersAlone: readonly Capability[] = ['late-authority', 'ending-svids'];

/** Whether a suite looks at meshes that others run, and shows nothing in those that we stand up. */
export const looksAtOthersAlone = ({ needs }: Pick<Suite, 'needs'>): boolean =>
  ofOthersAlone.some((need) => needs.includes(need));

/** The part of a plan that the chosen clauses need: a mesh on which nothing would run is not stood up. */
export function narrowed({ id, parts, ofOthers = [] }: Plan, chosen: Chosen): Plan {
  const needed = <T extends Suite | Scenario>(all: readonly T[]) =>
    all.filter((one) => clausesOf(one).some((clause) => chosen.has(clause.id)));
  const left = parts.map((part) => ({ ...part, suites: needed(part.suites), scenarios: needed(part.scenarios) }));
  return {
    id,
    parts: left.filter(({ suites, scenarios }) => suites.length + scenarios.length > 0),
    ofOthers: needed(ofOthers),
  };
}

const decidedIn = ({ parts }: Plan): ReadonlySet<KnownClause> =>
  new Set(parts.flatMap(({ suites, scenarios }) => [...suites, ...scenarios]).flatMap(clausesOf));

/** The clauses that a plan decides in meshes that it stands up, and another does not. */
export function decidedBesides(plan: Plan, other: Plan): readonly KnownClause[] {
  return [...decidedIn(plan)].filter((clause) => !decidedIn(other).has(clause));
}

/** The clauses that a plan decides in meshes that others run alone. */
export function decidedOfOthersAlone(plan: Plan): readonly KnownClause[] {
  const here = decidedIn(plan);
  return [...new Set((plan.ofOthers ?? []).flatMap(clausesOf))].filter((clause) => !here.has(clause));
}

/** All of a plan on one mesh that runs already, under the load of the first part. */
export function onOneMesh({ parts, ofOthers = [] }: Plan): Work | undefined {
  if (parts.length + ofOthers.length === 0) return undefined;
  return {
    load: parts[0]?.load ?? noLoad,
    suites: parts.flatMap(({ suites }) => suites),
    // Why one of its own kind is not looked at says more than why one of ours is not.
    scenarios: [...ofOthers, ...parts.flatMap(({ scenarios }) => scenarios)],
  };
}

/** Nobody is asked for anything. */
export const noLoad: LoadProfile = {
  ...{ perSecond: { toNode: 0, betweenNodes: 0, fromNode: 0 }, keptPerSecond: 0, resume: 0 },
};

import { partitionLong } from '../scenarios/partition-long.ts';
import { partitionShort } from '../scenarios/partition-short.ts';
import { rotation } from '../scenarios/rotation.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { pinning } from '../suites/mesh/pinning.ts';
import { planes, postQuantum } from '../suites/mesh/planes.ts';
import type { Suite } from '../suites/suite.ts';
import { tls } from '../suites/mesh/tls.ts';
import { tokens } from '../suites/mesh/tokens.ts';
import { UsageError } from '../src/errors.ts';
import type { MeshName } from './deployment.ts';

/** Which suites and scenarios run on which mesh. Suites run side by side, scenarios one after the other. */
export interface MeshPlan {
  readonly mesh: MeshName;
  readonly suites: readonly Suite[];
  readonly scenarios: readonly Scenario[];
}

export const gatePlan: readonly MeshPlan[] = [
  { mesh: 'steady', suites: [tls, pinning, planes, tokens], scenarios: [partitionShort, rotation] },
  { mesh: 'brief', suites: [postQuantum], scenarios: [partitionLong] },
];

export const scenarios: readonly Scenario[] = gatePlan.flatMap((plan) => plan.scenarios);

/**
 * Clause ids chosen by a glob over clause ids and scenario ids: `*` stands for any characters, several globs are parted by commas.
 *
 * @throws UsageError naming what there is when a glob matches nothing
 */
export function chooseClauses(only: string | undefined): ReadonlySet<string> {
  if (only === undefined) return new Set(clauses.map(({ id }) => id));
  const chosen = new Set<string>();
  for (const glob of only.split(',').map((part) => part.trim())) {
    const pattern = new RegExp(
      `^${glob
        .split('*')
        .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
    );
    const matched = [
      ...clauses.filter(({ id, promise }) => pattern.test(id) || pattern.test(promise)).map(({ id }) => id),
      ...scenarios.filter(({ id }) => pattern.test(id)).flatMap((scenario) => scenario.clauses),
    ];
    if (matched.length === 0)
      throw new UsageError(
        `--only ${glob}: no clause or scenario of that name; see \`assay list clauses\` and \`assay list scenarios\`, and use * for any part of an id, as in 'pin/*'`,
      );
    for (const id of matched) chosen.add(id);
  }
  return chosen;
}

/** The part of the plan that the chosen clauses need. */
export function planFor(chosen: ReadonlySet<string>): MeshPlan[] {
  const needed = <T extends { readonly clauses: readonly string[] }>(all: readonly T[]) =>
    all.filter((one) => one.clauses.some((id) => chosen.has(id)));
  return gatePlan
    .map(({ mesh, suites, scenarios: experiments }) => ({
      mesh,
      suites: needed(suites),
      scenarios: needed(experiments),
    }))
    .filter((plan) => plan.suites.length + plan.scenarios.length > 0);
}

/** The same for a mesh that runs already: all of it on that one. */
export function wholePlan(chosen: ReadonlySet<string>): MeshPlan {
  const plans = planFor(chosen);
  return {
    mesh: 'steady',
    suites: plans.flatMap(({ suites }) => suites),
    scenarios: plans.flatMap((plan) => plan.scenarios),
  };
}

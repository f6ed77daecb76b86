import { UsageError } from '../src/errors.ts';
import { globbed } from '../src/glob.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { promises } from '../src/promises.ts';
import { renamed } from '../src/clauses/renamed.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { suites } from '../suites/index.ts';
import { clausesOf, type Chosen } from './plan.ts';

const oldNames = Map.groupBy(Object.entries(renamed), ([, id]) => id);

/** Who looks: a certification also looks at what takes longer than a gate may. */
export type Chooser = 'gate' | 'certify';

const inAGate = new Set([...suites, ...scenarios.filter(({ certification }) => !certification)].flatMap(clausesOf));

/** Whether nothing but scenarios for certifications decides a clause. */
const isForCertifications = (clause: (typeof clauses)[number]): boolean => !inAGate.has(clause);

/**
 * The ids of clauses chosen by a glob over the ids of clauses, what they were called before, promises and scenarios: `*` stands for any
 * characters, several globs are parted by commas. What a gate does not decide by itself, it does where its own name or that of its scenario is given.
 *
 * @param only - left out: all that is decided by whoever looks
 * @throws UsageError naming what there is when a glob matches nothing
 */
export function chooseClauses(only: string | undefined, by: Chooser = 'gate'): Chosen {
  const all = clauses.filter((clause) => by === 'certify' || !isForCertifications(clause));
  if (only === undefined) return new Set(all.map(({ id }) => id));
  return new Set(globsOf(only).flatMap((glob) => matched(glob, all)));
}

/**
 * The scenarios that no gate runs by itself, as far as they are asked for: by a glob over their own ids and those of their clauses. A certification
 * runs all of them where nothing is chosen, and those of a promise that is.
 */
export function chooseForCertification(only: string | undefined, by: Chooser): readonly Scenario[] {
  const all = scenarios.filter(({ certification }) => certification);
  if (only === undefined) return by === 'certify' ? all : [];
  const patterns = globsOf(only).map(globbed);
  const isNamed = (name: string | null) => name !== null && patterns.some((pattern) => pattern.test(name));
  return all.filter(
    (scenario) =>
      isNamed(scenario.id) ||
      scenario.clauses.some((clause) => namesOf(clause).some(isNamed) || (by === 'certify' && isNamed(clause.promise))),
  );
}

const globsOf = (only: string): string[] => only.split(',').map((glob) => glob.trim());

/** The id of a clause, and what it was called before. */
function namesOf({ id }: (typeof clauses)[number]): string[] {
  return [id, ...(oldNames.get(id) ?? []).map(([old]) => old)];
}

/** @param ofPromises - the clauses that the name of their promise chooses */
function matched(glob: string, ofPromises: readonly (typeof clauses)[number][]): string[] {
  const pattern = globbed(glob);
  const found = [
    ...clauses.filter((clause) => namesOf(clause).some((name) => pattern.test(name))),
    ...ofPromises.filter(({ promise }) => promise !== null && pattern.test(promise)),
    ...scenarios.filter(({ id }) => pattern.test(id)).flatMap((scenario) => scenario.clauses),
  ].map(({ id }) => id);
  if (found.length > 0) return found;
  throw new UsageError(
    `--only ${glob}: no clause, scenario or promise of that name. There are the clauses ${subjects().join(', ')}; the scenarios ${listed(scenarios)}; the promises ${listed(promises)}. Use * for any part of an id, and see \`npx assay list clauses\` for all`,
  );
}

/** A glob for each subject that has clauses. */
function subjects(): string[] {
  return [...new Set(clauses.map(({ id }) => id.replace(/[^/]+$/, '*')))];
}

function listed(all: readonly { readonly id: string }[]): string {
  return all.map(({ id }) => id).join(', ');
}

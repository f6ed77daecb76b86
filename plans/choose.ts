import { UsageError } from '../src/errors.ts';
import { globbed } from '../src/glob.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { promises } from '../src/promises.ts';
import { renamed } from '../src/clauses/renamed.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Chosen } from './plan.ts';

const oldNames = Map.groupBy(Object.entries(renamed), ([, id]) => id);

/**
 * The ids of clauses chosen by a glob over the ids of clauses, what they were called before, promises and scenarios: `*` stands for any
 * characters, several globs are parted by commas.
 *
 * @throws UsageError naming what there is when a glob matches nothing
 */
export function chooseClauses(only: string | undefined): Chosen {
  if (only === undefined) return new Set(clauses.map(({ id }) => id));
  return new Set(only.split(',').flatMap((glob) => matched(glob.trim())));
}

function matched(glob: string): string[] {
  const pattern = globbed(glob);
  const names = (id: (typeof clauses)[number]['id']) => [id, ...(oldNames.get(id) ?? []).map(([old]) => old)];
  const found = [
    ...clauses.filter(({ id, promise }) =>
      [...names(id), ...(promise === null ? [] : [promise])].some((name) => pattern.test(name)),
    ),
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

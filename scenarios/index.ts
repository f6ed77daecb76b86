import { readdirSync } from 'node:fs';
import type { Scenario } from './scenario.ts';

/**
 * All scenarios, by the files of this folder, in the order in which they run on their mesh: by id, but first those that want a calm mesh or
 * begin early, and last those that end authorities which others work with.
 */
export const scenarios: readonly Scenario[] = (await readScenarios()).sort(
  (one, other) =>
    Number(other.calm ?? false) - Number(one.calm ?? false) ||
    Number(other.early ?? false) - Number(one.early ?? false) ||
    Number(one.endsAuthorities ?? false) - Number(other.endsAuthorities ?? false) ||
    (one.id < other.id ? -1 : 1),
);

async function readScenarios(): Promise<Scenario[]> {
  const files = readdirSync(new URL('.', import.meta.url)).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'index.ts',
  );
  const modules = await Promise.all(
    files.map(async (name) => (await import(`./${name}`)) as Readonly<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(isScenario));
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && 'hypothesis' in value && 'run' in value;
}

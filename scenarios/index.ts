import { readdirSync } from 'node:fs';
import type { Scenario } from './scenario.ts';
import { modulesAmong } from '../src/module-file.ts';

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
  const names = modulesAmong(readdirSync(new URL('.', import.meta.url))).filter((name) => name !== 'index');
  const modules = await Promise.all(
    names.map(async (name) => (await import(`./${name}.ts`)) as Readonly<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(isScenario));
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && 'hypothesis' in value && 'run' in value;
}

import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where compiled scripts are kept from one test run to the next. */
export const compileCache = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url));

const pureFolders = [
  'src',
  'spiffe',
  'mesh',
  'fixtures',
  'impostors',
  'suites',
  'scenarios',
  'plans',
  'engine',
  'reports',
  'cli',
  'scripts',
];

/** Test files beside what they test, which may all run at once. */
export function pureTests(...folders: readonly string[]): string[] {
  return testsOf(folders.length > 0 ? folders : pureFolders);
}

/** Test files that start real meshes and measure time: never two at once. */
export function wholeTests(): string[] {
  return testsOf(['test']);
}

function testsOf(folders: readonly string[]): string[] {
  return globSync(
    folders.map((folder) => `${folder}/**/*.test.ts`),
    { cwd: root },
  ).sort();
}

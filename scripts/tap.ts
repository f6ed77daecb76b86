import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program that runs test files; its settings stand in package.json. */
export const tap = fileURLToPath(new URL('../node_modules/tap/dist/esm/run.mjs', import.meta.url));

/** Where compiled scripts are kept from one test run to the next. */
export const compileCache = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url));

const root = fileURLToPath(new URL('..', import.meta.url));
// Goes with node_modules, as what it stands for does.
const built = fileURLToPath(new URL('../node_modules/.cache/tap-built', import.meta.url));

/**
 * Builds tap with the plugins that package.json asks for, once after each installation. It would do so by itself, but only for its next run:
 * the first would load a compiler of TypeScript into every test file.
 */
export function buildTap(): void {
  if (existsSync(built)) return;
  const { status, stderr } = spawnSync(process.execPath, [tap, 'build'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`tap could not be built with the plugins of package.json:\n${stderr}`);
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, '');
}

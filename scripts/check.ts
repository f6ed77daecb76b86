// npm run check: types, lint, dependencies and the tests that need nothing but this directory, side by side. Says what failed, and little else.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { buildTap, compileCache, tap } from './tap.ts';

const root = new URL('..', import.meta.url);

/** What each check runs, on the Node that runs this. */
const checks: Readonly<Record<string, readonly string[]>> = {
  format: 'node_modules/prettier/bin/prettier.cjs --check --log-level warn --cache .'.split(' '),
  types: ['node_modules/typescript/bin/tsc', '-p', '.', '--pretty'],
  lint: 'node_modules/eslint/bin/eslint.js --cache --cache-location node_modules/.cache/eslint/ --cache-strategy content .'.split(
    ' ',
  ),
  // What nothing imports, and what is imported and not declared; then whether what ships rests on something that is installed for development alone.
  packages: ['node_modules/knip/bin/knip.js', '--no-progress'],
  'packages that ship': ['node_modules/knip/bin/knip.js', '--no-progress', '--production', '--strict'],
  tests: [tap, '--jobs=2', 'src/**/*.test.ts'],
};

async function check(name: string, args: readonly string[]): Promise<boolean> {
  const startMs = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [out, err, exit] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  console.log(`${exit === 0 ? '✔' : '✘'} ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
  if (exit !== 0) console.log(`${out}${err}`.trimEnd());
  return exit === 0;
}

buildTap();
const passed = await Promise.all(Object.entries(checks).map(([name, args]) => check(name, args)));
process.exitCode = passed.every(Boolean) ? 0 : 1;

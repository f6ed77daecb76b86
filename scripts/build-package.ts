// npm run build, and by itself before each `npm pack`: makes what the package ships in `build`, from the sources and nothing else. Node strips no
// types below node_modules, so it is JavaScript, with types and maps; what else the sources read at run time lies beside it as it does here.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const build = join(root, 'build');
const config = join(root, 'tsconfig.package.json');
const { include } = JSON.parse(readFileSync(config, 'utf8')) as { readonly include: readonly string[] };

// What was made of a source that is gone must not ship.
rmSync(build, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (status !== 0) process.exit(1);
// Runs that lie in the folder are nobody else's business, nor is what programs were built into: only what the repository keeps ships.
const { stdout } = spawnSync('git', ['ls-files', '-z', ...include], { cwd: root, encoding: 'utf8' });
const kept = stdout.split('\0').filter((path) => path !== '');
if (kept.length === 0) {
  console.error(`${root} is no clone of the repository, or git is missing: what ships is what git keeps`);
  process.exit(2);
}
for (const path of kept.filter((one) => existsSync(join(root, one)) && !isCode(join(root, one))))
  cpSync(join(root, path), join(build, path));

/** What is compiled, or has a place of its own in the package, as what anybody's Node starts has. */
function isCode(path: string): boolean {
  const isStarted = path === join(root, 'cli/bin.js') || path.startsWith(join(root, 'mesh/scripts/'));
  return isStarted || (path.endsWith('.ts') && !path.endsWith('.d.ts'));
}

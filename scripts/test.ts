// npm test [-- FILE …]: every test with tap, or those of these files; how tap runs them stands in package.json. They run side by side, but for those in
// test/measured: what they judge rests on what the machine bears, or they keep all of it busy.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { locateTools, whyLacking, type ToolName, type ToolProgress } from '../fixtures/toolchain/toolchain.ts';
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import { messageOf } from '../src/errors.ts';
import { noteStage } from './ci-stages.ts';
import { buildTap, compileCache, tap } from './tap.ts';

process.chdir(new URL('..', import.meta.url).pathname);
const given = process.argv.slice(2);
const flags = given.filter((argument) => argument.startsWith('-'));
const files = given.filter((argument) => !argument.startsWith('-')).flatMap(testFiles);

if (given.length === flags.length || files.some((file) => file.startsWith('test/'))) await buildToolchain();

buildTap();
const startMs = performance.now();
const child = spawn(process.execPath, [tap, `--jobs=${availableParallelism()}`, ...flags, ...files], {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache },
});
// A terminal sends its signals to tap too; whoever signals this process alone means both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
const [code] = (await once(child, 'close')) as [number | null];
noteStage('tests', performance.now() - startMs);
process.exitCode = code ?? 1;

/** The test files that a path of the command line names, or a folder, or a pattern. */
function testFiles(pattern: string): string[] {
  const found = globSync([pattern, `${pattern}/**`]).filter((path) => path.endsWith('.test.ts'));
  if (found.length > 0) return found.map((path) => relative('.', path));
  console.error(`npm test: no test file matches ${pattern}; wanted is a path such as src/verdict.test.ts`);
  process.exit(2);
}

/** What tests run is built once, before them, where a person can follow it. */
async function buildToolchain(): Promise<void> {
  await build('toolchain', [
    'toxiproxy',
    'assay-key-probe',
    'assay-generator',
    'assay-go-node',
    'spire-agent',
    'assay-mesh-attestor',
    'spire-server',
    'spiffe-helper',
  ]);
  const lacking = await whyLacking('assay-rust-node');
  if (lacking === undefined) await build('builds', ['assay-rust-node']);
  else console.log(`What needs the node in Rust is skipped: ${lacking}.`);
}

async function build(stage: 'toolchain' | 'builds', names: readonly ToolName[]): Promise<void> {
  const startMs = performance.now();
  let built = false;
  const say = sayNowAndThen(10_000);
  try {
    await locateTools(names, {
      onProgress(progress) {
        built ||= progress.origin === 'built';
        say(progress);
      },
    });
  } catch (error) {
    console.error(messageOf(error));
    process.exit((error as { exitCode?: number }).exitCode ?? 3);
  }
  noteStage(stage, performance.now() - startMs, { built });
}

function sayNowAndThen(everyMs: number): (progress: ToolProgress) => void {
  let next = 0;
  return (progress) => {
    if (performance.now() < next && progress.step !== 'ready') return;
    next = performance.now() + everyMs;
    console.log(describeProgress(progress));
  };
}

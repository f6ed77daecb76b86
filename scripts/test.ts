// npm test [-- FILE …]: every test, or those of these files. First the pure ones, side by side, then those that start real meshes, one file
// after the other. Both make one report with one summary, as a single run of node:test would.
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { describeProgress } from '../engine/progress.ts';
import { messageOf } from '../src/errors.ts';
import { locateTools, type ToolProgress } from '../fixtures/toolchain/toolchain.ts';
import { compileCache, pureTests, wholeTests } from './tests.ts';

process.chdir(new URL('..', import.meta.url).pathname);
process.env.NODE_COMPILE_CACHE ??= compileCache;

const chosen = new Set(process.argv.slice(2).map((path) => relative('.', path)));
const among = (files: readonly string[]) => (chosen.size === 0 ? [...files] : files.filter((file) => chosen.has(file)));
const runs = [
  { files: among(pureTests()), concurrency: availableParallelism() },
  { files: among(wholeTests()), concurrency: 1 },
].filter(({ files }) => files.length > 0);

// A file has an hour: the first run may have to build the toolchain.
const fileTimeoutMs = 3_600_000;
const totals: Record<string, number> = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };

async function* everything(): AsyncGenerator<TestEvent> {
  const startMs = performance.now();
  let summary: TestEvent | undefined;
  for (const { files, concurrency } of runs) {
    for await (const event of run({ files, concurrency, timeout: fileTimeoutMs }) as AsyncIterable<TestEvent>) {
      const [name, count] = summaryLine(event) ?? [];
      // At this the reporter lists what failed: once, at the very end.
      if (event.type === 'test:summary' && event.data.file === undefined) summary = event;
      else if (name === undefined) yield event;
      else if (name in totals) totals[name] = (totals[name] ?? 0) + Number(count);
    }
  }
  const lines = { ...totals, duration_ms: (performance.now() - startMs).toFixed(0) };
  for (const [name, count] of Object.entries(lines))
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${count}`, level: 'info' } } as TestEvent;
  if (summary !== undefined) yield summary;
}

/** Each of the runs ends in a summary of its own: what one of its lines counts, and how many. */
function summaryLine({ type, data }: TestEvent): string[] | undefined {
  if (type !== 'test:diagnostic' || data.nesting !== 0 || data.file !== undefined) return undefined;
  return /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/.exec(data.message)?.slice(1);
}

// What the whole tests run is built once, before them, where a person can follow it.
if (among(wholeTests()).length > 0) {
  try {
    await locateTools(['toxiproxy', 'assay-go-node', 'spire-agent', 'spire-server'], {
      onProgress: sayNowAndThen(10_000),
    });
  } catch (error) {
    console.error(messageOf(error));
    process.exit((error as { exitCode?: number }).exitCode ?? 3);
  }
}

function sayNowAndThen(everyMs: number): (progress: ToolProgress) => void {
  let next = 0;
  return (progress) => {
    if (performance.now() < next && progress.step !== 'ready') return;
    next = performance.now() + everyMs;
    console.log(describeProgress(progress));
  };
}

if (runs.length === 0) {
  console.error(`no test file among ${[...chosen].join(', ')}`);
  process.exit(2);
}
const report = Readable.from(everything()).pipe(new spec());
report.pipe(process.stdout);
await finished(report);
process.exitCode = totals.tests! > 0 && totals.fail === 0 && totals.cancelled === 0 ? 0 : 1;

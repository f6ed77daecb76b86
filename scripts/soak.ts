// Whether the gate calls a good mesh broken on a busy machine: npm run soak:gate -- [--gates N] [--busy N]
import { spawn, type ChildProcess } from 'node:child_process';
import { parseArgs } from 'node:util';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import { messageOf } from '../src/errors.ts';
import { runOnce } from './gate-speed/run-once.ts';

const usage = `usage: npm run soak:gate -- [--gates N] [--busy N]

Runs N gates (100), one after the other, on reference nodes, beside N loops (2) that keep processors busy. Nothing may fail; at most 2 %
may be inconclusive beside up to two loops, and 20 % beside more. Prints what kept each gate from passing; ends with 1 where it was more.`;

const longestMs = 180_000;
// Ends with its parent, however that ends.
const loop = 'const parent = process.ppid; while (process.ppid === parent) for (let turn = 0; turn < 1e8; turn++);';

function options(): { gates: number; busy: number } | undefined {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      gates: { type: 'string', default: '100' },
      busy: { type: 'string', default: '2' },
    },
  });
  const [gates, busy] = [Number(values.gates), Number(values.busy)];
  const right = Number.isSafeInteger(gates) && gates > 0 && Number.isSafeInteger(busy) && busy >= 0;
  return right && !values.help ? { gates, busy } : undefined;
}

const chosen = options();
if (chosen === undefined) {
  console.error(usage);
  process.exit(2);
}
const { gates, busy } = chosen;
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));

const count = { pass: 0, fail: 0, inconclusive: 0 };
const reasons = new Map<string, number>();
const loops = Array.from({ length: busy }, (): ChildProcess =>
  spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }),
);
try {
  for (let turn = 1; turn <= gates && !stop.signal.aborted; turn++) {
    const { run, because = '' } = await runOnce(
      defaultRuntime,
      AbortSignal.any([stop.signal, AbortSignal.timeout(longestMs)]),
    );
    count[run.verdict]++;
    if (run.verdict === 'pass') continue;
    const kind = `${run.verdict}: ${because.split(':')[0]}`;
    reasons.set(kind, (reasons.get(kind) ?? 0) + 1);
    console.log(`gate ${turn} of ${gates}: ${run.verdict} after ${(run.wholeMs / 1000).toFixed(1)} s: ${because}`);
  }
} catch (error) {
  console.error(`soak: ${messageOf(error)}`);
  process.exitCode = stop.signal.aborted ? 130 : 1;
} finally {
  for (const one of loops) one.kill('SIGKILL');
}

const done = count.pass + count.fail + count.inconclusive;
const most = busy > 2 ? 0.2 : 0.02;
for (const [kind, times] of [...reasons].sort((one, other) => other[1] - one[1])) console.log(`${times} times ${kind}`);
console.log(
  `${done} gates beside ${busy} loops: ${count.pass} passed, ${count.fail} failed, ${count.inconclusive} inconclusive`,
);
if (count.fail > 0 || count.inconclusive > most * done || done === 0) process.exitCode ??= 1;

// How long the gate takes: npm run bench:gate -- [--runs N] [--runtime process,container] [--add]
import { cpus, release, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import { handshakeTable, plain, provenance, timeTable } from './figures.ts';
import { defaultRuntime } from '../../fixtures/runtime/runtimes.ts';
import { benchRuntimes, readResult, writeResult, type GateBench, type GateRun, type Machine } from './result.ts';
import { runOnce } from './run-once.ts';

const usage = `usage: npm run bench:gate -- [--runs N] [--runtime NAME,…] [--add]

Runs the gate N times (5) by ${defaultRuntime}, or by each runtime named (there are ${benchRuntimes.join(', ')}), in turn: so what the machine is busy with meets all alike.
Prints what it took, and writes scripts/gate-speed/results/gate-<runtime>.json. With --add the runs join those that are there, so that
two states of the code can be measured in turn.`;

function options(): { runs: number; runtimes: readonly string[]; add: boolean } | undefined {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      runs: { type: 'string', default: '5' },
      runtime: { type: 'string', default: defaultRuntime },
      add: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const runs = Number(values.runs);
  const runtimes = values.runtime.split(',').map((name) => benchRuntimes.find((known) => known === name));
  const known = runtimes.filter((runtime) => runtime !== undefined);
  return Number.isSafeInteger(runs) && runs > 0 && known.length === runtimes.length
    ? { runs, runtimes: known, add: values.add }
    : undefined;
}

function machine(): Machine {
  const cores = cpus();
  return {
    cores: cores.length,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
}

const chosen = options();
if (chosen === undefined) {
  console.error(usage);
  process.exit(2);
}
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));

// Far beyond any right run: a gate that hangs is told to stop, and says so in its record.
const longestMs = 180_000;
const measured = new Map<string, { runs: GateRun[]; versions: GateBench['versions'] }>();
for (let turn = 1; turn <= chosen.runs; turn++) {
  for (const runtime of chosen.runtimes) {
    const { run, versions, because } = await runOnce(
      runtime,
      AbortSignal.any([stop.signal, AbortSignal.timeout(longestMs)]),
    ).catch((error: unknown) => {
      console.error(`bench: run ${turn} by ${runtime}: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(stop.signal.aborted ? 130 : 1);
    });
    const so = measured.get(runtime) ?? { runs: chosen.add ? [...(readResult(runtime)?.runs ?? [])] : [], versions };
    so.runs.push(run);
    measured.set(runtime, so);
    console.error(
      `${runtime} ${turn} of ${chosen.runs}: ${(run.wholeMs / 1000).toFixed(2)} s, ${run.verdict}, load before ${run.loadBefore}${because === undefined ? '' : `; ${because}`}`,
    );
  }
}

let held = true;
for (const [runtime, { runs, versions }] of measured) {
  const result: GateBench = {
    schema: 1,
    runtime,
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    versions,
    runs,
  };
  console.log(
    `\n${runtime}: ${provenance(result)}\n\n${plain(timeTable(result))}\n\n${plain(handshakeTable(result))}\n\n${writeResult(result)}`,
  );
  held &&= runs.every(({ verdict }) => verdict === 'pass');
}
// A gate that did not pass may have ended early, or waited for what never came: its times are no good.
if (!held) {
  console.error('\nNot every run passed: these times are not to be relied on.');
  process.exitCode = 1;
}

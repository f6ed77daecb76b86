import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHistory, readReport } from '../../reports/read-run.ts';
import { entriesOf, type History } from '../../src/history.ts';
import type { GateRun, Phase } from './result.ts';

const root = join(import.meta.dirname, '..', '..');

export interface MeasuredRun {
  readonly run: GateRun;
  /** Where it did not pass: the first clause that kept it from that. */
  readonly because: string | undefined;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Runs the gate as a user would, and reads what it took from its own record and from outside.
 *
 * @throws Error with the gate's last words when it left no record, and the signal's reason
 */
export async function runOnce(runtime: string, signal: AbortSignal): Promise<MeasuredRun> {
  const scratch = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const directory = join(scratch, 'run');
  try {
    const loadBefore = Math.round(loadavg()[0]! * 100) / 100;
    const startedMs = Date.now();
    const said = await gate(runtime, directory, signal);
    const endedMs = Date.now();
    signal.throwIfAborted();
    const [history, report] = await Promise.all([readHistory(directory), readReport(directory)]).catch(
      (error: unknown) => {
        throw new Error(`the gate left no record; it said:\n${said}`, { cause: error });
      },
    );
    const culprit =
      report.verdict === 'pass' ? undefined : report.clauses.find(({ verdict }) => verdict === report.verdict);
    return {
      because: culprit && `${culprit.id}: ${culprit.reason}`,
      versions: report.run.versions,
      run: {
        verdict: report.verdict,
        wholeMs: endedMs - startedMs,
        loadBefore,
        phases: phasesOf(history, Date.parse(report.run.startedAt) - startedMs, endedMs - startedMs),
        handshakes: report.bench
          .filter(({ row }) => row === undefined)
          .map(({ id, count, p50Ms, p99Ms }) => ({ id, count, p50Ms, p99Ms })),
      },
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function gate(runtime: string, directory: string, signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'cli/bin.js'), 'gate', '--runtime', runtime, '--out', directory], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // It heals and cleans up by itself when it is told to stop.
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      said = `${said}${text.toString()}`.slice(-4_000);
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(said));
  }).finally(() => signal.removeEventListener('abort', stop)) as Promise<string>;
}

/**
 * @param clockMs - when the clock of the history began, since the start of the process
 * @param wholeMs - when the process ended
 */
function phasesOf(history: History, clockMs: number, wholeMs: number): Phase[] {
  const toolchainMs = entriesOf(history, 'run-started')[0]?.atMs ?? 0;
  const reportMs = clockMs + (entriesOf(history, 'run-ended')[0]?.atMs ?? wholeMs - clockMs);
  const marks = entriesOf(history, 'phase');
  const own = marks
    .filter(({ state }) => state === 'begun')
    .flatMap(({ phase, atMs }) => {
      const end = marks.find((mark) => mark.state === 'ended' && mark.phase === phase && mark.atMs >= atMs);
      return end === undefined
        ? []
        : [{ phase, beganMs: Math.round(clockMs + atMs), tookMs: Math.round(end.atMs - atMs) }];
    });
  return [
    { phase: 'start of the program', beganMs: 0, tookMs: Math.round(clockMs) },
    { phase: 'toolchain', beganMs: Math.round(clockMs), tookMs: Math.round(toolchainMs) },
    ...own,
    { phase: 'report', beganMs: Math.round(reportMs), tookMs: Math.round(wholeMs - reportMs) },
  ];
}

import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { partLink } from '../src/evidence/chain.ts';
import type { Entry } from '../src/history.ts';
import { shortageOf } from '../src/reading/machine.ts';
import type { Report } from '../src/report/report.ts';

export const project = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** A place of its own for each test: its scratch directories, its runs, and by its name in their environment all that was started there. */
export interface Place extends AsyncDisposable {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Processes that were started here and are alive, by their command lines. */
  processes(): string[];
  /** Scratch directories of runs. */
  scratch(): string[];
}

export function makePlace(): Place {
  const dir = mkdtempSync(join(tmpdir(), 'abl-'));
  return {
    dir,
    env: { ...process.env, TMPDIR: dir, NO_COLOR: '1', NODE_TEST_CONTEXT: undefined },
    processes: () => processesWith(`TMPDIR=${dir}`).map(({ pid, command }) => `${pid} ${command}`),
    scratch: () => readdirSync(dir).filter((name) => name.startsWith('assay-')),
    async [Symbol.asyncDispose]() {
      for (const { pid } of processesWith(`TMPDIR=${dir}`)) process.kill(pid, 'SIGKILL');
      await sleep(20);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Live processes with this in their environment, whoever their parent is. */
export function processesWith(mark: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark)) return [];
        if (/^\S+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${name}/stat`, 'latin1'))) return [];
        return [
          { pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim() },
        ];
      } catch {
        return [];
      }
    });
}

/** Names of the containers and networks of a run. */
export async function containersOf(runId: string): Promise<string[]> {
  const filter = ['--filter', `label=assay.run=${runId}`, '--format'];
  const [containers, networks] = await Promise.all([
    run('docker', ['ps', '-a', ...filter, '{{.Names}}']),
    run('docker', ['network', 'ls', ...filter, '{{.Name}}']),
  ]);
  return `${containers.stdout}${networks.stdout}`.split('\n').filter(Boolean);
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
  readonly out: string;
}

export interface Cli {
  readonly child: ChildProcess;
  readonly out: string;
  readonly ended: Promise<Ended>;
  history(): Entry[];
  /** Waits for an entry of the history, as an outsider who reads the file. */
  until(what: string, wanted: (entry: Entry) => boolean): Promise<Entry>;
}

let runs = 0;

const makesRun = ([command, ...more]: readonly string[]) =>
  command === 'gate' || command === 'certify' || (command === 'bench' && more.length > 0);

/** Starts `assay` in a session of its own, as from a terminal of its own. */
export function startCli(
  place: Place,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly entry?: string; readonly out?: string } = {},
): Cli {
  const out = options.out ?? join(place.dir, `out-${++runs}`);
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(project, options.entry ?? 'cli/assay.ts'),
      ...args,
      ...(makesRun(args) && !args.includes('--out') ? ['--out', out] : []),
    ],
    {
      cwd: project,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...place.env, ...options.env },
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) =>
      resolve({ code, signal, stdout, stderr, out, tookMs: performance.now() - startedAt }),
    );
  });
  const history = () => readHistory(out);
  return {
    child,
    out,
    ended,
    history,
    async until(what, wanted) {
      for (const deadline = Date.now() + 120_000; ; await sleep(10)) {
        const found = history().find(wanted);
        if (found !== undefined) return found;
        assert.ok(
          child.exitCode === null && child.signalCode === null,
          `${what}: the run ended before it\n${stderr}${stdout}`,
        );
        assert.ok(Date.now() < deadline, `${what}: not within 120 s\n${stderr}`);
      }
    },
  };
}

export async function assay(
  place: Place,
  args: readonly string[],
  options: Parameters<typeof startCli>[2] = {},
): Promise<Ended> {
  return startCli(place, args, options).ended;
}

const attempts = 3;

/** The same, asked again a little where the machine was too busy to tell. What was decided stays decided. */
export async function assayDecided(
  place: Place,
  args: readonly string[],
  options: Parameters<typeof startCli>[2] = {},
): Promise<Ended> {
  for (let attempt = 1; ; attempt++) {
    const ended = await assay(place, args, options);
    if (ended.code !== 3 || attempt === attempts) return ended;
  }
}

/**
 * The same of a gate that is to come to a verdict. Undefined where it could not tell and says itself what it lacked of this machine: then its test is
 * skipped with that reason, for it shows nothing of Assay.
 */
export async function assayUnlessShort(t: Test, ...run: Parameters<typeof assayDecided>): Promise<Ended | undefined> {
  const ended = await assayDecided(...run);
  const short = ended.code === 3 ? shortageOf(readHistory(ended.out)) : undefined;
  if (short === undefined) return ended;
  t.pass('left open', { skip: short });
  return undefined;
}

/** Whole lines of history.jsonl; a last line without its end is none yet. Every one of them has to be an entry. */
export function readHistory(out: string): Entry[] {
  const path = join(out, 'history.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line, at) => {
    const entry = JSON.parse(partLink(line).line) as Entry;
    assert.equal(entry.index, at + 1, `${path}:${at + 1}`);
    return entry;
  });
}

export function readReport(out: string): Report {
  return JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Report;
}

/** A run ended as it should: its code, its messages, its record, and nothing of it is left. */
export function assertEnded(
  place: Place,
  ended: Ended,
  wanted: { readonly code: number; readonly says?: readonly RegExp[]; readonly withinMs?: number },
): void {
  const all = `exit ${ended.code ?? ended.signal}\n${ended.stderr}\n${ended.stdout.slice(0, 4_000)}`;
  assert.equal(ended.code, wanted.code, all);
  // A sentence may be broken over lines to fit a terminal.
  const told = `${ended.stderr}\n${ended.stdout}`.replaceAll(/\s+/g, ' ');
  for (const words of wanted.says ?? []) assert.match(told, words);
  assert.doesNotMatch(
    told,
    /a defect of Assay|at file:\/\/|\[object Object\]|undefined/,
    'a message is no stack trace',
  );
  if (wanted.withinMs !== undefined)
    assert.ok(
      ended.tookMs < wanted.withinMs,
      `ended after ${(ended.tookMs / 1000).toFixed(1)} s, wanted within ${wanted.withinMs / 1000} s\n${all}`,
    );
  assert.deepEqual(place.scratch(), [], 'no scratch directory is left');
}

/**
 * The guardian of a run that ended well takes a moment to go. Nothing runs when three looks in a row find nothing: what is just being executed
 * has no environment to be known by.
 */
export async function assertNothingRuns(place: Place, withinMs = 3_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  let left = place.processes();
  for (let quiet = left.length === 0 ? 1 : 0; quiet < 3 && Date.now() < deadline;) {
    await sleep(50);
    left = place.processes();
    quiet = left.length === 0 ? quiet + 1 : 0;
  }
  assert.deepEqual(left, [], 'no process is left');
}

/** What always holds of a record of a run that began. */
export function assertRecord(ended: Ended): Report {
  const history = readHistory(ended.out);
  assert.equal(history[0]?.kind, 'run-started');
  assert.equal(history.at(-1)?.kind, 'run-ended');
  const injected = history.filter((entry) => entry.kind === 'fault' && entry.state === 'injected').length;
  const healing = history.filter((entry) => entry.kind === 'fault' && entry.state === 'healing').length;
  assert.equal(healing, injected, 'every fault is healed');
  // What was killed, or does not heal, shows nothing; with 4 and 3 the report says so.
  const healed = history.filter((entry) => entry.kind === 'fault' && entry.state === 'healed').length;
  if (ended.code === 0 || ended.code === 130) assert.equal(healed, injected, 'every fault is proven gone');
  return readReport(ended.out);
}

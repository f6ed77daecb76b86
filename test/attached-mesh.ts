import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { freePort } from '../fixtures/run/free-port.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import type { Entry } from '../src/history.ts';
import type { Report } from '../src/report/report.ts';

// What a person does who attaches to a mesh, by the command line alone: a mesh that `assay mesh up` stands up, target files, runs.

const assay = fileURLToPath(new URL('../cli/assay.ts', import.meta.url));
/** A right node, as a program. */
export const rightNode = fileURLToPath(new URL('../mesh/node/main.ts', import.meta.url));
/** Runs an impostor by its id. */
export const impostorNode = fileURLToPath(new URL('../impostors/node-main.ts', import.meta.url));

export interface TargetText {
  trustDomain: string;
  workloadApi: string;
  spireServer: { address: string; admin?: string; bundleEndpoint: { address: string } };
  nodes: {
    name: string;
    address: string;
    spiffeId: string;
    allows: string[];
    critical?: boolean;
    uptake?: string;
    dial?: string[];
    admin?: string;
    call?: unknown;
    sessions?: string;
    link?: unknown;
  }[];
  allow: { faults: unknown[]; write: boolean | unknown[]; load?: { perSecond: number } };
}

/** What came of a command. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What came of a gate, with its record. */
export interface Gated extends Ended {
  readonly report: Report;
  readonly history: readonly Entry[];
}

/** A folder of target files and runs. */
export interface Folder {
  readonly dir: string;
  write(name: string, target: unknown): string;
  /** Runs `assay` there. */
  run(...args: readonly string[]): Promise<Ended>;
  /** Starts it, with its output for whoever reads it. */
  start(args: readonly string[], stdio: 'ignore' | ['ignore', 'pipe', 'pipe']): ChildProcess;
  /** Judges a target file. */
  gate(name: string, target: unknown, ...flags: readonly string[]): Promise<Gated>;
}

/** It goes with this process. */
export function folder(): Folder {
  const dir = mkdtempSync(join(tmpdir(), 'attach-test-'));
  // Not `after`: with suites that are awaited one by one, that runs after the first of them.
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const start: Folder['start'] = (args, stdio) => spawn(process.execPath, [assay, ...args], { cwd: dir, stdio });
  const run = async (...args: readonly string[]): Promise<Ended> => {
    const child = start(args, ['ignore', 'pipe', 'pipe']);
    let [stdout, stderr] = ['', ''];
    child.stdout!.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr!.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  };
  const write = (name: string, target: unknown) => {
    const path = join(dir, `${name}.yaml`);
    writeFileSync(path, typeof target === 'string' ? target : stringify(target));
    return path;
  };
  return {
    ...{ dir, write, run, start },
    async gate(name, target, ...flags) {
      const once = async (out: string): Promise<Gated> => {
        const ended = await run('gate', '--target', write(name, target), '--out', out, '--json', '--quiet', ...flags);
        const history = readFileSync(join(out, 'history.jsonl'), 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Entry);
        return { ...ended, report: JSON.parse(ended.stdout) as Report, history };
      };
      const gated = await once(join(dir, `out-${name}`));
      // A virtual machine that is moved has its clock set, and a run in which that happened says that it cannot tell.
      const isMoved = gated.report.troubles.some(({ message }) =>
        /^the wall clock of this machine was set/.test(message),
      );
      return isMoved ? once(join(dir, `out-${name}-again`)) : gated;
    },
  };
}

/** A mesh that runs already. */
export interface MeshUp {
  readonly target: TargetText;
  /** The ID of the probe, which is the one identity that this machine's user is given. */
  readonly probe: string;
  readonly child: ChildProcess;
  /** What `assay mesh up` said so far. */
  said(): string;
  /** A node beside the mesh that speaks with the probe's own ID, and allows the probe or whoever is named. */
  startImpostor(id: string, allows?: string): Promise<TargetText['nodes'][number]>;
  /** A right one: the reference node, or that of a module in `right-nodes`. */
  startRightNode(name: string, allows: string, module?: string): Promise<TargetText['nodes'][number]>;
  /** One by any command, with the address of its admin listener. */
  startNode(
    name: string,
    command: readonly string[],
    allows?: string,
  ): Promise<TargetText['nodes'][number] & { admin: string }>;
  /** Ends those. */
  stopImpostors(): void;
  /** A service beside the mesh, as its owner runs it: by a script that restarts it, and with its process ID in a file. */
  startService(name: string, command: readonly string[]): Promise<OwnedService>;
  /** Ends all of it at once. */
  kill(): void;
}

/** A service that its owner can restart, pause and resume. */
export interface OwnedService {
  readonly node: TargetText['nodes'][number];
  /** The state letter that the kernel gives its process: T is stopped. */
  state(): string | undefined;
}

/** The files of a service, by its name: the script that restarts it, its process ID, and its address. */
export const ofService = (dir: string, name: string) =>
  ({ restart: join(dir, `${name}.sh`), pid: join(dir, `${name}.pid`), address: join(dir, `${name}.address`) }) as const;

/** Stands one up, with its target file in this place. */
export async function meshUp({ dir, start }: Folder, file: string): Promise<MeshUp> {
  const child = start(['mesh', 'up', '--target', file, '--out', join(dir, 'up')], ['ignore', 'pipe', 'pipe']);
  let said = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  await eventually('the mesh is up', () => said.includes('Judge it with'), {
    withinMs: 240_000,
    everyMs: 50,
    unless: () => (child.exitCode === null ? undefined : said),
  });
  const target = parse(readFileSync(file, 'utf8')) as TargetText;
  const probe = `spiffe://${target.trustDomain}/service/assay-probe`;
  const started: ChildProcess[] = [];
  const stopImpostors = () => {
    for (const one of started.splice(0)) one.kill('SIGKILL');
  };
  const startNode: MeshUp['startNode'] = async (name, [program = '', ...args], allows = probe) => {
    const [mtls, admin] = [await freePort(), await freePort()];
    const one = spawn(program, args, {
      stdio: 'ignore',
      env: {
        ...process.env,
        SPIFFE_ENDPOINT_SOCKET: target.workloadApi,
        ASSAY_LISTEN: `127.0.0.1:${mtls}`,
        ASSAY_ADMIN: `127.0.0.1:${admin}`,
        ASSAY_ALLOW: allows,
      },
    });
    started.push(one);
    await eventually(`${name} is ready`, async () => (await fetch(`http://127.0.0.1:${admin}/ready`)).ok, {
      withinMs: 60_000,
      everyMs: 50,
      unless: () => (one.exitCode === null ? undefined : `it exited with ${one.exitCode}`),
    });
    return {
      ...{ name, address: `127.0.0.1:${mtls}`, spiffeId: probe, allows: [allows] },
      admin: `127.0.0.1:${admin}`,
    };
  };
  const asServer = async (...started: Parameters<typeof startNode>) => {
    const { admin: _, ...node } = await startNode(...started);
    return node;
  };
  return {
    ...{ target, probe, child, stopImpostors, startNode },
    said: () => said,
    startImpostor: (id, allows = probe) => asServer(id, [process.execPath, impostorNode, id], allows),
    startRightNode(name, allows, module) {
      const right =
        module === undefined ? rightNode : fileURLToPath(new URL(`./right-nodes/${module}`, import.meta.url));
      return asServer(name, [process.execPath, right], allows);
    },
    async startService(name, command) {
      const [mtls, admin] = [await freePort(), await freePort()];
      const { restart, pid, address } = ofService(dir, name);
      const settings = {
        ...{ SPIFFE_ENDPOINT_SOCKET: target.workloadApi, ASSAY_ALLOW: probe },
        ...{ ASSAY_LISTEN: `127.0.0.1:${mtls}`, ASSAY_ADMIN: `127.0.0.1:${admin}` },
      };
      writeFileSync(address, `127.0.0.1:${mtls}`);
      // As an init system does it: it asks, waits a moment, ends what is left, and starts again. Whoever has ended and is not asked about has no program.
      writeFileSync(
        restart,
        `if [ -e ${pid} ]; then
  old=$(cat ${pid}); left=100
  kill "$old"
  while [ -e "/proc/$old/exe" ] && [ $left -gt 0 ]; do sleep 0.02; left=$((left - 1)); done
  kill -9 "$old" 2> /dev/null
  sleep 1.5
fi
${Object.entries(settings)
  .map(([key, value]) => `export ${key}=${value}`)
  .join('\n')}
setsid ${command.join(' ')} < /dev/null > ${pid}.log 2>&1 &
echo $! > ${pid}
`,
      );
      const processId = () => readFileSync(pid, 'utf8').trim();
      const end = () => {
        try {
          process.kill(Number(processId()), 'SIGKILL');
        } catch {
          // It has ended.
        }
      };
      // Before the folder goes, and with it what says which process it is.
      process.prependOnceListener('exit', end);
      spawnSync('sh', [restart], { stdio: 'ignore' });
      await eventually(`service ${name} is ready`, async () => (await fetch(`http://127.0.0.1:${admin}/ready`)).ok, {
        withinMs: 60_000,
        everyMs: 50,
      });
      return {
        node: { name, address: `127.0.0.1:${mtls}`, spiffeId: probe, allows: [probe] },
        state: () => /\) (\S)/.exec(readFileSync(`/proc/${processId()}/stat`, 'latin1'))?.[1],
      };
    },
    kill() {
      stopImpostors();
      child.kill('SIGKILL');
    },
  };
}

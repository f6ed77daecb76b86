// How long the gate takes on a mesh that others run, by how many services there are: npm run bench:attach -- [--services 1,10,100]
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { diesWithUs } from '../../fixtures/run/dies-with-us.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { readHistory } from '../../reports/read-run.ts';
import { entriesOf } from '../../src/history.ts';
import { plain } from '../gate-speed/figures.ts';
import { freePort } from '../../fixtures/run/free-port.ts';
import { attachCells, attachHead, writeAttach, type AttachRow } from './result.ts';

const usual = '1,10,100';
const usage = `usage: npm run bench:attach -- [--services 1,10,100]

Stands up a mesh and so many services beside it, each written in Go and with an address of its own, and judges them by a target file: by reading alone,
and with every right. Prints how long that took, its slowest steps, and how many clauses were decided, and keeps the usual counts for the README in
scripts/attach-speed/result.json.`;

const { values } = parseArgs({
  options: { services: { type: 'string', default: usual }, help: { type: 'boolean', default: false } },
});
const counts = values.services.split(',').map(Number);
if (values.help || !counts.every((count) => Number.isSafeInteger(count) && count > 0 && count <= 500)) {
  console.error(usage);
  process.exit(2);
}

const load = { perSecond: 100 };
const allowances = {
  'read-only': { load },
  'every right': { load, write: ['tokens', 'svids', { authority: { federated: true } }] },
} as const;

interface TargetText {
  readonly trustDomain: string;
  readonly workloadApi: string;
  readonly nodes: readonly { readonly allows: readonly string[] }[];
}

const project = join(import.meta.dirname, '..', '..');
const dir = mkdtempSync(join(tmpdir(), 'assay-attach-speed-'));
const started: ChildProcess[] = [];
const { signal } = new AbortController();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));

function start(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const [program, ...args] = diesWithUs(command);
  const child = spawn(program, args, {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  started.push(child);
  return child;
}

const { 'assay-go-node': node } = await locateTools(['assay-go-node'], { onProgress: () => undefined });
const file = join(dir, 'mesh.yaml');
start([process.execPath, join(project, 'cli/assay.ts'), 'mesh', 'up', '--target', file, '--out', join(dir, 'up')]);
await eventually('the mesh is up', () => existsSync(file), { withinMs: 240_000, everyMs: 50, signal });
const target = parse(readFileSync(file, 'utf8')) as TargetText;
const probe = `spiffe://${target.trustDomain}/service/assay-probe`;

/** A service beside the mesh, which speaks with the identity that this machine's user is given. */
async function startService(nth: number) {
  const [mtls, admin] = [await freePort(), await freePort()];
  start([node.path], {
    SPIFFE_ENDPOINT_SOCKET: target.workloadApi,
    ASSAY_LISTEN: `127.0.0.1:${mtls}`,
    ASSAY_ADMIN: `127.0.0.1:${admin}`,
    ASSAY_ALLOW: probe,
  });
  await eventually(`service ${nth} is ready`, async () => (await fetch(`http://127.0.0.1:${admin}/ready`)).ok, {
    ...{ withinMs: 60_000, everyMs: 50, signal },
  });
  return { name: `service-${nth}`, address: `127.0.0.1:${mtls}`, spiffeId: probe, allows: [probe] };
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

/** What a process held in memory at most, as the kernel counts it (VmHWM), until it ended. */
async function mostMegabytes(child: ChildProcess): Promise<number> {
  let kilobytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    kilobytes = Math.max(kilobytes, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    await sleep(100);
  }
  return Math.round(kilobytes / 1024);
}

const nodes: Awaited<ReturnType<typeof startService>>[] = [];
const rows: AttachRow[] = [];
let held = true;
for (const count of counts.toSorted((a, b) => a - b)) {
  while (nodes.length < count) nodes.push(await startService(nodes.length + 1));
  for (const [title, allow] of Object.entries(allowances)) {
    const path = join(dir, `target-${count}.yaml`);
    writeFileSync(path, stringify({ ...target, nodes, allow }));
    const out = join(dir, `out-${count}-${title.replace(' ', '-')}`);
    const beganMs = performance.now();
    const gate = start([
      process.execPath,
      join(project, 'cli/assay.ts'),
      'gate',
      '--target',
      path,
      '--out',
      out,
      '--quiet',
      '--json',
    ]);
    const [code, megabytes] = await Promise.all([codeOf(gate), mostMegabytes(gate)]);
    const tookMs = performance.now() - beganMs;
    const history = await readHistory(out);
    const begun = new Map<string, number>();
    const phases = entriesOf(history, 'phase').flatMap(({ phase, state, atMs }) => {
      if (state === 'begun') begun.set(phase, atMs);
      return state === 'begun' ? [] : [[phase, atMs - (begun.get(phase) ?? atMs)] as const];
    });
    const slowest = phases.toSorted((a, b) => b[1] - a[1]).slice(0, 3);
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
      readonly verdict: string;
      readonly clauses: readonly { readonly verdict: string }[];
    };
    const decided = report.clauses.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail').length;
    held &&= code === 0;
    const row = { services: count, rights: title, seconds: tookMs / 1000, verdict: report.verdict, decided, megabytes };
    rows.push({ ...row, slowest: slowest.map(([phase, ms]) => ({ phase, seconds: ms / 1000 })) });
    console.error(attachCells(rows.at(-1)!).join('  '));
  }
}
console.log(`\n${plain({ head: attachHead, rows: rows.map(attachCells) })}`);
if (!held) console.error('\nNot every run passed: these times are not to be relied on.');
else if (values.services === usual)
  writeAttach({ date: new Date().toISOString().slice(0, 10), cores: availableParallelism(), rows });
process.exit(held ? 0 : 1);

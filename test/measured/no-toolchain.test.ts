import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { Finding } from '../../fixtures/doctor/doctor.ts';
import { layOut } from '../../fixtures/runtime/container/scratch-image.ts';
import { readCache } from '../../fixtures/toolchain/cache.ts';
import { ownPackage } from '../../fixtures/toolchain/packaged.ts';
import { gateToolNames } from '../../fixtures/toolchain/programs.ts';
import { programsToPack, stagePlatformPackage } from '../../scripts/pack-toolchain/stage.ts';
import { project, readReport } from '../cli-run.ts';
import { installIn, packAssay } from '../stranger.ts';

// Both packages are packed, and installed by npm in an empty folder; then they meet in a root where nothing could build a program.

t.setTimeout(1_200_000);

const run = promisify(execFile);
/** The folder where they are installed, in the other root. */
const home = '/home/stranger';
const installed = join(home, 'node_modules');
const node = join(installed, relative(join(project, 'node_modules'), process.execPath));
const assay = join(installed, ownPackage().name, 'cli/bin.js');

const lacks =
  process.getuid?.() !== 0
    ? 'another root takes root'
    : spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status !== 0
      ? 'no mount namespace can be made here'
      : !process.execPath.startsWith(join(project, 'node_modules'))
        ? 'this Node is not one of the project'
        : undefined;

/** A root with a shell, the libraries that it and Node load, and nothing that could build a program. */
async function makeRoot(root: string): Promise<void> {
  await layOut(root, [process.execPath, '/bin/sh'], {
    hosts: '127.0.0.1 localhost\n',
    passwd: 'root:x:0:0::/tmp:/bin/sh\n',
  });
  for (const path of ['proc', 'dev', 'home']) mkdirSync(join(root, path), { recursive: true });
}

/** The platform package, as a file that npm installs. */
async function packPrograms(dir: string): Promise<string> {
  const cache = readCache(process.env);
  const packed = await programsToPack(cache, { env: process.env, onProgress() {} });
  mkdirSync(join(dir, 'package'));
  stagePlatformPackage(join(dir, 'package'), packed, cache.key, new Map());
  // Not compressed, as npm pack would have it: that takes longer than all else here.
  const tarball = join(dir, 'package.tgz');
  await run('tar', ['-c', '-f', tarball, '-C', dir, 'package']);
  return tarball;
}

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Assay in the other root, with process ids of its own: whatever it leaves ends with it. */
function assayIn(root: string, args: readonly string[]): Answer {
  const script = [
    'mount --bind /dev "$0/dev"',
    'mount -t proc proc "$0/proc"',
    'root=$0',
    'exec chroot "$root" "$@"',
  ].join(' && ');
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, root, node, assay, ...args],
    {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/tmp', TMPDIR: '/tmp', NO_COLOR: '1' },
      maxBuffer: 2 ** 28,
      // A build would take minutes; a gate on a busy machine does not.
      timeout: 180_000,
    },
  );
  return { code: status, stdout, stderr };
}

await t.test(
  'without Go, C compiler and cache the first gate passes by the two packages',
  { skip: lacks ?? false },
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'assay-bare-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const [root, alone, both] = ['root', 'alone', 'both'].map((name) => join(dir, name)) as [string, string, string];
    await makeRoot(root);
    const [own, programs] = [await packAssay(dir), await packPrograms(dir)];

    const unreachable = await installIn(alone, [own]);
    if (unreachable !== false) return t.comment(unreachable);
    renameSync(alone, join(root, home));
    const before = assayIn(root, ['gate', '--out', '/tmp/before']);
    t.equal(before.code, 2, before.stderr);
    t.match(before.stderr.replaceAll(/\s+/g, ' '), /Not here: .*spire-server.*there is no go on the PATH/);

    await installIn(both, [own, programs]);
    rmSync(join(root, home), { recursive: true });
    renameSync(both, join(root, home));
    const findings = JSON.parse(assayIn(root, ['doctor', '--json']).stdout) as Finding[];
    const finding = (id: string) => findings.find((one) => one.id === id);
    for (const id of ['program/go', 'program/cc']) t.equal(finding(id)?.state, 'missing', id);
    for (const name of gateToolNames) t.match(finding(`program/${name}`)?.found, /in the platform package/);

    for (let attempt = 1; ; attempt++) {
      const out = `/tmp/out-${attempt}`;
      const startedAt = performance.now();
      const gate = assayIn(root, ['gate', '--out', out]);
      t.comment(`the ${basename(out)} gate took ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
      // A machine that was too busy to tell is asked again.
      if (gate.code === 3 && attempt < 3) continue;
      assert.equal(gate.code, 0, `${gate.stderr}\n${gate.stdout.slice(0, 4_000)}`);
      t.equal(readReport(join(root, out)).verdict, 'pass');
      break;
    }
    t.notOk(existsSync(join(root, 'tmp', '.cache', 'assay', 'toolchain')), 'nothing was built');
  },
);

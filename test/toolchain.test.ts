import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderFindings } from '../cli/doctor.ts';
import { canRun, examine } from '../fixtures/doctor/doctor.ts';
import { locateTools, ToolchainError, whyLacking } from '../fixtures/toolchain/toolchain.ts';
import type { ToolProgress } from '../fixtures/toolchain/toolchain.ts';
import { readCache } from '../fixtures/toolchain/cache.ts';

t.setTimeout(3_600_000);

/** A `go` that writes a program as real builds do, says what real builds say, and counts its runs. */
const impostorGo = `
if [ "$1" = version ]; then echo go version go1.99.0 linux/amd64; exit 0; fi
while [ $# -gt 0 ]; do case "$1" in -o) out=$2; shift;; esac; last=$1; shift; done
echo x >> "$RUNS"
echo 'go: downloading example.test/mod v1.0.0' >&2
echo example.test/mod/a >&2
echo "$last" >&2
printf '#!/bin/sh\\necho half' > "$out"
sleep "\${BUILD_SECONDS:-0}"
printf '#!/bin/sh\\necho 9.9.9\\n' > "$out"
chmod +x "$out"
`;

/** A `cargo` of a version that, asked to build, leaves a program where Cargo does. */
const impostorCargo = (version: string) => `
if [ "$1" = --version ]; then echo 'cargo ${version} (f2d3ce0bd 2026-03-21)'; exit 0; fi
[ "$*" = "build --release --locked --target-dir $5" ] || exit 9
echo x >> "$RUNS"
echo '    Updating crates.io index' >&2
echo '   Compiling ring v0.17.14' >&2
echo '   Compiling assay-rust-node v0.1.0 (/somewhere)' >&2
mkdir -p "$5/release"
printf '#!/bin/sh\\necho 9.9.9\\n' > "$5/release/assay-rust-node"
chmod +x "$5/release/assay-rust-node"
`;

let dir: string;
let env: NodeJS.ProcessEnv;
const noProgress = { onProgress: () => {} };

t.beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-toolchain-'));
  env = {
    PATH: `${join(dir, 'bin')}:/usr/bin:/bin`,
    HOME: dir,
    ASSAY_CACHE: join(dir, 'cache'),
    ASSAY_NO_FETCH: '1',
    RUNS: join(dir, 'runs'),
  };
  await mkdir(join(dir, 'bin'));
  await impostor('gcc', 'exit 0');
});

t.afterEach(() => rm(dir, { recursive: true, force: true }));

async function impostor(name: string, script: string): Promise<string> {
  const path = join(dir, 'bin', name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

async function runsOfGo(): Promise<number> {
  return (await readFile(join(dir, 'runs'), 'utf8').catch(() => '')).split('\n').length - 1;
}

/** Another process that locates toxiproxy in the same environment. */
function otherProcess(more: NodeJS.ProcessEnv = {}): ReturnType<typeof spawn> {
  const module = new URL('../fixtures/toolchain/toolchain.ts', import.meta.url).href;
  const script = `const { locateTools } = await import(${JSON.stringify(module)}); await locateTools(['toxiproxy'], { onProgress() {} });`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { env: { ...env, ...more }, stdio: 'inherit' });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await holds()); await sleep(20)) {
    assert.ok(Date.now() < deadline, `${what} within 10 s`);
  }
}

await t.test('what is not here is built, with progress, and found in the cache from then on', async (t) => {
  await impostor('go', impostorGo);
  const seen: ToolProgress[] = [];
  const first = await locateTools(['spire-server', 'toxiproxy'], {
    env,
    onProgress: (progress) => seen.push(progress),
  });
  t.equal(first['spire-server'].origin, 'built');
  t.equal(first['spire-server'].version, '1.15.3');
  t.strictSame(
    seen
      .filter(({ step }) => step === 'ready')
      .map(({ tool, position, of, packages, origin }) => ({ tool, position, of, packages, origin })),
    [
      { tool: 'toxiproxy', position: 1, of: 2, packages: 2, origin: 'built' },
      { tool: 'spire-server', position: 2, of: 2, packages: 2, origin: 'built' },
    ],
  );
  t.ok(seen.every(({ expectedMs, totalExpectedMs }) => expectedMs > 0 && totalExpectedMs > expectedMs));

  const cachedIn = performance.now();
  const second = await locateTools(['spire-server', 'toxiproxy'], {
    env,
    onProgress: () => t.fail('nothing to tell'),
  });
  t.ok(performance.now() - cachedIn < 100, 'a hit is quick');
  t.strictSame(second['spire-server'], { ...first['spire-server'], origin: 'cache' });
  t.equal(await runsOfGo(), 2, 'one build each');
});

await t.test('a build tells its step about once a second', async (t) => {
  await impostor('go', impostorGo);
  const seen: ToolProgress[] = [];
  await locateTools(['toxiproxy'], {
    env: { ...env, BUILD_SECONDS: '1.5' },
    onProgress: (progress) => seen.push(progress),
  });
  t.strictSame(
    seen.map(({ step }) => step),
    ['compiling', 'linking', 'ready'],
  );
});

await t.test('two at once make one build, and the other waits with progress', async (t) => {
  await impostor('go', impostorGo);
  const other = otherProcess({ BUILD_SECONDS: '1.5' });
  await until('the other builds', async () => (await runsOfGo()) === 1);
  const seen: ToolProgress[] = [];
  const { toxiproxy } = await locateTools(['toxiproxy'], { env, onProgress: (progress) => seen.push(progress) });
  t.equal(toxiproxy.origin, 'cache');
  t.equal(seen[0]?.step, 'waiting');
  t.equal(seen[0]?.builder, other.pid);
  t.equal(await runsOfGo(), 1);
});

await t.test('two at once within one process make one build too', async (t) => {
  await impostor('go', impostorGo);
  const both = await Promise.all([
    locateTools(['toxiproxy'], { env, ...noProgress }),
    locateTools(['toxiproxy'], { env, ...noProgress }),
  ]);
  t.strictSame(both.map(({ toxiproxy }) => toxiproxy.origin).sort(), ['built', 'cache']);
  t.equal(await runsOfGo(), 1);
});

await t.test(
  'a builder killed in the middle takes Go with it and leaves nothing that a later run takes for good',
  async (t) => {
    await impostor('go', `echo $$ > "${join(dir, 'go.pid')}"\n${impostorGo}`);
    const other = otherProcess({ BUILD_SECONDS: '30' });
    await until('the other builds', async () => (await runsOfGo()) === 1);
    const exited = new Promise((done) => other.once('exit', done));
    other.kill('SIGKILL');
    await exited;
    const goPid = Number(await readFile(join(dir, 'go.pid'), 'utf8'));
    await until('its Go is gone', async () =>
      / [ZX] /.test(await readFile(`/proc/${goPid}/stat`, 'utf8').catch(() => ' X ')),
    );
    process.kill(-goPid, 'SIGKILL'); // what the impostor itself had started

    const { toxiproxy } = await locateTools(['toxiproxy'], { env, ...noProgress });
    t.equal(toxiproxy.origin, 'built');
    t.match(await readFile(toxiproxy.path, 'utf8'), /9\.9\.9/);
    t.strictSame(await readdir(readCache(env).dir), ['toxiproxy'], 'no lock and no scratch folder is left');
  },
);

await t.test('an abort kills Go, leaves nothing, and throws its reason', async (t) => {
  await impostor('go', impostorGo);
  const abort = new AbortController();
  const locating = locateTools(['toxiproxy'], {
    env: { ...env, BUILD_SECONDS: '30' },
    signal: abort.signal,
    ...noProgress,
  });
  await Promise.all([
    t.rejects(locating, /enough/),
    until('Go runs', async () => (await runsOfGo()) === 1).then(() => abort.abort(new Error('enough'))),
  ]);
  t.strictSame(await readdir(readCache(env).dir), []);
});

await t.test('without Go the message lists the ways out', async (t) => {
  await impostor('spire-server', 'echo 1.12.0 >&2');
  await impostor('go', 'echo go version go1.20.1');
  const { dir: folder } = readCache(env);
  await assert.rejects(locateTools(['spire-server'], { env, ...noProgress }), (error) => {
    assert.ok(error instanceof ToolchainError);
    t.equal(error.exitCode, 2);
    t.match(error.message, /bin\/go is 1\.20\.1, and Go 1\.\d+\.\d+ or newer is needed/);
    t.match(error.message, /1\. Install Go 1\.\d+\.\d+ or newer/);
    t.match(error.message, /2\. Unset ASSAY_NO_FETCH/);
    t.match(error.message, /3\. .*ASSAY_SPIRE_SERVER=/);
    t.match(error.message, /4\. .*spire-server 1\.15\.3/);
    t.ok(error.message.includes(folder), 'the folder to copy');
    t.match(error.message, /5\. .*-toolchain-\w+-\w+ .*npm run pack:toolchain/);
    t.match(error.message, /bin\/spire-server is 1\.12\.0, and is not used/);
    return true;
  });
});

await t.test(
  'a C compiler that compiles nothing is told of before a build, and only where one is needed',
  async (t) => {
    await impostor('go', impostorGo);
    for (const name of ['gcc', 'cc', 'clang']) await impostor(name, 'exit 1');
    await assert.rejects(locateTools(['toxiproxy', 'spire-server'], { env, ...noProgress }), (error) => {
      assert.ok(error instanceof ToolchainError);
      t.equal(error.exitCode, 2);
      t.match(error.message, /a C compiler \(gcc, cc, clang cannot compile a small program/);
      t.match(error.message, /apt-get install gcc libc6-dev/);
      return true;
    });
    t.equal(await runsOfGo(), 0);
    await locateTools(['toxiproxy'], { env, ...noProgress });
    t.equal(await runsOfGo(), 1);
  },
);

await t.test('the node in Rust is built by Cargo, without a Go, and found in the cache from then on', async (t) => {
  await impostor('cargo', impostorCargo('1.95.0'));
  t.equal(await whyLacking('assay-rust-node', env), undefined);
  const seen: ToolProgress[] = [];
  const first = await locateTools(['assay-rust-node'], { env, onProgress: (progress) => seen.push(progress) });
  t.strictSame(
    seen.map(({ step, packages }) => [step, packages]).filter(([step]) => step === 'ready'),
    [['ready', 2]],
  );
  t.match(await readFile(first['assay-rust-node'].path, 'utf8'), /9\.9\.9/);
  await rm(join(dir, 'bin', 'cargo'));
  t.equal(await whyLacking('assay-rust-node', env), undefined, 'what is built needs no Cargo');
  const second = await locateTools(['assay-rust-node'], { env, onProgress: () => t.fail('nothing to tell') });
  t.strictSame(second['assay-rust-node'], { ...first['assay-rust-node'], origin: 'cache' });
  t.equal(await runsOfGo(), 1);
});

await t.test(
  'where Cargo is missing, too old or does not work, the node in Rust is lacking and says why',
  async (t) => {
    const lacking = async (why: RegExp): Promise<void> => {
      t.match(await whyLacking('assay-rust-node', env), why);
      await assert.rejects(locateTools(['assay-rust-node'], { env, ...noProgress }), (error) => {
        assert.ok(error instanceof ToolchainError);
        t.equal(error.exitCode, 2);
        t.match(error.message, why);
        t.match(error.message, /Install Rust 1\.\d+ or newer .*ASSAY_RUST_NODE=/);
        return true;
      });
    };
    const { PATH } = env;
    env.PATH = join(dir, 'bin');
    await lacking(/there is no cargo on the PATH/);
    env.PATH = PATH;
    await impostor('cargo', impostorCargo('0.66.0'));
    await lacking(/bin\/cargo is 0\.66\.0, and Rust 1\.\d+ or newer is needed/);
    await impostor('cargo', 'echo error: no override and no default toolchain set >&2; exit 1');
    await lacking(/bin\/cargo --version does not answer/);
    t.equal(await whyLacking('spire-server', env), undefined, 'what every run needs is never left out');

    const named = await impostor('mine', 'echo 1.0.0');
    t.equal(await whyLacking('assay-rust-node', { ...env, ASSAY_RUST_NODE: named }), undefined);
    const findings = await examine({ ...env, DOCKER_HOST: `unix://${join(dir, 'no.sock')}` });
    const states = Object.fromEntries(findings.map(({ id, state }) => [id, state]));
    t.strictSame([states['program/cargo'], states['program/assay-rust-node']], ['broken', 'missing']);
  },
);

await t.test('a setting goes first, and one that points to nothing is an error that names it', async (t) => {
  const path = await impostor('mine', 'echo 1.13.0');
  const { 'spire-server': tool } = await locateTools(['spire-server'], {
    env: { ...env, ASSAY_SPIRE_SERVER: path },
    ...noProgress,
  });
  t.strictSame(tool, { path, version: '1.13.0', origin: 'setting' });
  t.ok(
    await t
      .rejects(locateTools(['spire-server'], { env: { ...env, ASSAY_SPIRE_SERVER: '/nowhere' }, ...noProgress }))
      .then(
        (error) =>
          error instanceof ToolchainError &&
          error.exitCode === 2 &&
          error.message.includes('ASSAY_SPIRE_SERVER=/nowhere'),
      ),
  );
});

await t.test('the PATH counts only in the pinned version', async (t) => {
  await impostor('go', impostorGo);
  await impostor('spire-server', 'echo 1.15.2 >&2');
  const path = await impostor('toxiproxy-server', 'echo toxiproxy-server version 2.12.0');
  const tools = await locateTools(['spire-server', 'toxiproxy'], { env, ...noProgress });
  t.equal(tools['spire-server'].origin, 'built');
  t.strictSame(tools.toxiproxy, { path, version: '2.12.0', origin: 'path' });
});

await t.test('a build that fails shows the end of what Go said, where the rest is, and what to do', async (t) => {
  const failing = async (says: string): Promise<ToolchainError> => {
    await impostor(
      'go',
      `if [ "$1" = version ]; then echo go version go1.99.0; exit 0; fi; echo example.test/mod/a >&2; echo '${says}' >&2; exit 1`,
    );
    const error: unknown = await locateTools(['toxiproxy'], { env, ...noProgress }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ToolchainError);
    return error;
  };
  const broken = await failing('a.go:1:1: syntax error');
  t.equal(broken.exitCode, 3);
  t.match(broken.message, /a\.go:1:1: syntax error/);
  const log = /All of it: (.*)/.exec(broken.message)?.[1];
  t.match(await readFile(log ?? '', 'utf8'), /example\.test\/mod\/a\n/);

  t.match((await failing('write /x/y.a: no space left on device')).message, /disk is full/);
  t.match((await failing('dial tcp: lookup example.test: no such host')).message, /could not be downloaded/);
  t.match((await failing('linker `cc` not found')).message, /apt-get install gcc/);
  t.match((await failing('cgo: C compiler "gcc" not found')).message, /apt-get install gcc/);
  const old = await failing('go: go.mod requires go >= 1.26.6 (running go 1.22.0; GOTOOLCHAIN=local)');
  t.strictSame([old.exitCode, /Install Go 1\./.test(old.message)], [2, true]);
});

await t.test('a cache folder that cannot be made is an error that says what to set', async (t) => {
  await impostor('go', impostorGo);
  await writeFile(join(dir, 'file'), '');
  t.ok(
    await t
      .rejects(locateTools(['toxiproxy'], { env: { ...env, ASSAY_CACHE: join(dir, 'file') }, ...noProgress }))
      .then(
        (error) => error instanceof ToolchainError && error.exitCode === 2 && /Set ASSAY_CACHE/.test(error.message),
      ),
  );
});

await t.test('the doctor tells runtimes and programs, and what would change them', async (t) => {
  const bare = await examine({ ...env, DOCKER_HOST: `unix://${join(dir, 'no.sock')}` });
  for (const finding of bare) {
    t.strictSame(Object.keys(finding), ['id', 'title', 'state', 'found', 'why', 'remedy']);
    if (finding.state === 'missing' || finding.state === 'broken')
      t.ok(finding.why !== null && finding.remedy !== null, finding.id);
  }
  t.equal(new Set(bare.map(({ id }) => id)).size, bare.length, 'ids are unique');
  const states = Object.fromEntries(bare.map(({ id, state }) => [id, state]));
  t.strictSame(
    [
      states['runtime/process'],
      states['runtime/container'],
      states['runtime/kubernetes'],
      states['runtime/attach'],
      states['program/docker'],
    ],
    ['missing', 'missing', 'missing', 'ok', 'missing'],
  );
  t.equal(canRun(bare), false);

  await impostor('go', 'echo go version go1.99.0 linux/amd64');
  const buildable = await examine(env);
  t.equal(buildable.find(({ id }) => id === 'runtime/process')?.state, 'not built yet');
  t.equal(canRun(buildable), true);
  t.notMatch(renderFindings(buildable, false), /\u001b/);
});

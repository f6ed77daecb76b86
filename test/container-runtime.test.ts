import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { fileURLToPath } from 'node:url';
import { FixtureError } from '../src/errors.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import { closeRun, openRun } from '../fixtures/run/run.ts';
import type { Run } from '../fixtures/run/run.ts';
import { startContainerRuntime } from '../fixtures/runtime/container/container.ts';
import { reaches, startLinks } from '../fixtures/faults/links.ts';
import { connectEngine } from '../fixtures/runtime/container/engine.ts';
import { deadContainerRuns, removeContainersOf } from '../fixtures/runtime/container/leftovers.ts';
import { relaySocket } from '../fixtures/runtime/container/relay.ts';
import type { Host, Program, Runtime } from '../fixtures/runtime/runtime.ts';
import { connectServerApi } from '../spiffe/server-api.ts';
import { readCache } from '../fixtures/toolchain/cache.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';

t.setTimeout(3_600_000);

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
const engine = await connectEngine().catch((error: unknown) => error as Error);
const skip = engine instanceof Error && engine.message;
const cache = readCache(process.env);
const spireServer = cache.path('spire-server');
const toxiproxy = cache.path('toxiproxy');

/** Names of all containers and networks of a run. */
async function leftOf(runId: string): Promise<string[]> {
  if (engine instanceof Error) throw engine;
  const filters = { label: [`assay.run=${runId}`] };
  const [containers, networks] = await Promise.all([
    engine.docker.listContainers({ all: true, filters }),
    engine.docker.listNetworks({ filters }),
  ]);
  return [...containers.map(({ Names }) => Names[0] ?? ''), ...networks.map(({ Name }) => Name)];
}

function testRun(): { run: Run; out: string } {
  const out = mkdtempSync(join(tmpdir(), 'assay-test-'));
  return { out, run: openRun(newRunId(new Date()), out, openRecorder(out), new AbortController().signal) };
}

await t.test('container runtime', { skip }, async (t) => {
  const { run, out } = testRun();
  let runtime: Runtime;
  let web: Host;
  let other: Host;

  t.before(async () => {
    runtime = await startContainerRuntime(run, {
      programs: Object.fromEntries(Object.entries({ spireServer, toxiproxy }).filter(([, path]) => existsSync(path))),
      projectDir,
    });
    [web, other] = await Promise.all([
      runtime.startHost({ name: 'web', ports: ['http', 'idle'] }),
      runtime.startHost({ name: 'other', ports: ['api'] }),
    ]);
  });
  t.after(async () => {
    await runtime[Symbol.asyncDispose]();
    await runtime[Symbol.asyncDispose]();
    closeRun(run);
    rmSync(out, { recursive: true });
    assert.deepEqual(await leftOf(run.id), [], 'nothing is left');
  });

  const node = (
    host: Host,
    code: string,
    options: { onLine?: (line: string) => void; env?: Record<string, string> } = {},
  ): Promise<Program> =>
    host.run({
      name: `node-${Math.random().toString(36).slice(2, 8)}`,
      command: [process.execPath, '--input-type=module', '-e', code],
      ...options,
    });
  const output = async (host: Host, code: string): Promise<string> => {
    await using program = await node(host, code);
    t.strictSame(await program.exited, { code: 0, signal: null }, program.tail());
    return eventually('output', () => program.tail(), { withinMs: 1000, unless: () => undefined }).catch(() => '');
  };
  const ask = (url: string) => `console.log(await (await fetch('${url}')).text())`;

  await t.test('a listener is reached from the harness and from another host', async (t) => {
    const [hostname, port] = web.listenAddress('http').split(':');
    await using server = await node(
      web,
      `import { createServer } from 'node:http'; createServer((_, answer) => answer.end('hello')).listen(${port}, '${hostname}', () => console.log('up'))`,
    );
    await eventually('server is up', () => server.tail().includes('up'), { withinMs: 5000 });
    t.equal(await (await fetch(`http://${web.address('http')}`)).text(), 'hello');
    t.equal(await output(other, ask(`http://${web.peerAddress('http')}`)), 'hello');
  });

  await t.test('ports are published on loopback alone, and containers have no capabilities', async (t) => {
    if (engine instanceof Error) throw engine;
    const seen = await engine.docker.getContainer(`assay-${run.id}-web`).inspect();
    const published = Object.values(seen.NetworkSettings.Ports)
      .flat()
      .map(({ HostIp }) => HostIp);
    t.strictSame([...new Set(published)], ['127.0.0.1']);
    t.strictSame(Object.keys(seen.NetworkSettings.Networks), [`assay-${run.id}`]);
    t.match(
      await output(
        web,
        `import { readFileSync } from 'node:fs'; console.log(/^CapEff:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))[0])`,
      ),
      /^CapEff:\t0+$/,
    );
  });

  await t.test('a listener of the harness is reached from a host', async (t) => {
    const server = createServer((_, answer) => void answer.end('from outside'));
    await new Promise<void>((resolve) => void server.listen(0, runtime.harnessHost, resolve));
    t.equal(
      await output(web, ask(`http://${runtime.harnessHost}:${(server.address() as AddressInfo).port}`)),
      'from outside',
    );
    server.close();
  });

  await t.test('the name of no host is asked of nobody, and answered at once', async (t) => {
    const startedAt = performance.now();
    t.match(
      await output(
        web,
        `import { lookup } from 'node:dns/promises'; await lookup('no-such-host').catch((error) => console.log(error.code))`,
      ),
      /ENOTFOUND|EAI_AGAIN/,
    );
    t.ok(performance.now() - startedAt < 3000);
  });

  await t.test(
    'real spire-server runs in a host, and its admin socket is reached from outside',
    { skip: !existsSync(spireServer) && `${spireServer} is not built` },
    async (t) => {
      const [address, port] = other.listenAddress('api').split(':');
      const config = join(other.dir, 'server.conf');
      mkdirSync(join(other.dir, 'data'));
      writeFileSync(
        config,
        `server { bind_address = "${address}" bind_port = "${port}" socket_path = "${other.dir}/api.sock" trust_domain = "example.test" data_dir = "${other.dir}/data" log_level = "WARN" audit_log_enabled = true }
      plugins { DataStore "sql" { plugin_data { database_type = "sqlite3" connection_string = "${other.dir}/data/d.sqlite3" } } KeyManager "memory" { plugin_data {} } NodeAttestor "join_token" { plugin_data {} } }`,
      );
      await using program = await other.run({
        name: 'spire-server',
        command: [runtime.toolPath(spireServer), 'run', '-config', config],
      });
      // With its audit log on, the server wants to see who calls; without, it could be reached at api.sock itself.
      await using relay = await relaySocket(other, join(other.dir, 'api.sock'));
      using api = connectServerApi(relay.path);
      await eventually('SPIRE server is healthy', () => api.healthy(), {
        withinMs: 15_000,
        unless: () => program.exit() && program.tail(),
      });
      t.match((await api.createJoinToken({ ttlSeconds: 60 })).value, /./);
    },
  );

  await t.test(
    'a link between hosts is cut and heals',
    { skip: !existsSync(toxiproxy) && `${toxiproxy} is not built` },
    async (t) => {
      const [hostname, port] = web.listenAddress('idle').split(':');
      const now = Date.now();
      const { certificatePem: cert, privateKeyPem: key } = await (
        await forgeAuthority({ trustDomain: 'example.test' })
      ).issue({
        spiffeId: 'spiffe://example.test/web',
        notBefore: new Date(now - 60_000),
        notAfter: new Date(now + 3_600_000),
      });
      await using server = await node(
        web,
        `import { createServer } from 'node:tls'; createServer(${JSON.stringify({ cert, key })}, (socket) => socket.on('error', () => {})).listen(${port}, '${hostname}', () => console.log('up'))`,
      );
      await eventually('server is up', () => server.tail().includes('up'), { withinMs: 5000 });
      await using links = await startLinks(runtime, toxiproxy, 'links', ['web']);
      const link = await links.link('web', web.peerAddress('idle'));
      t.equal(await reaches(link.address, 2000), 'open');
      await link.cut();
      t.equal(await reaches(link.address, 2000), 'closed');
      await link.heal();
      t.equal(await reaches(link.address, 2000), 'open');
    },
  );

  await t.test('exit codes, signals, lines and logs are those of the process runtime', async (t) => {
    run.recorder.redact('hunter2', 'password');
    const lines: string[] = [];
    await using shell = await web.run({
      name: 'shell',
      command: 'echo "$0 $GREETING" hunter2; echo problem >&2; exit 7',
      env: { GREETING: 'hi' },
      onLine: (line) => lines.push(line),
    });
    t.strictSame(await shell.exited, { code: 7, signal: null });
    t.strictSame(shell.exit(), { code: 7, signal: null });
    await eventually('both lines', () => shell.tail().split('\n').length === 2, { withinMs: 1000 });
    t.strictSame(lines, ['/bin/sh hi hunter2']);
    t.strictSame(shell.tail().split('\n').sort(), ['/bin/sh hi [password]', 'problem']);
    await eventually('the log has them', () => readFileSync(shell.logPath, 'utf8').split('\n').length === 3, {
      withinMs: 1000,
    });

    await using forker = await node(
      web,
      `import { spawn } from 'node:child_process'; spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); setInterval(() => console.log('tick'), 20)`,
    );
    await eventually('it ticks', () => forker.tail() !== '', { withinMs: 5000 });
    forker.signal('SIGKILL');
    t.strictSame(await forker.exited, { code: null, signal: 'SIGKILL' });

    t.ok(
      await (t.rejects(web.run({ name: 'absent', command: ['/no/such/program'] })) as Promise<Error>).then(
        (error: Error) =>
          error instanceof FixtureError &&
          /^absent on web: could not be started: .*ENOENT.*; command: \/no\/such\/program$/.test(error.message),
      ),
    );
  });

  await t.test(
    'a paused program does nothing until it goes on, and disposing ends a paused and stubborn one',
    async (t) => {
      let ticks = 0;
      await using program = await node(
        web,
        `process.on('SIGTERM', () => {}); setInterval(() => console.log('tick'), 10)`,
        {
          onLine: () => {
            ticks++;
          },
        },
      );
      await eventually('it ticks', () => ticks > 3, { withinMs: 5000 });
      program.signal('SIGSTOP');
      const still = await eventually(
        'it is silent for 100 ms',
        async () => {
          const then = ticks;
          await new Promise((resolve) => setTimeout(resolve, 100));
          return ticks === then && then;
        },
        { withinMs: 5000 },
      );
      program.signal('SIGCONT');
      await eventually('it ticks again', () => ticks > still, { withinMs: 5000 });
      program.signal('SIGSTOP');
      await program[Symbol.asyncDispose]();
      t.strictSame(program.exit(), { code: null, signal: 'SIGKILL' });
    },
  );

  await t.test('orphans are reaped', async (t) => {
    await using orphaning = await web.run({
      name: 'orphaning',
      command: `(${process.execPath} -e 'fs.writeFileSync("done", "")' &) ; exit 0`,
    });
    await orphaning.exited;
    await t.resolves(eventually('the orphan is done', () => existsSync(join(web.dir, 'done')), { withinMs: 5000 }));
    const zombies = `import { readdirSync, readFileSync } from 'node:fs';
      console.log('zombies', readdirSync('/proc').filter((pid) => /^[0-9]+$/.test(pid)).map((pid) => readFileSync('/proc/' + pid + '/stat', 'utf8')).filter((stat) => / Z /.test(stat)).length)`;
    await t.resolves(
      eventually('no zombie', async () => (await output(web, zombies)) === 'zombies 0', { withinMs: 5000 }),
    );
  });

  await t.test('a container that is taken away ends its programs', async (t) => {
    if (engine instanceof Error) throw engine;
    await using doomed = await runtime.startHost({ name: 'doomed', ports: [] });
    const program = await node(doomed, 'setInterval(() => {}, 1000)');
    await engine.docker.getContainer(`assay-${run.id}-doomed`).kill();
    t.strictSame(await program.exited, { code: null, signal: 'SIGKILL' });
    await t.rejects(node(doomed, ''), /its container is gone/);
  });

  await t.test('a host that cannot start says why', async (t) => {
    mkdirSync(join(run.dir, 'x'.repeat(90)));
    await t.rejects(runtime.startHost({ name: `${'x'.repeat(90)}/y`, ports: [] }), /107 bytes/);
    const broken = testRun();
    const homeless = await startContainerRuntime(broken.run, { programs: {}, projectDir: '/no/such/project' });
    await t.rejects(
      homeless.startHost({ name: 'one', ports: [] }),
      /host one: its container did not start: .*\/no\/such\/project/,
    );
    await homeless[Symbol.asyncDispose]();
    t.strictSame(await leftOf(broken.run.id), []);
    closeRun(broken.run);
    rmSync(broken.out, { recursive: true });
  });
});

await t.test('a run that is killed leaves nothing, its process group and all', { skip }, async (t) => {
  for (const whom of ['process', 'group'] as const) {
    await t.test(whom, async (t) => {
      const out = mkdtempSync(join(tmpdir(), 'assay-test-'));
      const child = spawn(process.execPath, [fileURLToPath(new URL('./container-run.ts', import.meta.url)), out], {
        cwd: projectDir,
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const runId = await new Promise<string>(
        (resolve) => void createInterface({ input: child.stdout }).once('line', resolve),
      );
      t.equal((await leftOf(runId)).length, 2, 'a container and a network stand');
      process.kill(whom === 'group' ? -child.pid! : child.pid!, 'SIGKILL');
      await eventually(
        `nothing of run ${runId} is left`,
        async () => (await leftOf(runId)).length === 0 && !existsSync(join(tmpdir(), `assay-${runId}`)),
        { withinMs: 10_000 },
      );
      rmSync(out, { recursive: true });
    });
  }
});

await t.test('what a dead run left is found and removed, what a living one has is not', { skip }, async (t) => {
  if (engine instanceof Error) throw engine;
  const { run, out } = testRun();
  const runtime = await startContainerRuntime(run, { programs: {}, projectDir });
  const { Labels } = (await engine.docker.listNetworks({ filters: { label: [`assay.run=${run.id}`] } }))[0]!;
  const dead = `dead-${run.id}`;
  await engine.docker.createNetwork({
    Name: dead,
    Labels: { ...Labels, 'assay.run': dead, 'assay.owner': '4194304:1' },
  });
  const found = await deadContainerRuns();
  t.ok(found.includes(dead));
  t.ok(!found.includes(run.id));
  await removeContainersOf(dead);
  t.strictSame(await leftOf(dead), []);
  t.equal((await leftOf(run.id)).length, 1);
  await runtime[Symbol.asyncDispose]();
  closeRun(run);
  rmSync(out, { recursive: true });
});

await t.test('no engine', async (t) => {
  const { run, out } = testRun();
  const before = process.env['DOCKER_HOST'];
  t.after(() => {
    if (before === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = before;
    closeRun(run);
    rmSync(out, { recursive: true });
  });
  const refusal = async (host: string): Promise<Error> => {
    process.env['DOCKER_HOST'] = host;
    const startedAt = performance.now();
    const error = await startContainerRuntime(run, { programs: {}, projectDir }).then(
      () => t.fail('it started'),
      (thrown: unknown) => thrown as Error,
    );
    t.ok(performance.now() - startedAt < 2000, 'within 2 s');
    assert.ok(error instanceof FixtureError);
    return error;
  };

  await t.test('nobody listens', async (t) => {
    t.match(
      (await refusal('unix:///nonexistent/docker.sock')).message,
      /none answers on \/nonexistent\/docker\.sock: .*ENOENT.*assay doctor.*--runtime process/,
    );
  });
  await t.test('it does not answer', async (t) => {
    const silent = createSocket((socket) => void socket.on('error', () => {}));
    const path = join(out, 'silent.sock');
    await new Promise<void>((resolve) => void silent.listen(path, resolve));
    t.match((await refusal(`unix://${path}`)).message, /none answers on .*silent\.sock/);
    silent.close();
  });
  await t.test('it is on another machine', async (t) => {
    t.match((await refusal('tcp://10.0.0.1:2375')).message, /DOCKER_HOST is tcp:.*on this machine/);
  });
});

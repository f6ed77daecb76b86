import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { createSecureContext, createServer as createTls, type TlsOptions } from 'node:tls';
import t, { type Test } from 'tap';
import { issueIdentity, mintIdentity, type IssueOptions } from '../fixtures/probes/issue-identity.ts';
import type { TlsIdentity } from '../fixtures/probes/probe.ts';
import { diesWithUs } from '../fixtures/run/dies-with-us.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { startSpireAgent } from '../fixtures/spire/spire-agent.ts';
import { startSpireServer } from '../fixtures/spire/spire-server.ts';
import { findOnPath } from '../fixtures/toolchain/find.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { causes } from '../mesh/explain/causes.ts';
import { fileNames } from '../mesh/svid-set.ts';
import { fetchX509Context } from '../spiffe/workload-api.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { makePlace, project } from './cli-run.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// `assay mesh explain` beside a real SPIRE: each cause is made on purpose, and has to be named, and nothing beside it that is not there.

t.setTimeout(180_000);

const { trustDomain } = usualServer;
const id = (path: string) => `spiffe://${trustDomain}${path}`;
const self = id('/service/api');
const isRoot = process.getuid?.() === 0;

const tools = await locateTools(['spire-server', 'spire-agent'], { onProgress() {} });
await using place = makePlace();
await using runtime = startProcesses(join(place.dir, 'run'));
const spire = await startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name: 'spire' });
const admin = `unix://${join(spire.host.dir, 'api.sock')}`;
const foreign = await forgeAuthority({ trustDomain, commonName: 'Not of this mesh' });
const own = await forgeAuthority({ trustDomain, commonName: 'Of this mesh' });
await spire.api.appendAuthorities([own.certificate.der]);
const bundlePem = (await spire.api.getBundle()).authorities.map(({ der }) => pem('CERTIFICATE', der)).join('');
const bundleFile = join(place.dir, 'bundle.pem');
writeFileSync(bundleFile, bundlePem);
const token = await spire.api.createJoinToken({ ttlSeconds: 300, agentId: id('/node/node-001') });
const host = await runtime.startHost({ name: 'node-001', ports: [], innerPorts: ['metrics'] });
await startSpireAgent(runtime, tools['spire-agent'].path, host, {
  ...{ trustDomain, serverAddress: spire.host.address('api'), requirePqKem: false, syncIntervalMs: 200 },
  ...{ bootstrapBundlePem: bundlePem, joinToken: token.value },
});
const socketPath = join(host.dir, 'agent.sock');
const agent = ['--workload-api', `unix://${socketPath}`];

interface Told {
  readonly id: string;
  readonly state: 'found' | 'ruled-out' | 'unseen';
  readonly says: string;
}

/** Where a test has the command run: by another user's rights, or with another clock. */
interface Under {
  readonly through?: readonly string[];
  readonly shiftMs?: number;
}

const clock = join(place.dir, 'clock.mjs');
writeFileSync(
  clock,
  `const [Real, by] = [Date, Number(process.env.SHIFT_MS)];
globalThis.Date = class extends Real {
  constructor(...of) { super(...(of.length === 0 ? [Real.now() + by] : of)); }
  static now() { return Real.now() + by; }
};`,
);

async function explain(args: readonly string[], { through = [], shiftMs }: Under = {}) {
  const [program, ...rest] = [...through, process.execPath, join(project, 'cli/assay.ts'), 'mesh', 'explain', ...args];
  const env = {
    ...place.env,
    ...(shiftMs !== undefined && { NODE_OPTIONS: `--import ${clock}`, SHIFT_MS: `${shiftMs}` }),
  };
  const child = spawn(program!, rest, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

// Source: Linux, include/uapi/linux/magic.h.
const tmpfs = 0x01021994;

const made = new Set<string>();

/** A cause that was made is named, and nothing else but what follows from it. */
async function named(t: Test, wanted: readonly string[], args: readonly string[], under?: Under): Promise<void> {
  const { code, stdout, stderr } = await explain([...args, '--json', '--within', '2s'], under);
  t.equal(code, 1, `${wanted.join()}: ${stderr}`);
  const told = (stdout === '' ? [] : JSON.parse(stdout)) as Told[];
  const found = told.filter(({ state }) => state === 'found');
  t.strictSame(found.map((one) => one.id).sort(), [...wanted].sort(), JSON.stringify(found.map(({ says }) => says)));
  for (const one of wanted) made.add(one);
  t.notMatch(stdout, /PRIVATE KEY/);
}

/** Nothing is named, and what was not seen is not ruled out. */
async function leftOpen(t: Test, wanted: readonly string[], args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await explain([...args, '--json', '--within', '2s']);
  t.equal(code, 3, `${stdout}${stderr}`);
  const told = (stdout === '' ? [] : JSON.parse(stdout)) as Told[];
  t.strictSame(
    told.filter(({ state }) => state === 'found'),
    [],
  );
  t.strictSame(
    wanted.filter((one) => told.find(({ id }) => id === one)?.state !== 'unseen'),
    [],
    stdout,
  );
}

/** A server at a free port of loopback, until the test ends. */
async function listening(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service that shows an identity and lets in whom it knows. */
function service(t: Test, { cert, key }: TlsIdentity, options: TlsOptions = {}, lets = true): Promise<string> {
  const server = createTls({
    cert,
    key,
    ca: bundlePem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ...options,
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (!lets) socket.destroy();
  });
  server.on('tlsClientError', () => undefined);
  return listening(t, server);
}

/** OpenSSL as a service, which sends the alerts that RFC 8446 wants. */
async function opensslService(
  t: Test,
  { cert, key }: TlsIdentity,
  more: readonly string[],
  version = '-tls1_3',
): Promise<string> {
  const dir = mkdtempSync(join(place.dir, 'openssl-'));
  const [certFile, keyFile] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const port = await freePort();
  const words = [
    's_server',
    '-accept',
    `127.0.0.1:${port}`,
    '-cert',
    certFile,
    '-key',
    keyFile,
    version,
    '-www',
    ...more,
  ];
  const [program, ...args] = diesWithUs(['openssl', ...words]);
  const child = spawn(program!, args, { stdio: 'ignore', env: place.env });
  t.teardown(() => child.kill('SIGKILL'));
  const { lookAtPort } = await import('../mesh/explain/look/port.ts');
  await eventually(
    'openssl listens',
    async () => (await lookAtPort({ host: '127.0.0.1', port }, 500)).state === 'open',
    {
      withinMs: 10_000,
      everyMs: 20,
    },
  );
  return `127.0.0.1:${port}`;
}

const right = () => mintIdentity(spire.api, self, () => undefined);
const forged = (options: IssueOptions = {}, spiffeId = id('/service/web')) => issueIdentity(own, spiffeId, options);
const inSeconds = (seconds: number) => new Date(Date.now() + 1_000 * seconds);

await t.test('wrong use is told, with what is wanted', async (t) => {
  for (const [args, says] of [
    [[], /nothing to look at: rotation is about --workload-api .*; handshake is about --peer; helper is about/],
    [['weather'], /explain weather: there is no such tree; there are rotation, handshake, helper/],
    [['handshake', ...agent], /explain handshake: nothing to look at: handshake is about --peer/],
    [['handshake', '--peer', 'web'], /--peer: "web" is not host:port/],
    [['handshake', '--peer', 'web:1', '--expect', 'web'], /--expect web: .*wanted is a SPIFFE ID/],
    [['rotation', '--workload-api', 'here'], /--workload-api: SPIFFE endpoint socket "here": no scheme/],
  ] as const) {
    const { code, stderr } = await explain(args);
    t.equal(code, 2, stderr);
    t.match(stderr, says);
  }
});

await t.test('no entry fits', async (t) => {
  await named(t, ['no-entry'], ['rotation', ...agent]);
  const web = await opensslService(t, await forged(), ['-Verify', '1', '-verify_return_error', '-CAfile', bundleFile]);
  await named(t, ['own-identity-missing', 'refused-without-certificate'], ['handshake', ...agent, '--peer', web]);
});

await spire.api.createEntries([
  {
    ...{ spiffeId: self, parentId: id('/node/node-001'), x509TtlSeconds: 3_600 },
    selectors: [{ type: 'unix', value: `uid:${process.getuid!()}` }],
  },
]);
await eventually(
  'an identity is handed out, and the bundle with it',
  async () => (await fetchX509Context(socketPath, { withinMs: 2_000 })).svids.length === 1,
  { withinMs: 30_000 },
);

await t.test('where nothing is wrong nothing is named, and what was not looked at is said', async (t) => {
  const web = await service(t, await right());
  const all = [
    ...agent,
    '--trust-domain',
    trustDomain,
    '--agent-data',
    join(host.dir, 'agent'),
    '--spire-server',
    admin,
  ];
  const whole = await explain(['rotation', ...all, '--server', spire.host.address('api'), '--peer', web]);
  t.equal(whole.code, 0, `${whole.stdout}${whole.stderr}`);
  t.match(whole.stdout, /^rotation: nothing was found, 13 ruled out, 0 not looked at\n✓ agent-socket-missing, /);
  const some = await explain(['rotation', ...agent]);
  t.equal(some.code, 3, some.stdout);
  t.match(some.stdout, /\? server-unreachable: say where the server takes agents: --server/);
  const handshake = await explain(['handshake', ...agent, '--peer', web, '--expect', self]);
  t.equal(handshake.code, 0, `${handshake.stdout}${handshake.stderr}`);
  const strict = await opensslService(t, await right(), [
    '-Verify',
    '1',
    '-verify_return_error',
    '-CAfile',
    bundleFile,
  ]);
  const both = await explain(['handshake', ...agent, '--peer', strict, '--expect', self]);
  t.equal(both.code, 0, `${both.stdout}${both.stderr}`);
});

await t.test('sockets', async (t) => {
  const nobody = await explain(['rotation', '--workload-api', `unix://${join(place.dir, 'none.sock')}`]);
  t.match(nobody.stdout, /\? renewal-late, clock-behind, service-keeps-old: takes an identity, and none is handed out/);
  const at = (name: string) => ['rotation', '--workload-api', `unix://${join(place.dir, name)}`];
  await named(t, ['agent-socket-missing'], at('none.sock'));
  writeFileSync(join(place.dir, 'file.sock'), '');
  await named(t, ['agent-socket-missing'], at('file.sock'));
  const left = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(join(place.dir, 'stale.sock'))}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  await once(left, 'exit');
  await named(t, ['agent-socket-stale'], at('stale.sock'));
  await named(t, ['agent-socket-other'], ['rotation', '--workload-api', admin]);
  const silent = createServer(() => undefined).listen(join(place.dir, 'silent.sock'));
  await once(silent, 'listening');
  await named(t, ['agent-silent'], at('silent.sock'));
  silent.close();
  await named(t, ['agent-socket-missing'], ['rotation', '--workload-api', `tcp://127.0.0.1:${await freePort()}`]);
});

await t.test('an agent that is stopped, and has as many calls before it as it lets wait', async (t) => {
  const path = join(place.dir, 'stopped.sock');
  const script = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => process.kill(process.pid, 'SIGSTOP'))`;
  const [program, ...args] = diesWithUs([process.execPath, '-e', script]);
  const stopped = spawn(program!, args, { stdio: 'ignore' });
  t.teardown(() => stopped.kill('SIGKILL'));
  const isFull = () =>
    new Promise<boolean>((resolve) => {
      const client = connect({ path });
      t.teardown(() => client.destroy());
      client.once('connect', () => resolve(false));
      client.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EAGAIN'));
    });
  await eventually('it takes no more calls', isFull, { withinMs: 10_000, everyMs: 20 });
  await named(t, ['agent-silent'], ['rotation', '--workload-api', `unix://${path}`]);
});

const without = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'];
const noRights = isRoot && findOnPath('setpriv', process.env) === undefined ? 'setpriv is not on this machine' : false;

/** From now on its owner is somebody else, and others may do nothing with it. */
function closed(path: string): Under {
  chmodSync(path, isRoot ? 0o600 : 0);
  if (isRoot) chownSync(path, 65_534, 65_534);
  return isRoot ? { through: without } : {};
}

await t.test('a socket that this user may not open', { skip: noRights }, async (t) => {
  const path = join(place.dir, 'closed.sock');
  const server = createServer().listen(path);
  await once(server, 'listening');
  await named(t, ['agent-socket-forbidden'], ['rotation', '--workload-api', `unix://${path}`], closed(path));
  server.close();
});

await t.test('trust domain, network, agents and clocks', async (t) => {
  await named(t, ['other-trust-domain'], ['rotation', ...agent, '--trust-domain', 'other.test']);
  await named(t, ['server-unreachable'], ['rotation', ...agent, '--server', `127.0.0.1:${await freePort()}`]);
  const data = ['rotation', '--agent-data', join(host.dir, 'agent')];
  await named(t, ['agent-ended'], data, { shiftMs: 2 * 3_600_000 });
  await named(t, ['renewal-late'], ['rotation', ...agent], { shiftMs: 0.9 * 3_600_000 });
  await named(t, ['clock-behind'], ['rotation', ...agent], { shiftMs: -3_600_000 });
});

await t.test('a service that keeps an SVID which was replaced', async (t) => {
  const early = await mintIdentity(spire.api, self, () => undefined, { ttlSeconds: 60 });
  const web = await service(t, early);
  await named(t, ['service-keeps-old'], ['rotation', ...agent, '--peer', web], { shiftMs: 45_000 });
  // Nor is it that of another instance, as long as it is young.
  await leftOpen(t, ['service-keeps-old'], ['rotation', ...agent, '--peer', web]);
});

await t.test('who answers, and how', async (t) => {
  const call = (address: string) => ['handshake', ...agent, '--peer', address];
  await named(t, ['nobody-listens'], call(`127.0.0.1:${await freePort()}`));
  const clear = createHttp((_, response) => void response.end('hello'));
  await named(t, ['peer-speaks-no-tls'], call(await listening(t, clear)));
  const old = await service(t, await right(), { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  await named(t, ['peer-speaks-old-tls'], call(old));
  const foreignFile = join(place.dir, 'not-of-this-mesh.pem');
  writeFileSync(foreignFile, foreign.certificatePem);
  const verify = ['-Verify', '1', '-verify_return_error', '-CAfile', foreignFile];
  await named(t, ['peer-speaks-old-tls'], call(await opensslService(t, await right(), verify, '-tls1_2')));
  const alerts = createServer((socket) => {
    socket.on('error', () => undefined);
    // Alert, TLS 1.2 as all records have it: fatal, unexpected_message.
    socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 10])));
  });
  await leftOpen(t, ['peer-speaks-no-tls'], call(await listening(t, alerts)));
});

await t.test('a service that shows its SVID to who calls it by its name', async (t) => {
  const { cert, key } = await right();
  const named = createSecureContext({ cert, key, ca: bundlePem });
  const web = await service(t, await issueIdentity(foreign, id('/service/other')), {
    SNICallback: (name, answer) => answer(null, name === 'localhost' ? named : undefined),
  });
  const port = web.slice(web.lastIndexOf(':'));
  const told = await explain(['handshake', ...agent, '--peer', `localhost${port}`, '--expect', self]);
  t.equal(told.code, 0, `${told.stdout}${told.stderr}`);
});

await t.test('what a service shows', async (t) => {
  const shows = async (identity: Promise<TlsIdentity>, ...more: readonly string[]) => [
    ...['handshake', ...agent, '--peer', await service(t, await identity)],
    ...more,
  ];
  await named(t, ['peer-svid-ended'], await shows(forged({ notAfter: inSeconds(-5) })));
  await named(t, ['peer-svid-not-yet'], await shows(forged({ notBefore: inSeconds(600) })));
  const partner = await forgeAuthority({ trustDomain: 'partner.test' });
  await named(t, ['peer-of-unknown-domain'], await shows(issueIdentity(partner, 'spiffe://partner.test/web')));
  await named(t, ['peer-of-unknown-authority'], await shows(issueIdentity(foreign, id('/service/web'))));
  await named(t, ['peer-shows-no-svid'], await shows(forged({ change: { uriSans: [], dnsSans: ['web'] } })));
  await named(t, ['peer-shows-no-svid'], await shows(forged({ change: { isCa: true } })));
  await named(t, ['peer-is-another'], await shows(forged(), '--expect', id('/service/db')));
});

await t.test('whom a service lets in', async (t) => {
  const foreignFile = join(place.dir, 'foreign.pem');
  writeFileSync(foreignFile, foreign.certificatePem);
  const verify = ['-Verify', '1', '-verify_return_error', '-CAfile'];
  const call = (address: string) => ['handshake', ...agent, '--peer', address];
  await named(t, ['refused-as-unknown'], call(await opensslService(t, await forged(), [...verify, foreignFile])));
  const later = String(Math.floor(Date.now() / 1_000) + 7_200);
  const ahead = await opensslService(t, await forged(), [...verify, bundleFile, '-attime', later]);
  await named(t, ['refused-as-ended'], call(ahead));
  await named(t, ['refused-by-policy'], call(await service(t, await forged(), {}, false)));
  // A server of Node ends the connection of a caller whose authority it does not know, and says nothing.
  const closes = await service(t, await forged(), { ca: foreign.certificatePem, rejectUnauthorized: true });
  await named(t, ['refused-by-policy'], call(closes));
  const { stdout } = await explain(call(closes));
  t.match(stdout, /\? refused-as-unknown, refused-as-ended: it closed the connection .* which may mean this, too/);
  const shownNone = ['handshake', '--peer', await service(t, await forged(), {}, false)];
  await named(t, ['refused-without-certificate'], shownNone);
  const speaks = createTls({ ...(await forged()), ca: bundlePem, requestCert: true });
  speaks.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    socket.write('hello', () => socket.destroy());
  });
  await named(t, ['refused-by-policy'], call(await listening(t, speaks)));
});

await t.test('what a service makes of its caller, and does not say', async (t) => {
  const call = (address: string) => ['handshake', ...agent, '--peer', address];
  const refusals = ['refused-as-unknown', 'refused-by-policy'];
  // It shakes hands with everybody, as nginx does, and has a status for whom it does not let in.
  const http = await service(t, await forged(), { ALPNProtocols: ['http/1.1'], ca: foreign.certificatePem });
  await leftOpen(t, refusals, call(http));
  // It ends what is not called by HTTP/2, as gRPC does.
  const { code, stdout } = await explain(call(spire.host.address('api')));
  t.not(code, 0);
  t.notMatch(stdout, /✗ .*refused-/);
  // It asks nobody who he is.
  await leftOpen(t, refusals, call(await service(t, await forged(), { requestCert: false }, false)));
});

await t.test('the files of a helper', async (t) => {
  const dir = mkdtempSync('/dev/shm/assay-explain-');
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const write = (where: string, { cert, key }: TlsIdentity) => {
    mkdirSync(where, { recursive: true });
    writeFileSync(join(where, fileNames.svid), cert);
    writeFileSync(join(where, fileNames.key), key, { mode: 0o600 });
    writeFileSync(join(where, fileNames.bundle), bundlePem);
    return where;
  };
  const of = (where: string) => ['helper', '--helper-dir', where];
  const good = await right();
  const whole = write(join(dir, 'whole'), good);
  const config = join(place.dir, 'helper.conf');
  writeFileSync(config, 'renewal_interval = "30s"\nrotation_threshold = "80%"\n');
  const all = [...of(whole), ...agent, '--peer', await service(t, good), '--helper-config', config];
  const fine = await explain(all);
  t.equal(fine.code, 0, fine.stdout);
  t.match(fine.stdout, /^helper: nothing was found, 11 ruled out, 0 not looked at\n/);
  writeFileSync(config, 'renewal_intervall = "30s"\n');
  await named(t, ['helper-config-wrong'], all);
  await named(t, ['files-no-directory'], of(join(dir, 'none')));
  const disk = [place.dir, '/var/tmp', project].find((where) => statfsSync(where).type !== tmpfs);
  if (disk !== undefined) {
    const onDisk = mkdtempSync(join(disk, 'assay-explain-'));
    t.teardown(() => rmSync(onDisk, { recursive: true, force: true }));
    await named(t, ['files-on-disk'], of(write(onDisk, good)));
  }
  const missing = write(join(dir, 'missing'), good);
  rmSync(join(missing, fileNames.svid));
  await named(t, ['files-missing'], of(missing));
  const open = write(join(dir, 'open'), good);
  chmodSync(join(open, fileNames.key), 0o644);
  await named(t, ['files-key-open'], of(open));
  const cut = write(join(dir, 'cut'), good);
  writeFileSync(join(cut, fileNames.svid), readFileSync(join(whole, fileNames.svid), 'latin1').slice(0, 200));
  await named(t, ['files-malformed'], of(cut));
  const endless = write(join(dir, 'endless'), good);
  rmSync(join(endless, fileNames.svid));
  if (spawnSync('mkfifo', [join(endless, fileNames.svid)]).status === 0)
    await named(t, ['files-malformed'], of(endless));
  const mixed = write(join(dir, 'mixed'), good);
  copyFileSync(join(write(join(dir, 'next'), await right()), fileNames.key), join(mixed, fileNames.key));
  await named(t, ['files-do-not-fit'], of(mixed));
  await named(t, ['files-ended'], of(write(join(dir, 'ended'), await forged({ notAfter: inSeconds(-5) }))));
  const early = await mintIdentity(spire.api, self, () => undefined, { ttlSeconds: 60 });
  await named(t, ['files-not-taken-up'], [...of(whole), '--peer', await service(t, early)]);
  if (noRights === false) {
    const foreignKey = write(join(dir, 'closed'), good);
    await named(t, ['files-unreadable'], of(foreignKey), closed(join(foreignKey, fileNames.key)));
  }
});

const small = mkdtempSync(join(place.dir, 'full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]).status === 0;
t.teardown(() => mounted && spawnSync('umount', [small]));

await t.test('a file system that is full', { skip: !mounted && 'nothing may be mounted here' }, async (t) => {
  const dir = small;
  const { cert, key } = await right();
  writeFileSync(join(dir, fileNames.svid), cert);
  writeFileSync(join(dir, fileNames.key), key, { mode: 0o600 });
  writeFileSync(join(dir, fileNames.bundle), bundlePem);
  try {
    writeFileSync(join(dir, 'more'), Buffer.alloc(1 << 20));
  } catch {
    // It is full now.
  }
  await named(t, ['files-no-space'], ['helper', '--helper-dir', dir]);
});

await t.test('an agent that is banned', async (t) => {
  const [found] = await spire.api.listAgents();
  await spire.api.banAgent(found!.spiffeId);
  await named(t, ['agent-banned'], ['rotation', '--spire-server', admin, '--node', id('/node/node-001')]);
});

await t.test('each cause that is declared was made', (t) => {
  const skipped = [
    ...(noRights === false ? [] : ['agent-socket-forbidden', 'files-unreadable']),
    ...(mounted ? [] : ['files-no-space']),
  ];
  t.strictSame(
    causes.map((cause) => cause.id).filter((one) => !made.has(one) && !skipped.includes(one)),
    [],
  );
  t.equal(new Set(causes.map((cause) => cause.id)).size, causes.length);
  t.end();
});

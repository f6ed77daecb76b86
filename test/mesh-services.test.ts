import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { SpiffeController } from '../mesh/index.ts';
import { parseLogLine } from '../mesh/observability/log-events.ts';
import type { Health } from '../mesh/observability/health.ts';
import type { ServiceState } from '../mesh/services/service-state.ts';
import { fetchX509Context } from '../spiffe/workload-api.ts';
import { hostPort } from '../src/host-port.ts';
import { readCertificate } from '../src/svid/x509/read.ts';
import { checkDemo } from '../scripts/demo/check.ts';
import { serviceNames, startDemo, trustDomain, type ServiceName } from '../scripts/demo/start-demo.ts';
import { root } from '../scripts/docs/places.ts';
import { assay, makePlace } from './cli-run.ts';
import { helperCommand, helperFiles } from './products/by-helper.ts';
import { startProcesses } from './spire-processes.ts';

// frontend, backend and api as processes of their own, each with its agent, on a real SPIRE.

t.setTimeout(180_000);

// SPIRE dates an SVID back by ten seconds, and renews it at half of the life that this makes: a second after it was made.
const svidTtlSeconds = 12;
const withinMs = 15_000;
const id = (name: string) => `spiffe://${trustDomain}/${name}`;

const located = await locateTools(['spire-server', 'spire-agent', 'spiffe-helper'], { onProgress() {} });
const tools = { 'spire-server': located['spire-server'].path, 'spire-agent': located['spire-agent'].path };
await using place = makePlace();
await using runtime = startProcesses(join(place.dir, 'run'));
const web = `127.0.0.1:${await freePort()}`;
await using demo = await startDemo({ run: runtime.run, runtime, tools, svidTtlSeconds, web });
const { services } = demo;

const page = (path: string, body?: URLSearchParams) =>
  fetch(`${demo.page}${path}`, {
    ...(body && { method: 'POST', body }),
    ...{ headers: { accept: 'application/json' }, signal: AbortSignal.timeout(withinMs) },
  });
const addNote = (text: string) => page('notes', new URLSearchParams({ text }));

async function health(admin: string, path: string): Promise<Health & { readonly status: number }> {
  const answer = await fetch(`${admin}${path}`);
  return { ...((await answer.json()) as Health), status: answer.status };
}

/** The value of a series, 0 where there is none yet. */
async function metric(name: ServiceName, series: string): Promise<number> {
  const text = await (await fetch(`${services[name].admin}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1) ?? 0,
  );
}

const rotations = (name: ServiceName) => metric(name, 'mesh_svid_rotations_total');

await t.test('a note goes through all three, is checked on the way, and is in the file that api keeps', async (t) => {
  t.equal((await addNote('bread and wine')).status, 201);
  const refused = await addNote('x'.repeat(281));
  t.equal(refused.status, 400);
  t.match(await refused.json(), { error: /at most 280 characters/ });
  t.match(await (await page('')).text(), /<span>bread and wine<\/span>/);
  using database = new DatabaseSync(join(services.api.node.host.dir, 'notes.sqlite'), { readOnly: true });
  t.match(database.prepare('SELECT text FROM notes').all(), [{ text: 'bread and wine' }]);
});

await t.test('each lets in whom it pins and nobody else, and that is counted one by one', async (t) => {
  const counted = async () => ({
    notAllowed: await metric('backend', 'mesh_mtls_auth_failures_total{role="server",reason="not-allowed"}'),
    without: await metric('backend', 'mesh_mtls_auth_failures_total{role="server",reason="no-certificate"}'),
    refused: await metric('backend', 'mesh_mtls_handshakes_total{role="server",result="refused"}'),
    toApi: await metric('api', 'mesh_mtls_auth_failures_total{role="server",reason="not-allowed"}'),
  });
  const before = await counted();
  const tried = await checkDemo(demo);
  t.equal(tried.length, 8);
  for (const { ok, what, seen } of tried) t.ok(ok, `${what}: ${seen}`);
  t.strictSame(await counted(), {
    notAllowed: before.notAllowed + 1,
    without: before.without + 1,
    refused: before.refused + 2,
    toApi: before.toApi + 1,
  });
  t.ok((await metric('backend', 'mesh_mtls_handshake_duration_seconds_count{role="server"}')) > 0);
  t.ok((await metric('backend', 'mesh_mtls_active_connections{role="client"}')) > 0, 'connections are kept');
  t.ok((await metric('api', 'mesh_request_duration_seconds_count{method="POST",route="/notes",status="201"}')) > 0);
});

await t.test('while SVIDs rotate, no request is lost', async (t) => {
  const before = await Promise.all(serviceNames.map(rotations));
  const wrong: string[] = [];
  let [answered, isOver] = [0, false];
  const asking = Array.from({ length: 4 }, async (_, loop) => {
    for (let turn = 0; !isOver; turn++) {
      const answer = await (turn % 10 === 0 ? addNote(`note ${turn} of loop ${loop}`) : page('live'));
      const { trouble = '', error = '' } = (await answer.json()) as { trouble?: string; error?: string };
      if (!answer.ok || trouble !== '' || error !== '') wrong.push(`${answer.status} ${trouble}${error}`);
      answered += 1;
    }
  });
  const rotated = async () => {
    const now = await Promise.all(serviceNames.map(rotations));
    return now.every((count, at) => count >= before[at]! + 4);
  };
  await eventually('each service has rotated four times', rotated, { withinMs: 30_000, everyMs: 200 });
  isOver = true;
  await Promise.all(asking);
  t.strictSame(wrong, []);
  t.ok(answered > 100, `${answered} requests`);
  const state = (await metricsAndState()).state;
  t.ok(state.rotations >= 3 && 'rotations' in state.next!);
});

/** What backend tells of itself and of api, asked as frontend. */
async function metricsAndState(): Promise<{ readonly state: ServiceState }> {
  await using frontend = await callerBy(services.frontend.node.agent.socketPath);
  const connection = await frontend.establishMtlsConnection({
    ...{ peerSpiffeId: id('backend'), address: services.backend.address },
  });
  connection.write('GET /mesh HTTP/1.1\r\nhost: mesh\r\nconnection: close\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of connection) chunks.push(chunk as Buffer);
  return { state: JSON.parse(Buffer.concat(chunks).toString().split('\r\n\r\n')[1]!) as ServiceState };
}

async function callerBy(socketPath: string): Promise<SpiffeController> {
  const controller = new SpiffeController({ endpointSocket: `unix://${socketPath}` }).on('trouble', () => undefined);
  await controller.initialize({}, AbortSignal.timeout(withinMs));
  return controller;
}

await t.test('health and the end of the SVID are what SPIRE says, also when it takes the identity back', async (t) => {
  const paths = ['/ready', '/health', '/health/certificate', '/health/mesh', '/health/policy'] as const;
  for (const name of serviceNames)
    for (const path of paths)
      t.match(await health(services[name].admin, path), { status: 200, ok: true }, `${name} ${path}`);
  const { svids } = await fetchX509Context(services.api.node.agent.socketPath, { withinMs });
  const series = `mesh_svid_expiry_timestamp_seconds{spiffe_id="${id('api')}"}`;
  const { notAfter } = readCertificate(svids[0]!.chain[0]!);
  t.ok(Math.abs((await metric('api', series)) - notAfter.getTime() / 1_000) <= svidTtlSeconds);

  const entry = (await demo.spire.api.listEntries()).find(({ spiffeId }) => spiffeId === id('backend'));
  assert.ok(entry);
  await demo.spire.api.deleteEntries([entry.id]);
  const isNotWell = async () => (await health(services.backend.admin, '/health/certificate')).status === 503;
  await eventually('backend says that it has no SVID', isNotWell, { withinMs });
  for (const path of paths)
    t.match(await health(services.backend.admin, path), { status: 503, ok: false, reason: /no SVID is held/ }, path);
  t.equal(
    await metric('backend', `mesh_svid_expiry_timestamp_seconds{spiffe_id="${id('backend')}"}`),
    0,
    'no end of none',
  );
  t.match(await health(services.frontend.admin, '/health/mesh'), {
    status: 503,
    reason: /^spiffe:\/\/example\.org\/backend: /,
  });
  t.match(await health(services.frontend.admin, '/health/certificate'), { status: 200 }, 'its own is well');
  t.match(await health(services.api.admin, '/health'), { status: 200 });
  t.match(await (await page('')).text(), /role="alert">spiffe:\/\/example\.org\/backend gave no answer/);

  const { spiffeId, parentId, selectors } = entry;
  await demo.spire.api.createEntries([{ spiffeId, parentId, selectors, x509TtlSeconds: svidTtlSeconds }]);
  const isWell = async () => (await health(services.frontend.admin, '/health/mesh')).ok;
  await eventually('frontend reaches backend again, which nobody has restarted', isWell, { withinMs });
  t.equal((await addNote('back again')).status, 201);
});

await t.test('a service that is silent is told by each in front of it, and nobody waits for long', async (t) => {
  const { program } = services.api;
  const told = async () => ((await (await page('live')).json()) as { readonly trouble: string }).trouble;
  t.equal(await told(), '');
  program.signal('SIGSTOP');
  try {
    const startedAt = performance.now();
    t.match(await told(), /^spiffe:\/\/example\.org\/api gave no answer: /);
    t.ok(performance.now() - startedAt < 5_000);
    t.match(await health(services.backend.admin, '/health/mesh'), {
      status: 503,
      reason: /^spiffe:\/\/example\.org\/api: /,
    });
    t.match(await health(services.backend.admin, '/health'), { status: 200 }, 'it is well itself');
    t.equal((await addNote('in vain')).status, 502);
    t.ok((await metric('backend', `mesh_call_errors_total{peer="${id('api')}"}`)) >= 3);
  } finally {
    program.signal('SIGCONT');
  }
  await eventually('the notes are there again', async () => (await told()) === '', { withinMs });
});

await t.test(
  'by the files of the real spiffe-helper it is the same service, which follows them and says when they have ended',
  async (t) => {
    const { host, agent } = services.api.node;
    const files = {
      ...{ dir: host.dir, port: 0, behind: 0, spiffeId: id('api'), allowed: id('backend') },
      ...{
        cert: join(host.dir, 'svid.pem'),
        key: join(host.dir, 'svid_key.pem'),
        bundle: join(host.dir, 'svid_bundle.pem'),
      },
      workloadApi: `unix://${agent.socketPath}`,
    };
    for (const [name, text] of Object.entries(helperFiles(files))) writeFileSync(join(host.dir, name), text);
    const [, ...args] = helperCommand(files);
    const helper = await host.run({ name: 'spiffe-helper', command: [located['spiffe-helper'].path, ...args] });
    await eventually('the helper has written its files', () => existsSync(files.bundle), {
      withinMs,
      lookAt: helper.logPath,
    });
    const { host: ip } = hostPort(services.api.address);
    const [address, admin] = [`${ip}:${await freePort(ip)}`, `${ip}:${await freePort(ip)}`];
    await using byFiles = await host.run({
      name: 'by-files',
      command: [
        ...[process.execPath, join(root, 'cli/bin.js'), 'mesh', 'service', 'api', '--cert-dir', host.dir],
        ...['--data', join(host.dir, 'other.sqlite'), '--listen', address, '--admin', admin],
      ],
    });
    const at = `http://${admin}`;
    await eventually('it serves', async () => (await health(at, '/ready')).ok, { withinMs, lookAt: byFiles.logPath });
    await using backend = await callerBy(services.backend.node.agent.socketPath);
    const hello = () => backend.dial(hostPort(address), id('api'), new Set([id('api')]));
    t.match(await hello(), { outcome: 'accepted', detail: JSON.stringify({ self: id('api'), peer: id('backend') }) });
    const serial = async () => (await health(at, '/health/certificate')).serial;
    const first = await serial();
    await eventually('it has taken up another SVID', async () => (await serial()) !== first, { withinMs });
    t.match(await hello(), { outcome: 'accepted' });
    // Node's own use of this signal is to open a debugger.
    byFiles.signal('SIGUSR1');
    t.match(await hello(), { outcome: 'accepted' });

    await helper[Symbol.asyncDispose]();
    const isOver = async () => (await health(at, '/health/certificate')).status === 503;
    await eventually('it says that its SVID has ended', isOver, { withinMs: svidTtlSeconds * 1_000 + withinMs });
    t.match(await health(at, '/ready'), { status: 503, reason: /ended at/ });
    t.match(await hello(), { outcome: 'refused' }, 'whoever calls sees it, too');
    t.notMatch(readFileSync(byFiles.logPath, 'utf8'), /[Dd]ebugger/);
  },
);

await t.test('every line of their logs is by the schema, and none holds a key or a note', async (t) => {
  const { svids } = await fetchX509Context(services.api.node.agent.socketPath, { withinMs });
  const key = Buffer.from(svids[0]!.privateKeyPkcs8).toString('base64').slice(0, 40);
  for (const name of serviceNames) {
    const text = readFileSync(services[name].program.logPath, 'utf8');
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    const events = new Map<string, number>();
    for (const line of lines) {
      const { event } = parseLogLine(line);
      events.set(event, (events.get(event) ?? 0) + 1);
    }
    const has = (event: string) => (events.get(event) ?? 0) > 0;
    const wanted = ['starting', 'bundle.updated', 'svid.rotated', 'mtls.accepted', 'ready'];
    t.strictSame(
      wanted.filter((event) => !has(event)),
      [],
      `${name}: ${lines.length} lines`,
    );
    t.equal(has('request') && has('mtls.refused'), name !== 'frontend', `${name}: access and audit`);
    for (const secret of ['PRIVATE KEY', key, 'bread and wine'])
      t.notOk(text.includes(secret), `${name}: ${secret.slice(0, 12)}`);
  }
});

await t.test('a service that is asked to stop answers what is under way, and ends well', async (t) => {
  const { program } = services.frontend;
  const body = 'text=the+last+one';
  const request = httpRequest(`${demo.page}notes`, {
    method: 'POST',
    headers: { accept: 'application/json', expect: '100-continue', 'content-length': body.length },
  });
  request.flushHeaders();
  await once(request, 'continue');
  program.signal('SIGTERM');
  const log = () => readFileSync(program.logPath, 'utf8');
  await eventually('it is stopping', () => /"event":"stopping".*"underWay":1/.test(log()), { withinMs });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  t.equal(response.statusCode, 201);
  t.match(await program.exited, { code: 0 });
});

await t.test('what makes no sense is told before anything is started', async (t) => {
  const socket = ['--workload-api', 'unix:///nowhere/agent.sock'];
  const api = ['mesh', 'service', 'api', ...socket, '--data', join(place.dir, 'a.sqlite')];
  for (const [args, told] of [
    [
      ['mesh', 'service', 'database', ...socket],
      /"database": there is none of that name; wanted is frontend, backend or api/,
    ],
    [['mesh', 'service', 'backend', ...socket], /--api: is missing/],
    [[...api, '--web', '127.0.0.1:8080'], /--web: is for frontend/],
    [[...api, '--admin', '0.0.0.0:8444'], /--admin 0\.0\.0\.0:8444: has no TLS/],
    [[...api, '--allow', 'spiffe://example.org/*'], /--allow .*exact ones/],
    [[...api, '--cipher-suites', 'TLS_AES_128_CCM_8_SHA256'], /wanted are some of TLS_AES_256_GCM_SHA384/],
    [
      ['mesh', 'service', 'api', '--cert-dir', '/nowhere', '--data', 'a.sqlite'],
      /--cert-dir \/nowhere: is no directory/,
    ],
  ] as const) {
    const ended = await assay(place, args);
    t.equal(ended.code, 2, ended.stderr);
    t.match(ended.stderr, told);
  }
  const asAnother = ['--workload-api', `unix://${services.backend.node.agent.socketPath}`, '--admin', '127.0.0.1:0'];
  const another = await assay(place, ['mesh', 'service', 'api', ...asAnother, '--data', join(place.dir, 'b.sqlite')]);
  t.equal(another.code, 3);
  t.match(
    another.stderr,
    /api: this process is handed the identity spiffe:\/\/example\.org\/backend, and api is spiffe:/,
  );
  const planned = await assay(place, [...api, '--cipher-suites', 'TLS_AES_256_GCM_SHA384', '--dry-run', '--json']);
  t.match(JSON.parse(planned.stdout), {
    spiffeId: id('api'),
    allow: [id('backend')],
    cipherSuites: ['TLS_AES_256_GCM_SHA384'],
  });
  t.notOk(existsSync(join(place.dir, 'a.sqlite')));
});

import 'reflect-metadata';

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  BasicConstraintsExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { connectAgent } from '../spiffe/attest.ts';
import { connectServerApi, type ServerApi, ServerApiError } from '../spiffe/server-api.ts';
import { fetchX509Context, parseEndpointSocket, watchX509Context, type X509Context } from '../spiffe/workload-api.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { authorityId, readCertificate } from '../src/svid/x509/read.ts';
import { freePort } from '../fixtures/run/free-port.ts';

t.setTimeout(3_600_000);

// An address of its own: what connects from 127.0.0.1 at the same time cannot take the port in between.
const host = '127.0.77.1';
const trustDomain = 'clients.test';
const parentId = `spiffe://${trustDomain}/node`;
const selectors = [{ type: 'unix', value: `uid:${process.getuid!()}` }];

for (const [text, expected] of [
  ['unix:///run/agent.sock', { kind: 'unix', path: '/run/agent.sock' }],
  ['unix:/run/agent.sock', { kind: 'unix', path: '/run/agent.sock' }],
  ['tcp://127.0.0.1:8000', { kind: 'tcp', host: '127.0.0.1', port: 8000 }],
  ['tcp://[::1]:8000', { kind: 'tcp', host: '::1', port: 8000 }],
] as const) {
  await t.test(`an endpoint socket may be ${text}`, async (t) => t.strictSame(parseEndpointSocket(text), expected));
}
for (const [text, why] of [
  ['/run/agent.sock', /no scheme/],
  ['unix:agent.sock', /not absolute/],
  ['unix://host/agent.sock', /no host/],
  ['unix:///a?b', /query/],
  ['tcp://localhost:8000', /not an IP/],
  ['tcp://127.0.0.1', /address and a port/],
  ['tcp://127.0.0.1:0', /1 to 65535/],
  ['tcp://127.0.0.1:80/x', /address and a port/],
  ['https://127.0.0.1:80', /neither unix nor tcp/],
  ['', /no scheme/],
] as const) {
  await t.test(`an endpoint socket may not be ${text || 'empty'}`, async (t) =>
    t.throws(() => parseEndpointSocket(text), { name: /^TypeError$/, message: why }),
  );
}

await t.test('against SPIRE', async (t) => {
  const tools = await locateTools(['spire-server', 'spire-agent'], { onProgress() {} });
  const dir = mkdtempSync(join(tmpdir(), 'grpc-clients-'));
  mkdirSync(join(dir, 'agent'));
  const adminSocket = join(dir, 'server.sock');
  const workloadSocket = join(dir, 'agent', 'api.sock');
  const processes = new Set<ChildProcess>();
  let api: ServerApi;
  let address: string;
  let agent: ChildProcess;

  const run = (program: keyof typeof tools, config: string): ChildProcess => {
    const log = openSync(join(dir, `${program}.log`), 'a');
    const child = spawn(tools[program].path, ['run', '-config', config], { stdio: ['ignore', log, log] });
    processes.add(child);
    return child;
  };
  const stop = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    processes.delete(child);
  };
  const attest = async (token: string, changed: object = {}) => {
    const { authorities } = await api.getBundle();
    const { csrDer } = await request();
    const ask = {
      address,
      trustDomain,
      authoritiesDer: authorities.map(({ der }) => der),
      token,
      csrDer,
      withinMs: 10_000,
      ...changed,
    };
    using connected = await connectAgent(ask);
    return await connected.begin(ask).present();
  };
  const watch = () => watching(workloadSocket);

  t.before(async () => {
    const port = await freePort(host);
    address = `${host}:${port}`;
    writeFileSync(join(dir, 'server.conf'), serverConfig(dir, port));
    run('spire-server', join(dir, 'server.conf'));
    api = connectServerApi(adminSocket);
    await eventually('server healthy', () => api.healthy());
    const { value: token } = await api.createJoinToken({ ttlSeconds: 60, agentId: parentId });
    const { authorities } = await api.getBundle();
    writeFileSync(join(dir, 'bundle.pem'), authorities.map(({ der }) => pem('CERTIFICATE', der)).join(''));
    writeFileSync(join(dir, 'agent.conf'), agentConfig(dir, port, token));
    agent = run('spire-agent', join(dir, 'agent.conf'));
    await eventually('agent attested', async () => (await api.listAgents()).length === 1);
  });

  t.after(async () => {
    api[Symbol.dispose]();
    for (const child of processes) await stop(child);
    rmSync(dir, { recursive: true });
  });

  await t.test('an absent server is not healthy, and its calls say where', async (t) => {
    using absent = connectServerApi(join(dir, 'absent.sock'));
    t.equal(await absent.healthy(), false);
    t.ok(
      await t
        .rejects(absent.listAgents())
        .then(
          (error) =>
            error instanceof ServerApiError &&
            error.code === 'UNAVAILABLE' &&
            error.call === 'Agent.ListAgents' &&
            error.address.endsWith('/absent.sock'),
        ),
    );
  });

  await t.test('a join token attests one agent, once', async (t) => {
    const { value: token, expiresAt } = await api.createJoinToken({ ttlSeconds: 60 });
    t.ok(Math.abs(expiresAt.getTime() - Date.now() - 60_000) < 3000);
    const first = await attest(token);
    assert.equal(first.outcome, 'attested');
    t.equal(first.spiffeId, `spiffe://${trustDomain}/spire/agent/join_token/${token}`);
    t.strictSame(readCertificate(first.chain[0]!).uriSans, [first.spiffeId]);
    const second = await attest(token);
    assert.equal(second.outcome, 'refused');
    t.equal(second.code, 'INVALID_ARGUMENT');
    t.match(second.message, /does not exist or has already been used/);
    t.ok(!second.message.includes(token), 'the message holds no token');
    const listed = (await api.listAgents()).find(({ spiffeId }) => spiffeId === first.spiffeId);
    assert.equal(listed?.attestationType, 'join_token');
    t.equal(BigInt(listed.serialNumber).toString(16), readCertificate(first.chain[0]!).serial.replace(/^0/, ''));
    await api.banAgent(first.spiffeId);
    t.equal((await api.listAgents()).find(({ spiffeId }) => spiffeId === first.spiffeId)?.banned, true);
    await api.deleteAgent(first.spiffeId);
    await t.rejects(api.deleteAgent(first.spiffeId), { name: /^ServerApiError$/, code: /^NOT_FOUND$/ });
  });

  await t.test('an expired join token is refused with its reason', async (t) => {
    const { value: token, expiresAt } = await api.createJoinToken({ ttlSeconds: 1 });
    await sleep(expiresAt.getTime() - Date.now() + 1100);
    const outcome = await attest(token);
    assert.equal(outcome.outcome, 'refused');
    t.match(outcome.message, /INVALID_ARGUMENT.*join token expired/);
  });

  await t.test('of eight agents racing for a join token one attests and seven are refused', async (t) => {
    const { value: token } = await api.createJoinToken({ ttlSeconds: 60 });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => attest(token)));
    t.strictSame(outcomes.map(({ outcome }) => outcome).sort(), ['attested', ...Array<string>(7).fill('refused')]);
  });

  await t.test("a server that is not the trust domain's own gets no token", async (t) => {
    const { value: token } = await api.createJoinToken({ ttlSeconds: 60 });
    const otherName = await attest(token, { trustDomain: 'other.test' });
    assert.equal(otherName.outcome, 'unknown');
    t.match(
      otherName.message,
      /server is spiffe:\/\/clients\.test\/spire\/server, wanted spiffe:\/\/other\.test\/spire\/server/,
    );
    const noTrust = await attest(token, { authoritiesDer: [] });
    t.equal(noTrust.outcome, 'unknown');
    const nobody = await attest(token, { address: `${host}:${await freePort(host)}` });
    t.equal(nobody.outcome, 'unknown');
    t.equal((await attest(token)).outcome, 'attested');
  });

  await t.test('mints an SVID of the lifetime asked for', async (t) => {
    const spiffeId = `spiffe://${trustDomain}/minted`;
    const { csrDer } = await request(spiffeId);
    const { chain, expiresAt } = await api.mintX509Svid({ csrDer, ttlSeconds: 3 });
    const leaf = readCertificate(chain[0]!);
    t.strictSame(leaf.uriSans, [spiffeId]);
    t.equal(leaf.notAfter.getTime(), expiresAt.getTime());
    t.ok(expiresAt.getTime() - Date.now() <= 4000);
  });

  await t.test('entries appear in the stream, and deleting them withdraws the identity', async (t) => {
    using seen = watch();
    await eventually('no identity at first', () => seen.withdrawn.length === 1);
    await t.rejects(fetchX509Context(workloadSocket, { withinMs: 2000 }), {
      name: /^WorkloadApiError$/,
      code: /^PERMISSION_DENIED$/,
    });
    const spiffeId = `spiffe://${trustDomain}/web`;
    const ids = await api.createEntries([{ spiffeId, parentId, selectors, x509TtlSeconds: 30 }]);
    t.equal(ids.length, 1);
    const listed = (await api.listEntries()).find(({ id }) => id === ids[0]);
    t.strictSame(listed, { id: ids[0], spiffeId, parentId, selectors, x509TtlSeconds: 30, federatesWith: [] });
    t.ok(
      await t
        .rejects(
          api.createEntries([
            { spiffeId: `spiffe://${trustDomain}/ok`, parentId, selectors },
            { spiffeId, parentId, selectors },
          ]),
        )
        .then(
          (error) =>
            error instanceof ServerApiError &&
            error.code === 'ALREADY_EXISTS' &&
            /1 of 2 refused: spiffe:\/\/clients\.test\/web: ALREADY_EXISTS/.test(error.message),
        ),
    );
    await eventually('two SVIDs', () => seen.updates.at(-1)?.svids.length === 2);
    const context = await fetchX509Context(workloadSocket, { withinMs: 2000 });
    t.strictSame(context.svids.map((svid) => svid.spiffeId).sort(), [`spiffe://${trustDomain}/ok`, spiffeId]);
    for (const svid of context.svids) t.strictSame(readCertificate(svid.chain[0]!).uriSans, [svid.spiffeId]);
    t.strictSame([...context.bundles.keys()], [trustDomain]);
    const entries = await api.listEntries();
    await api.deleteEntries(entries.filter(({ parentId: parent }) => parent === parentId).map(({ id }) => id));
    await eventually('withdrawn again', () => seen.withdrawn.length === 2);
    await t.rejects(api.deleteEntries([ids[0]!]), { name: /^ServerApiError$/, code: /^NOT_FOUND$/ });
    t.strictSame(seen.trouble, []);
  });

  await t.test(
    "appended authorities and federated bundles reach the stream, which survives the agent's restart",
    async (t) => {
      using seen = watch();
      const foreign = await foreignAuthority();
      await api.setFederatedBundle({ trustDomain: 'partner.test', authorities: [foreign] });
      const [id] = await api.createEntries([
        { spiffeId: `spiffe://${trustDomain}/api`, parentId, selectors, federatesWith: ['partner.test'] },
      ]);
      await eventually('federated bundle', () => seen.updates.at(-1)?.bundles.get('partner.test')?.length === 1);
      t.strictSame(seen.updates.at(-1)?.bundles.get('partner.test'), [foreign]);
      const before = (await api.getBundle()).authorities.length;
      await api.appendAuthorities([foreign]);
      await eventually(
        'appended authority',
        () => seen.updates.at(-1)?.bundles.get(trustDomain)?.length === before + 1,
      );
      const bundle = await api.getBundle();
      t.equal(bundle.trustDomain, trustDomain);
      t.strictSame(bundle.authorities.at(-1), { der: foreign, tainted: false });

      await stop(agent);
      await eventually('trouble told', () => seen.trouble.length > 0);
      const updates = seen.updates.length;
      agent = run('spire-agent', join(dir, 'agent.conf'));
      await eventually('stream again', () => seen.updates.length > updates);
      await api.deleteEntries([id!]);
      await eventually('withdrawn', () => seen.withdrawn.length === 2);
    },
  );

  await t.test('the X.509 authority is prepared, activated, tainted and revoked', async (t) => {
    const [id] = await api.createEntries([{ spiffeId: `spiffe://${trustDomain}/rotated`, parentId, selectors }]);
    using seen = watch();
    await eventually('SVID', () => seen.updates.length > 0);
    const issuerNow = () => authorityId(readCertificate(seen.updates.at(-1)!.svids[0]!.chain[0]!));
    const { active } = await api.getX509AuthorityState();
    t.equal(issuerNow(), active?.authorityId);
    await t.rejects(api.taintX509Authority(active!.authorityId), { name: /^ServerApiError$/ });
    const prepared = await api.prepareX509Authority();
    t.equal((await api.getX509AuthorityState()).prepared?.authorityId, prepared.authorityId);
    await eventually('new authority delivered', () =>
      seen.updates
        .at(-1)!
        .bundles.get(trustDomain)!
        .some((der) => readCertificate(der).subjectKeyId === prepared.authorityId),
    );
    await api.activateX509Authority(prepared.authorityId);
    t.strictSame((({ active: now, old }) => [now?.authorityId, old?.authorityId])(await api.getX509AuthorityState()), [
      prepared.authorityId,
      active!.authorityId,
    ]);
    await eventually('SVID of the new authority', () => issuerNow() === prepared.authorityId);
    const serial = async () => (await api.listAgents()).find(({ banned }) => !banned)!.serialNumber;
    const before = await serial();
    await t.rejects(api.revokeX509Authority(active!.authorityId), { name: /^ServerApiError$/ });
    await api.taintX509Authority(active!.authorityId);
    t.equal((await api.getBundle()).authorities.filter(({ tainted }) => tainted).length, 1);
    // Revoked before the agent saw the taint, it would keep an SVID of the revoked authority and be locked out at its next connection.
    await eventually('agent has a new SVID', async () => (await serial()) !== before);
    await api.revokeX509Authority(active!.authorityId);
    await eventually(
      'old authority gone',
      () =>
        !seen.updates
          .at(-1)!
          .bundles.get(trustDomain)!
          .some((der) => readCertificate(der).subjectKeyId === active!.authorityId),
    );
    await api.deleteEntries([id!]);
  });
});

function watching(socket: string) {
  const updates: X509Context[] = [];
  const withdrawn: string[] = [];
  const trouble: Error[] = [];
  const watch = watchX509Context(socket, {
    onUpdate: (context) => updates.push(context),
    onWithdrawn: (reason) => withdrawn.push(reason),
    onTrouble: (error) => trouble.push(error),
  });
  return { updates, withdrawn, trouble, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 15_000; !(await holds()); await sleep(20)) {
    if (performance.now() > end) throw new Error(`${what}: not within 15 s`);
  }
}

async function request(spiffeId?: string): Promise<{ csrDer: Uint8Array }> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const extensions =
    spiffeId === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId }])];
  const csr = await Pkcs10CertificateRequestGenerator.create({
    keys,
    extensions,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return { csrDer: new Uint8Array(csr.rawData) };
}

async function foreignAuthority(): Promise<Uint8Array> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    keys,
    name: 'CN=partner',
    serialNumber: '01',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectAlternativeNameExtension([{ type: 'url', value: 'spiffe://partner.test' }]),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

function serverConfig(dir: string, port: number): string {
  return `
server {
  bind_address = "${host}"
  bind_port = ${port}
  socket_path = "${dir}/server.sock"
  trust_domain = "${trustDomain}"
  data_dir = "${dir}"
  log_level = "DEBUG"
  log_format = "json"
  audit_log_enabled = true
  default_x509_svid_ttl = "6s"
  agent_ttl = "1h"
  ratelimit { attestation = false }
  experimental {
    cache_reload_interval = "200ms"
  }
}
plugins {
  DataStore "sql" { plugin_data { database_type = "sqlite3" connection_string = "${dir}/datastore.sqlite3" } }
  KeyManager "memory" { plugin_data {} }
  NodeAttestor "join_token" { plugin_data {} }
}
`;
}

function agentConfig(dir: string, port: number, token: string): string {
  return `
agent {
  server_address = "${host}"
  server_port = ${port}
  socket_path = "${dir}/agent/api.sock"
  trust_domain = "${trustDomain}"
  trust_bundle_path = "${dir}/bundle.pem"
  data_dir = "${dir}/agent"
  join_token = "${token}"
  log_level = "DEBUG"
  log_format = "json"
  experimental {
    sync_interval = "200ms"
  }
}
plugins {
  KeyManager "disk" { plugin_data { directory = "${dir}/agent" } }
  NodeAttestor "join_token" { plugin_data {} }
  WorkloadAttestor "unix" { plugin_data {} }
}
`;
}

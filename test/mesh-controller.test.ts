import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { startSpireAgent } from '../fixtures/spire/spire-agent.ts';
import { startSpireServer } from '../fixtures/spire/spire-server.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { SpiffeController, type MtlsConnection, type RegistrationRecord } from '../mesh/index.ts';
import { fetchX509Context } from '../spiffe/workload-api.ts';
import { hostPort } from '../src/host-port.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// The controller and the selector mesh:node_id on a real SPIRE: two nodes whose agents have one ID in common, so that nothing but the selector tells
// them apart.

t.setTimeout(120_000);

const { trustDomain } = usualServer;
const id = (path: string) => `spiffe://${trustDomain}${path}`;
const [node1, node2] = [id('/node/node-001'), id('/node/node-002')];
const uid = String(process.getuid!());
const svidTtlSeconds = 6;

const tools = await locateTools(['spire-server', 'spire-agent', 'assay-mesh-attestor'], { onProgress() {} });
const program = tools['assay-mesh-attestor'].path;
const out = mkdtempSync(join(tmpdir(), 'assay-test-'));
await using runtime = startProcesses(out);
t.after(() => rmSync(out, { recursive: true }));
const spire = await startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name: 'spire' });
const authorities = (await spire.api.getBundle()).authorities.map(({ der }) => pem('CERTIFICATE', der)).join('');

async function nodeOf(name: string) {
  const host = await runtime.startHost({ name, ports: [], innerPorts: ['metrics'] });
  const token = await spire.api.createJoinToken({ ttlSeconds: 300, agentId: id('/nodes') });
  const controller = new SpiffeController({
    trustDomain,
    endpointSocket: `unix://${join(host.dir, 'agent.sock')}`,
    async bootstrapAgent(attestation) {
      await startSpireAgent(runtime, tools['spire-agent'].path, host, {
        ...{ trustDomain, serverAddress: spire.host.address('api'), bootstrapBundlePem: authorities },
        joinToken: attestation.strategy === 'join_token' ? attestation.token : '',
        ...{ syncIntervalMs: 200, requirePqKem: false, meshAttestor: { program, nodeId: name } },
      });
    },
  });
  const trouble: string[] = [];
  controller.on('trouble', ({ message }) => trouble.push(message));
  return { controller, token: token.value, trouble, socket: join(host.dir, 'agent.sock') };
}

const audit: RegistrationRecord[] = [];
const registrar = new SpiffeController({
  trustDomain,
  registrar: spire.api,
  audit: (record) => void audit.push(record),
});
const registered = (spiffeId: string, nodeId: string) =>
  registrar.registerWorkload({
    spiffeId,
    parentId: id('/nodes'),
    selectors: { 'mesh:node_id': nodeId, 'unix:uid': uid },
    x509TtlSeconds: svidTtlSeconds,
  });

await t.test('a node whose ID is none is no node: its agent does not start, and says why', async (t) => {
  const config = join(out, 'agent.conf');
  writeFileSync(config, agentWith({ nodeId: 'node/bad', token: 'none' }));
  const started = promisify(execFile)(tools['spire-agent'].path, ['run', '-config', config], { timeout: 20_000 });
  const said = await started.catch((error: unknown) => String((error as { stdout?: string }).stdout));
  t.match(said, /node_id is .*node\/bad.*; wanted is one segment of a SPIFFE ID/);
});

function agentWith({ nodeId, token }: { nodeId: string; token: string }): string {
  const bundle = join(out, 'bundle.pem');
  writeFileSync(bundle, authorities);
  const { host, port } = hostPort(spire.host.address('api'));
  return `
agent {
  data_dir = "${out}/agent"
  server_address = "${host}"
  server_port = ${port}
  socket_path = "${out}/agent.sock"
  trust_domain = "${trustDomain}"
  trust_bundle_path = "${bundle}"
  join_token = "${token}"
}
plugins {
  KeyManager "memory" { plugin_data {} }
  NodeAttestor "join_token" { plugin_data {} }
  WorkloadAttestor "mesh" { plugin_cmd = "${program}" plugin_data { node_id = "${nodeId}" } }
}
`;
}

const [first, second] = [await nodeOf('node-001'), await nodeOf('node-002')];
await registered(node1, 'node-001');

await t.test('an agent that is away is waited for, and a token brings it', async (t) => {
  const early = first.controller.initialize();
  await eventually('it says that there is no agent', () => /UNAVAILABLE/.test(first.trouble.at(-1) ?? ''), {
    withinMs: 5_000,
  });
  await first.controller.initialize({ attestationStrategy: 'join_token', token: first.token });
  await early;
  t.equal(first.controller.getIdentity().spiffeId, node1);
});

await t.test('mesh:node_id gives an identity on its node, and none on the other', async (t) => {
  const initialized = second.controller.initialize({ attestationStrategy: 'join_token', token: second.token });
  await eventually('it is told that there is none', () => /no identity issued/.test(second.trouble.at(-1) ?? ''), {
    withinMs: 20_000,
  });
  t.equal(first.controller.getIdentity().spiffeId, node1, 'by the same entry, the same user has one there');
  // A neighbour of another user: its entry is no way in.
  await registrar.registerWorkload({
    ...{ spiffeId: id('/service/other'), parentId: id('/nodes') },
    selectors: { 'mesh:node_id': 'node-002', 'unix:uid': String(Number(uid) + 1) },
  });
  await registered(node2, 'node-002');
  await initialized;
  t.equal(second.controller.getIdentity().spiffeId, node2);
  t.strictSame(
    audit.map(({ outcome, forced }) => [outcome, forced]),
    [1, 2, 3].flatMap(() => [
      ['asked', false],
      ['made', false],
    ]),
  );
});

await t.test('by the entry of the deployment document a node has its own ID', async (t) => {
  // As a join token does that was made for the node.
  const [parentId, value] = [id('/spire/server'), id(`/spire/agent/join_token/${first.token}`)];
  await spire.api.createEntries([{ spiffeId: node1, parentId, selectors: [{ type: 'spiffe_id', value }] }]);
  await registrar.registerWorkload({
    spiffeId: node1,
    selectors: { 'mesh:node_id': 'node-001', 'unix:uid': uid },
    x509TtlSeconds: svidTtlSeconds,
  });
  const ids = async () =>
    (await fetchX509Context(first.socket, { withinMs: 5_000 })).svids.map(({ spiffeId }) => spiffeId);
  await eventually('the agent hands out both', async () => (await ids()).length === 2, { withinMs: 20_000 });
  t.strictSame(await ids(), [node1, node1]);
});

await t.test('no request is lost while SPIRE renews, and who is withdrawn is lost', async (t) => {
  const accepted: MtlsConnection[] = [];
  const listener = await second.controller.listen({ address: '127.0.0.1:0', allow: [node1] }, (connection) => {
    accepted.push(connection);
    connection.on('error', () => undefined).on('data', (chunk: Buffer) => connection.write(chunk));
  });
  let [rotated, replaced, asked] = [0, 0, 0];
  first.controller.on('rotated', () => (rotated += 1));
  const connection = await first.controller.establishMtlsConnection({ peerSpiffeId: node2, address: listener.address });
  connection.on('replaced', () => (replaced += 1));
  t.equal(accepted.length === 0 || accepted[0]!.peerSpiffeId === node1, true);
  const untilMs = Date.now() + 3 * svidTtlSeconds * 1_000;
  while (replaced < 1 && Date.now() < untilMs) {
    connection.write(`${asked}\n`);
    const [answer] = (await once(connection, 'data')) as [Buffer];
    if (String(answer) !== `${asked}\n`) t.equal(String(answer), `${asked}\n`);
    asked += 1;
    connection.boundary();
  }
  t.ok(replaced >= 1 && rotated >= 2 && asked >= 20, `${replaced} replaced, ${rotated} rotated, ${asked} asked`);
  t.equal(accepted.at(-1)?.peerSpiffeId, node1);

  const lost = once(first.controller, 'lost');
  const fate = new Promise<Error>((resolve) => connection.once('error', resolve));
  const entries = (await spire.api.listEntries()).filter(
    ({ spiffeId, selectors }) => spiffeId === node1 && selectors.length > 1,
  );
  await spire.api.deleteEntries(entries.map(({ id }) => id));
  t.match(await lost, [/^withdrawn: /]);
  t.equal((await fate).name, 'IdentityLostError');
  await Promise.all([first.controller.close(), second.controller.close()]);
  t.ok(accepted.every(({ closed }) => closed));
});

await t.test('the plugin ends with its agent, however that ends', async (t) => {
  const { value } = await spire.api.createJoinToken({ ttlSeconds: 300, agentId: id('/nodes') });
  const config = join(out, 'agent.conf');
  writeFileSync(config, agentWith({ nodeId: 'node-003', token: value }), { mode: 0o600 });
  const agent = spawn(tools['spire-agent'].path, ['run', '-config', config], { stdio: 'ignore' });
  t.teardown(() => agent.kill('SIGKILL'));
  const plugins = () =>
    readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && parentOf(pid) === agent.pid && commandOf(pid).startsWith(program),
    );
  await eventually('it has started the plugin', () => plugins().length === 1, { withinMs: 20_000 });
  const [plugin] = plugins();
  agent.kill('SIGKILL');
  await t.resolves(
    eventually('the plugin of an agent that was killed is gone', () => commandOf(plugin!) === '', { withinMs: 5_000 }),
  );
});

/** What the kernel tells of a process; nothing of one that is gone. */
function told(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(told(pid, 'status'))?.[1]);
}

function commandOf(pid: string): string {
  return told(pid, 'cmdline');
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { startSpireAgent } from '../fixtures/spire/spire-agent.ts';
import { startSpireServer } from '../fixtures/spire/spire-server.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { assay, makePlace } from './cli-run.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// `assay mesh status` beside a real agent: a right identity, none, one that nobody renews any more, and an agent that is not there.

t.setTimeout(120_000);

const { trustDomain } = usualServer;
const id = (path: string) => `spiffe://${trustDomain}${path}`;
const svidTtlSeconds = 6;

const tools = await locateTools(['spire-server', 'spire-agent'], { onProgress() {} });
await using place = makePlace();
await using runtime = startProcesses(join(place.dir, 'run'));
const spire = await startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name: 'spire' });
const token = await spire.api.createJoinToken({ ttlSeconds: 300, agentId: id('/node/node-001') });
const host = await runtime.startHost({ name: 'node-001', ports: [], innerPorts: ['metrics'] });
await startSpireAgent(runtime, tools['spire-agent'].path, host, {
  ...{ trustDomain, serverAddress: spire.host.address('api'), requirePqKem: false, syncIntervalMs: 200 },
  bootstrapBundlePem: (await spire.api.getBundle()).authorities.map(({ der }) => pem('CERTIFICATE', der)).join(''),
  joinToken: token.value,
});
const socket = `unix://${join(host.dir, 'agent.sock')}`;
const at = ['--workload-api', socket, '--agent-data', join(host.dir, 'agent')];

await t.test('who is handed no identity is told why', async (t) => {
  const ended = await assay(place, ['mesh', 'status', ...at]);
  t.equal(ended.code, 1, ended.stderr);
  t.match(
    ended.stdout,
    /! this process \(uid \d+\) is handed no identity: no entry of this agent has selectors that fit it/,
  );
});

await t.test('an identity, until when it is one, and until when its agent can come back', async (t) => {
  await spire.api.createEntries([
    {
      ...{ spiffeId: id('/service/api'), parentId: id('/node/node-001'), x509TtlSeconds: svidTtlSeconds },
      selectors: [{ type: 'unix', value: `uid:${process.getuid!()}` }],
    },
  ]);
  let said = '';
  await eventually(
    'an identity is handed out',
    async () => {
      const ended = await assay(place, ['mesh', 'status', ...at, '--json']);
      said = ended.stdout;
      return ended.code === 0;
    },
    { withinMs: 30_000 },
  );
  const { identities, bundles, agent, wrong } = JSON.parse(said) as Record<string, never>;
  t.match(identities, [{ spiffeId: id('/service/api'), intermediates: 0 }]);
  const [{ notBefore, renewedAt, lateFrom, notAfter }] = identities as unknown as [Record<string, string>];
  const [from, half, late, to] = [notBefore, renewedAt, lateFrom, notAfter].map((one) => Date.parse(one!)) as [
    number,
    number,
    number,
    number,
  ];
  t.ok(Math.abs((half - from) / (to - from) - 0.5) < 0.01);
  t.ok(Math.abs((late - from) / (to - from) - 0.8) < 0.01);
  t.match(bundles, [{ trustDomain, authorities: [{ id: /^[0-9a-f]{40}$/ }] }]);
  t.match(agent, { spiffeId: /\/spire\/agent\/join_token\//, reattestable: false });
  t.strictSame(wrong, []);
  const words = (await assay(place, ['mesh', 'status', ...at])).stdout;
  t.match(words, /spiffe:\/\/x0tta6bl4\.mesh\/service\/api\n {2}SVID {6}ends in \d s/);
  t.match(words, /an agent that is off until then cannot come back by itself, as its join token is used up/);
  t.notMatch(`${said}${words}`, new RegExp(`PRIVATE KEY|"privateKey|${token.value}`));
});

await t.test('the nodes of a server, and one that is expected and was never attested', async (t) => {
  const server = ['--spire-server', `unix://${join(spire.host.dir, 'api.sock')}`];
  const right = await assay(place, ['mesh', 'agents', ...server, '--expect', id('/node/node-001')]);
  t.equal(right.code, 0, right.stderr);
  t.match(
    right.stdout,
    /^✓ spiffe:\/\/x0tta6bl4\.mesh\/node\/node-001 {2}by join_token; its agent's SVID ends in (59|60) min, and cannot come back by itself when it is off until then; 1 entry$/m,
  );
  const lacking = await assay(place, [
    'mesh',
    'agents',
    ...server,
    '--json',
    '--expect',
    [1, 2].map((nth) => id(`/node/node-00${nth}`)).join(','),
  ]);
  t.equal(lacking.code, 1, lacking.stderr);
  t.match(JSON.parse(lacking.stdout), [
    {
      node: id('/node/node-001'),
      entries: 1,
      agents: [{ attestedBy: 'join_token', banned: false, reattestable: false }],
    },
    { node: id('/node/node-002'), entries: 0, agents: [], wrong: 'no agent of it was attested' },
  ]);
  t.notMatch(`${right.stdout}${lacking.stdout}`, token.value);
  const gone = await assay(place, ['mesh', 'agents', '--spire-server', `unix://${join(place.dir, 'no.sock')}`]);
  t.equal(gone.code, 3, gone.stdout);
  const odd = await assay(place, ['mesh', 'agents', ...server, '--expect', 'node-001']);
  t.equal(odd.code, 2);
  t.match(odd.stderr, /--expect node-001: .*wanted is a SPIFFE ID/);
});

await t.test('an identity that nobody renews any more is late, and says so before it ends', async (t) => {
  spire.signal('SIGSTOP');
  t.teardown(() => spire.signal('SIGCONT'));
  const seen: string[] = [];
  await eventually(
    'it is told to be late',
    async () => {
      const ended = await assay(place, ['mesh', 'status', ...at, '--json']);
      seen.push(...(JSON.parse(ended.stdout) as { wrong: string[] }).wrong);
      return ended.code === 1;
    },
    { withinMs: 30_000 },
  );
  t.match(seen, [/was to be renewed, at .* at the latest, and was not|is refused by its own trust bundle: expired/]);
});

await t.test('an agent that is not there, or says nothing, leaves it open', async (t) => {
  const gone = await assay(place, ['mesh', 'status', '--workload-api', `unix://${join(place.dir, 'no.sock')}`]);
  t.equal(gone.code, 3, gone.stdout);
  t.match(gone.stderr, /UNAVAILABLE.*Is the agent running, is that its socket/);
  const silent = createServer(() => undefined).listen(join(place.dir, 'silent.sock'));
  await once(silent, 'listening');
  const mute = await assay(place, [
    'mesh',
    'status',
    '--workload-api',
    `unix://${join(place.dir, 'silent.sock')}`,
    '--within',
    '1s',
  ]);
  silent.close();
  assert.equal(mute.code, 3, mute.stdout);
  const odd = await assay(place, ['mesh', 'status', '--workload-api', '/no/scheme']);
  t.equal(odd.code, 2);
  t.match(odd.stderr, /no scheme; wanted unix:\/\//);
  const nowhere = await assay(place, ['mesh', 'status', '--workload-api', socket, '--agent-data', place.dir]);
  t.equal(nowhere.code, 2);
  t.match(nowhere.stderr, /wanted is the data_dir of a SPIRE agent that was attested/);
});

await t.test('a node that was off for too long comes back by a new token, with its ID and its entries', async (t) => {
  const second = await startSpireServer(runtime, tools['spire-server'].path, {
    ...{ ...usualServer, name: 'second', agentTtlSeconds: 10 },
  });
  const bootstrapBundlePem = (await second.api.getBundle()).authorities
    .map(({ der }) => pem('CERTIFICATE', der))
    .join('');
  const node = id('/node/node-002');
  const first = await second.api.createJoinToken({ ttlSeconds: 300, agentId: node });
  const away = await runtime.startHost({ name: 'node-002', ports: [], innerPorts: ['metrics'] });
  const join_ = (joinToken: string) =>
    startSpireAgent(runtime, tools['spire-agent'].path, away, {
      ...{ trustDomain, serverAddress: second.host.address('api'), requirePqKem: false, syncIntervalMs: 200 },
      ...{ bootstrapBundlePem, joinToken },
    });
  const agent = await join_(first.value);
  await second.api.createEntries([
    {
      ...{ spiffeId: id('/service/api'), parentId: node },
      selectors: [{ type: 'unix', value: `uid:${process.getuid!()}` }],
    },
  ]);
  const server = ['--spire-server', `unix://${join(second.host.dir, 'api.sock')}`];
  const tokenFile = join(place.dir, 'token');
  const rejoin = (...more: readonly string[]) =>
    assay(place, ['mesh', 'rejoin', ...server, '--node', node, '--token-file', tokenFile, ...more]);
  const living = await rejoin();
  t.equal(living.code, 2, living.stdout);
  t.match(living.stderr, /an agent of it can go on until .* comes back by itself until then/);
  t.notOk(existsSync(tokenFile));
  await agent.stop();
  const agents = () => assay(place, ['mesh', 'agents', ...server, '--expect', node]);
  await eventually('its agent has ended', async () => (await agents()).code === 1, { withinMs: 30_000 });
  t.match(
    (await agents()).stdout,
    /✗ .*node-002 {2}its agent's SVID has ended, .*by a join token, which is used up, and wants a new one/,
  );
  const again = await rejoin();
  t.equal(again.code, 0, again.stderr);
  t.match(again.stdout, /can join once more.*\n1 agent of it that had ended was removed; its entries are as they were/);
  const token = readFileSync(tokenFile, 'utf8').trim();
  t.equal(statSync(tokenFile).mode & 0o777, 0o600);
  t.notMatch(`${again.stdout}${again.stderr}`, token);
  const taken = await rejoin();
  t.equal(taken.code, 2);
  t.match(taken.stderr, /wanted is a file that is not there yet/);
  t.equal(readFileSync(tokenFile, 'utf8').trim(), token);
  const stranger = await assay(place, [
    'mesh',
    'rejoin',
    ...server,
    '--node',
    id('/node/node-009'),
    '--token-file',
    `${tokenFile}-9`,
  ]);
  t.equal(stranger.code, 2);
  t.match(stranger.stderr, /no token was ever made for this node/);
  await join_(token);
  await eventually(
    'its workload has its identity again',
    async () => {
      const told = await assay(place, ['mesh', 'status', '--workload-api', `unix://${join(away.dir, 'agent.sock')}`]);
      return told.code === 0 && told.stdout.startsWith(id('/service/api'));
    },
    { withinMs: 30_000 },
  );
  t.equal((await agents()).code, 0);
});

await t.test('a node whose agent is banned', async (t) => {
  spire.signal('SIGCONT');
  const server = ['--spire-server', `unix://${join(spire.host.dir, 'api.sock')}`];
  const [agent] = await spire.api.listAgents();
  await spire.api.banAgent(agent!.spiffeId);
  const banned = await assay(place, ['mesh', 'agents', ...server]);
  t.equal(banned.code, 1);
  t.match(banned.stdout, /✗ spiffe:\/\/x0tta6bl4\.mesh\/node\/node-001 {2}its agent is banned/);
});

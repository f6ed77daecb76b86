import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { startSpireServer, type SpireServer } from '../fixtures/spire/spire-server.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { hostPort } from '../src/host-port.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { assay, makePlace, startCli, type Ended } from './cli-run.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// `assay mesh bootstrap` at a real SPIRE server, at one that is somebody else's, and with tokens that are no good.

t.setTimeout(180_000);

const { trustDomain } = usualServer;
const node = (name: string) => `spiffe://${trustDomain}/node/${name}`;

const tools = await locateTools(['spire-server', 'spire-agent'], { onProgress() {} });
await using place = makePlace();
await using runtime = startProcesses(join(place.dir, 'run'));
const start = (name: string) => startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name });
const [spire, rogue] = await Promise.all([start('spire'), start('rogue')]);
const bundle = join(place.dir, 'bundle.pem');
const authorities = (await spire.api.getBundle()).authorities.map(({ der }) => pem('CERTIFICATE', der)).join('');
writeFileSync(bundle, authorities);
const digest = createHash('sha256').update(authorities).digest('hex');
const tokens: string[] = [];

async function tokenFor(name: string, ttlSeconds = 300): Promise<string> {
  const { value } = await spire.api.createJoinToken({ ttlSeconds, agentId: node(name) });
  tokens.push(value);
  const file = join(place.dir, `${name}-${tokens.length}.token`);
  writeFileSync(file, `${value}\n`, { mode: 0o600 });
  return file;
}

async function register(name: string): Promise<void> {
  const selectors = [{ type: 'unix', value: `uid:${process.getuid!()}` }];
  await spire.api.createEntries([{ spiffeId: node(name), parentId: node(name), selectors }]);
}

const flagsOf = (name: string, server: string | SpireServer = spire) => [
  ...[
    'mesh',
    'bootstrap',
    '--node-id',
    name,
    '--trust-domain',
    trustDomain,
    '--spire-agent',
    tools['spire-agent'].path,
  ],
  ...['--server', typeof server === 'string' ? server : server.host.address('api')],
  ...['--bundle', bundle, '--bundle-sha256', digest],
  ...['--dir', join(place.dir, name), '--socket', join(place.dir, name, 'public', 'api.sock')],
];

const bootstrap = (...flags: readonly string[]) => assay(place, flags);

/** One that goes on as the agent, when it has told the node: whoever asks before that starts an agent, too. */
async function staying(flags: readonly string[]) {
  const cli = startCli(place, [...flags, '--stay']);
  let said = '';
  cli.child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await eventually('it is attested', () => said.includes('spiffe://'), {
    withinMs: 30_000,
    unless: () => (cli.child.exitCode === null ? undefined : `it ended with ${cli.child.exitCode}`),
  });
  return cli;
}

function isRefused(t: Test, { code, stdout, stderr }: Ended, says: RegExp, wanted = 2): void {
  t.equal(code, wanted, `${stdout}${stderr}`);
  t.match(stderr.replaceAll(/\s+/g, ' '), says);
  t.notMatch(stderr, /at file:|a defect/);
}

await t.test('a token brings a node its identity, and its agent needs none the next time', async (t) => {
  await register('node-001');
  const flags = flagsOf('node-001');
  const dry = await bootstrap(...flags, '--token-file', await tokenFor('node-001'), '--dry-run');
  t.equal(dry.code, 0, dry.stderr);
  t.match(dry.stdout, /would write .* have the agent attested/);
  t.notOk(existsSync(join(place.dir, 'node-001')));
  isRefused(t, await bootstrap(...flags), /wants the file of a join token for .*node-001/);
  const first = await bootstrap(...flags, '--token-file', await tokenFor('node-001'));
  t.equal(first.code, 0, first.stderr);
  t.match(
    first.stdout,
    /^spiffe:\/\/x0tta6bl4\.mesh\/node\/node-001\nThe node is attested\. Its agent ends with this command; start it by: /m,
  );
  const again = await bootstrap(...flags, '--json');
  t.equal(again.code, 0, again.stderr);
  t.match(JSON.parse(again.stdout), { node: node('node-001'), attested: 'before' });
  t.strictSame(
    place.processes().filter((one) => one.includes(join(place.dir, 'node-001', 'agent.conf'))),
    [],
    'its agent has ended with it',
  );
  const config = readFileSync(join(place.dir, 'node-001', 'agent.conf'), 'utf8');
  t.notMatch(config, /insecure|join_token =/);
});

await t.test('one that goes on keeps its token, whoever begins another', async (t) => {
  const flags = flagsOf('node-009', `127.0.0.1:${await freePort()}`);
  const first = startCli(place, [...flags, '--token-file', await tokenFor('node-009')]);
  t.teardown(() => first.child.kill('SIGKILL'));
  const dir = join(place.dir, 'node-009');
  const held = () => (existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith('.token-')) : []);
  await eventually('its token lies there', () => held().length === 1, { withinMs: 20_000, everyMs: 20 });
  const before = held();
  const second = await bootstrap(...flags, '--token-file', await tokenFor('node-009'));
  isRefused(t, second, /node-009: another bootstrap goes on there, of process \d+/);
  t.strictSame(held(), before);
});

await t.test('who answers has to be whom the bundle vouches for', async (t) => {
  const token = ['--token-file', await tokenFor('node-002')];
  isRefused(
    t,
    await bootstrap(...flagsOf('node-002', rogue), ...token),
    /the node is not attested: whoever answers at that address is not the server that the bundle vouches for/,
  );
  const flags = flagsOf('node-002').map((word) =>
    word === digest ? digest.replace(/^./, (first) => (first === '0' ? '1' : '0')) : word,
  );
  isRefused(t, await bootstrap(...flags, ...token), /its SHA-256 is [0-9a-f]{64}, and not [0-9a-f]{64}/);
  await register('node-002');
  const right = await bootstrap(...flagsOf('node-002'), ...token);
  t.equal(right.code, 0, 'the token was shown to nobody');
});

await t.test('a token that is no good is explained, and none stays behind', async (t) => {
  const used = await tokenFor('node-003');
  await register('node-003');
  t.equal((await bootstrap(...flagsOf('node-003'), '--token-file', used)).code, 0);
  isRefused(
    t,
    await bootstrap(...flagsOf('node-004'), '--token-file', used),
    /the join token was used already, or was never made by this server/,
  );
  const brief = await tokenFor('node-004', 1);
  const made = Date.now();
  await eventually('the token has ended', () => Date.now() > made + 2_100, { withinMs: 5_000 });
  isRefused(
    t,
    await bootstrap(...flagsOf('node-004'), '--token-file', brief),
    /the join token has expired|was used already/,
  );
  const empty = join(place.dir, 'empty');
  writeFileSync(empty, '\n', { mode: 0o600 });
  isRefused(t, await bootstrap(...flagsOf('node-004'), '--token-file', empty), /holds no join token/);
  isRefused(t, await bootstrap(...flagsOf('node/4'), '--token-file', used), /is no segment of a SPIFFE ID/);
  for (const name of ['node-001', 'node-002', 'node-003', 'node-004'])
    for (const file of readdirSync(join(place.dir, name), { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || file.name === 'agent-data.json') continue;
      const text = readFileSync(join(file.parentPath, file.name), 'latin1');
      // An agent is called by the token that it came by, which is spent.
      const unspent = text.replaceAll(/\/spire\/agent\/join_token\/[0-9a-f-]+/g, '');
      for (const token of tokens) t.notOk(unspent.includes(token), `${file.name} of ${name}`);
    }
});

await t.test('an agent that runs already is left alone, and one that dies is told', async (t) => {
  await register('node-008');
  const flags = flagsOf('node-008');
  const stays = await staying([...flags, '--token-file', await tokenFor('node-008')]);
  const again = await bootstrap(...flags);
  t.equal(again.code, 0, again.stderr);
  t.match(again.stdout, /node-008\nIts agent runs already/);
  const socket = flags.at(-1)!;
  const other = flagsOf('node-009').map((word) => (word.endsWith('api.sock') ? socket : word));
  isRefused(
    t,
    await bootstrap(...other, '--token-file', await tokenFor('node-009')),
    /an agent answers there already, and hands out .*node-008; end it, or name another path/,
  );
  const agents = place
    .processes()
    .filter((one) => one.includes(`${flags.at(-3)}/agent.conf`) && !one.includes('cli/assay.ts'));
  t.equal(agents.length, 1);
  process.kill(Number.parseInt(agents[0]!), 'SIGKILL');
  isRefused(t, await stays.ended, /the agent was ended by SIGKILL; look at/, 3);
  // Its socket is still there, and nobody answers.
  t.equal((await bootstrap(...flags)).code, 0);
  const left = await staying(flags);
  left.child.kill('SIGINT');
  t.equal((await left.ended).code, 0, 'who stays is ended by a signal');
  const waits = startCli(place, [
    ...flagsOf('node-010', `127.0.0.1:${await freePort()}`),
    '--token-file',
    await tokenFor('node-010'),
  ]);
  const log = join(place.dir, 'node-010', 'agent.log');
  await eventually('its agent runs', () => existsSync(log) && readFileSync(log, 'utf8') !== '', { withinMs: 30_000 });
  waits.child.kill('SIGINT');
  t.equal((await waits.ended).code, 130);
  t.strictSame(
    readdirSync(join(place.dir, 'node-010')).filter((name) => name.startsWith('.token')),
    [],
  );
});

await t.test('places that are none cost no token', async (t) => {
  const token = await tokenFor('node-011');
  const flags = flagsOf('node-011');
  const with_ = (flag: string, value: string) => {
    const at = flags.indexOf(flag);
    return [...flags.slice(0, at + 1), value, ...flags.slice(at + 2), '--token-file', token];
  };
  const taken = join(place.dir, 'taken');
  writeFileSync(taken, '');
  isRefused(
    t,
    await bootstrap(...with_('--socket', join(place.dir, 'x'.repeat(100), 'api.sock'))),
    /is longer than the 107 bytes/,
  );
  isRefused(t, await bootstrap(...with_('--socket', taken)), /is there, and is no socket/);
  isRefused(t, await bootstrap(...with_('--socket', '/tmp/api.sock')), /\/tmp can be written to by others/);
  isRefused(t, await bootstrap(...with_('--dir', taken)), /ENOTDIR|EEXIST/);
  isRefused(t, await bootstrap(...with_('--dir', '/proc/x')), /ENOENT/);
  isRefused(t, await bootstrap(...with_('--dir', '')), /--dir: is empty/);
  isRefused(t, await bootstrap(...with_('--spire-agent', join(place.dir, 'none'))), /--spire-agent .*ENOENT/);
  mkdirSync(join(place.dir, 'logdir', 'agent.log'), { recursive: true });
  isRefused(t, await bootstrap(...with_('--dir', join(place.dir, 'logdir'))), /agent\.log is no file/);
  const open = join(place.dir, 'open.token');
  writeFileSync(open, readFileSync(token), { mode: 0o644 });
  isRefused(t, await bootstrap(...flags, '--token-file', open), /can be read by others: chmod 600/);
  await register('node-011');
  const right = await bootstrap(...flags, '--token-file', token);
  t.equal(right.code, 0, right.stderr);
});

await t.test('nobody else may put a socket in the place of the agent', async (t) => {
  const theirs = join(place.dir, 'theirs');
  mkdirSync(theirs);
  chownSync(theirs, 12_345, 12_345);
  const flags = flagsOf('node-005').map((word) =>
    word.endsWith('api.sock') ? join(theirs, 'public', 'api.sock') : word,
  );
  isRefused(t, await bootstrap(...flags, '--token-file', await tokenFor('node-005')), /theirs belongs to user 12345/);
});

await t.test('a server that is away is waited for, and a node that nobody registered is told so', async (t) => {
  const port = await freePort();
  const cli = startCli(place, [
    ...flagsOf('node-006', `127.0.0.1:${port}`),
    '--token-file',
    await tokenFor('node-006'),
    '--within',
    '60s',
  ]);
  const log = join(place.dir, 'node-006', 'agent.log');
  await eventually(
    'its agent has tried in vain',
    () => existsSync(log) && readFileSync(log, 'utf8').includes('refused'),
    {
      withinMs: 30_000,
    },
  );
  const { host, port: real } = hostPort(spire.host.address('api'));
  const way = createServer((from) => {
    const to = connect(Number(real), host);
    from.pipe(to).pipe(from);
    for (const socket of [from, to]) socket.on('error', () => undefined);
  }).listen(port, '127.0.0.1');
  await once(way, 'listening');
  await register('node-006');
  const ended = await cli.ended;
  way.close();
  t.equal(ended.code, 0, ended.stderr);
  t.match(ended.stdout, /the server is not reached; the agent tries again/);
  const unknown = await bootstrap(...flagsOf('node-007'), '--token-file', await tokenFor('node-007'), '--within', '8s');
  isRefused(
    t,
    unknown,
    /the agent is attested, but .*node-007 is not handed to this user \(uid \d+\): nobody has registered it/,
    3,
  );
});

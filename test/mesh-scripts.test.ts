import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { startSpireServer } from '../fixtures/spire/spire-server.ts';
import { findOnPath } from '../fixtures/toolchain/find.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { makePlace, project } from './cli-run.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// The scripts of the deployment document, as somebody calls them: by their files, from another directory.

t.setTimeout(180_000);

const { trustDomain } = usualServer;
await using place = makePlace();

function start(name: string, args: readonly string[], input?: string) {
  const child = spawn(join(project, 'mesh/scripts', `${name}.js`), args, { cwd: place.dir, env: place.env });
  child.stdin.end(input ?? '');
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return {
    child,
    ended: ended.then(([[code, signal], stdout, stderr]) => ({
      ...{ code: code as number | null, signal: signal as NodeJS.Signals | null },
      ...{ stdout, stderr },
    })),
  };
}

const script = (name: string, args: readonly string[], input?: string) => start(name, args, input).ended;

const scripts = [
  ['generate_spire_ca', './scripts/generate_spire_ca.sh', 'mesh ca create'],
  ['install_spire_agent_mesh', './scripts/install_spire_agent_mesh.sh', 'mesh install'],
  ['bootstrap_mesh_node_spiffe', 'python scripts/bootstrap_mesh_node_spiffe.py', 'mesh bootstrap'],
] as const;

await t.test('each tells both of its names, and what it wants', async (t) => {
  for (const [name, document, command] of scripts) {
    const { code, stdout } = await script(name, ['--help']);
    t.equal(code, 0);
    t.ok(stdout.startsWith(`${document} is what the deployment document calls \`assay ${command}\``), stdout);
    t.match(stdout, new RegExp(`Usage: assay ${command} \\[options\\]`));
    const wrong = await script(name, ['--no-such-flag']);
    t.equal(wrong.code, 2, 'its exit code is that of the command');
    t.match(wrong.stderr, /required option '--[a-z-]+ <[a-z]+>' not specified/);
  }
  const table = readFileSync(join(project, 'mesh/scripts/README.md'), 'utf8');
  for (const [name, , command] of scripts) t.match(table, new RegExp(`\`${name}\` \\| \`assay ${command}\``));
});

await t.test('a root is made, with words that have spaces in them', async (t) => {
  const passphrase = 'correct horse battery staple';
  const [vault, server] = [join(place.dir, 'the vault'), join(place.dir, "server's")];
  const { code, stdout, stderr } = await script(
    'generate_spire_ca',
    [
      ...['--trust-domain', trustDomain, '--offline', vault, '--server', server, '--passphrase-file', '-'],
      ...['--forced', 'servers of other tests run here; $(false) `false`'],
    ],
    `${passphrase}\n`,
  );
  t.equal(code, 0, stderr);
  t.match(stdout, /✓ make a root/);
  t.ok(existsSync(join(vault, 'root', 'root.pem')));
  t.match(readFileSync(join(vault, 'ceremony.jsonl'), 'utf8'), /servers of other tests run here; \$\(false\) `false`/);
});

await t.test('an agent is installed, in an image', async (t) => {
  const { code, stderr } = await script('install_spire_agent_mesh', ['--node-id', 'node-001']);
  t.equal(code, 2);
  t.match(stderr, /required option '--trust-domain <name>' not specified/);
  const image = join(place.dir, 'image');
  mkdirSync(image);
  const bundle = join(place.dir, 'the vault', 'root', 'root.pem');
  const digest = createHash('sha256').update(readFileSync(bundle)).digest('hex');
  const { 'spire-agent': agent } = await locateTools(['spire-agent'], { onProgress() {} });
  const made = await script('install_spire_agent_mesh', [
    ...['--node-id', 'node-001', '--trust-domain', trustDomain, '--server', 'spire:8081', '--bundle', bundle],
    ...['--bundle-sha256', digest, '--spire-agent', agent.path, '--root', image],
  ]);
  t.equal(made.code, 0, made.stderr);
  t.ok(existsSync(join(image, 'etc/systemd/system/spire-agent.service')));
});

await t.test('a node joins by a token, as the document has it', async (t) => {
  const tools = await locateTools(['spire-server', 'spire-agent'], { onProgress() {} });
  await using runtime = startProcesses(join(place.dir, 'run'));
  const spire = await startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name: 'spire' });
  const bundle = join(place.dir, 'bundle.pem');
  const authorities = (await spire.api.getBundle()).authorities.map(({ der }) => pem('CERTIFICATE', der)).join('');
  writeFileSync(bundle, authorities);
  const node = (name: string) => `spiffe://${trustDomain}/node/${name}`;
  const flagsOf = (name: string, server = spire.host.address('api')) => [
    ...['--node-id', name, '--trust-domain', trustDomain, '--server', server, '--bundle', bundle],
    ...['--bundle-sha256', createHash('sha256').update(authorities).digest('hex')],
    ...['--spire-agent', tools['spire-agent'].path, '--dir', join(place.dir, name)],
    ...['--socket', join(place.dir, name, 'public', 'api.sock')],
  ];
  const tokenFor = async (name: string) => {
    const selectors = [{ type: 'unix', value: `uid:${process.getuid!()}` }];
    await spire.api.createEntries([{ spiffeId: node(name), parentId: node(name), selectors }]);
    return (await spire.api.createJoinToken({ ttlSeconds: 300, agentId: node(name) })).value;
  };
  const warning = /a token among the arguments is seen by everyone on this machine/;

  const value = await tokenFor('node-001');
  const seen = new Set<string>();
  const running = start('bootstrap_mesh_node_spiffe', [...flagsOf('node-001'), '--join-token', value]);
  const looking = setInterval(
    () =>
      place
        .processes()
        .filter((one) => one.includes(value))
        .forEach((one) => seen.add(one)),
    20,
  );
  const told = await running.ended;
  clearInterval(looking);
  t.equal(told.code, 0, told.stderr);
  t.match(told.stdout, /^spiffe:\/\/x0tta6bl4\.mesh\/node\/node-001$/m);
  t.match(told.stderr, warning);
  t.notMatch(`${told.stdout}${told.stderr}`, new RegExp(value));
  const pid = `${running.child.pid} `;
  t.strictSame(
    [...seen].filter((one) => !one.startsWith(pid)),
    [],
    'no other process has it among its arguments',
  );

  const piped = await script(
    'bootstrap_mesh_node_spiffe',
    [...flagsOf('node-002'), '--join-token', '-'],
    await tokenFor('node-002'),
  );
  t.equal(piped.code, 0, piped.stderr);
  t.notMatch(piped.stderr, warning);

  const file = join(place.dir, 'token');
  writeFileSync(file, await tokenFor('node-003'), { mode: 0o600 });
  const waits = start('bootstrap_mesh_node_spiffe', [
    ...flagsOf('node-003', `127.0.0.1:${await freePort()}`),
    `--join-token=${file}`,
  ]);
  const log = join(place.dir, 'node-003', 'agent.log');
  await eventually('its agent runs', () => existsSync(log) && readFileSync(log, 'utf8') !== '', { withinMs: 30_000 });
  waits.child.kill('SIGTERM');
  const left = await waits.ended;
  t.equal(left.code, 130, `a signal is handed on\n${left.stderr}`);
  const others = place.processes().filter((one) => one.includes('node-003'));
  t.strictSame(others, [], 'and nothing is left');

  writeFileSync(file, await tokenFor('node-004'), { mode: 0o600 });
  const killed = start('bootstrap_mesh_node_spiffe', [
    ...flagsOf('node-004', `127.0.0.1:${await freePort()}`),
    `--join-token=${file}`,
  ]);
  const dir = join(place.dir, 'node-004');
  const held = () => (existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith('.token-')) : []);
  await eventually('its token lies there', () => held().length === 1, { withinMs: 30_000 });
  killed.child.kill('SIGKILL');
  if (findOnPath('setpriv', process.env) === undefined) return;
  await eventually('its command has left', () => !place.processes().some((one) => one.includes('node-004')), {
    withinMs: 15_000,
  });
  t.strictSame(held(), [], 'also where it is killed');
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse, stringify } from 'yaml';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import { diesWithUs } from '../fixtures/run/dies-with-us.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { readTargetFile } from '../fixtures/target/attach/target-file.ts';
import { merged } from '../fixtures/target/discover/discovered.ts';
import { discoverEnvoy } from '../fixtures/target/discover/from-envoy.ts';
import { linesToFill, targetText } from '../fixtures/target/discover/target-text.ts';
import { findOnPath } from '../fixtures/toolchain/find.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { assay, makePlace } from './cli-run.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { envoyConfig } from './products/envoy.ts';

const { signal } = new AbortController();

t.setTimeout(300_000);

const web = 'spiffe://a.test/web';
const other = 'spiffe://a.test/other/web';

await t.test('every door is kept, with what SPIRE knows of who is behind it', (t) => {
  const nodes = merged(
    [
      { name: 'door', spiffeId: web, address: 'host:8443', allows: ['spiffe://a.test/api'], notes: ['a listener'] },
      { name: 'door', spiffeId: web, address: 'host:9443', notes: ['another'] },
    ],
    [
      { name: 'web', spiffeId: web, notes: ['an entry'] },
      { name: 'door-2', spiffeId: other, notes: [] },
    ],
  );
  t.strictSame(
    nodes.map(({ name, address, notes }) => [name, address, notes]),
    [
      ['door', 'host:8443', ['a listener', 'an entry']],
      ['door-2', 'host:9443', ['another', 'an entry']],
      ['door-2-2', undefined, []],
    ],
  );
  t.end();
});

await t.test('what nobody tells is marked, and refused until a person has filled it in', async (t) => {
  await using place = makePlace();
  const file = join(place.dir, 'mesh.yaml');
  const text = targetText({
    trustDomain: 'a.test',
    nodes: [{ name: 'web', spiffeId: web, notes: ['one entry'] }],
    notes: ['two agents'],
  });
  t.match(text, /^# Written by assay target discover\./);
  t.match(text, /\n# two agents\n/);
  t.match(text, /nodes:\n +- # one entry\n +name: web\n|nodes:\n +# one entry\n +- name: web\n/);
  t.equal(linesToFill(text).length, 3, text);
  writeFileSync(file, text);
  t.throws(() => readTargetFile(file), {
    message:
      /workloadApi: .*\n.*nodes\[0\]\.address: is still to be filled in; wanted is host:port, as in .*\n.*nodes\[0\]\.allows\[0\]: is still to be filled in; wanted is a list of the exact/,
  });
  const filled = text
    .replace('workloadApi: FILL-IN', 'workloadApi: unix:///x')
    .replace('address: FILL-IN', 'address: host:1')
    .replace('- FILL-IN', `- ${other}`);
  t.strictSame(linesToFill(filled), []);
  writeFileSync(file, filled);
  t.equal(readTargetFile(file).nodes[0]?.address, 'host:1');
});

await t.test(
  'an Envoy tells its listeners, who they are and whom they take',
  { skip: findOnPath('envoy', process.env) === undefined && 'envoy is not on this machine' },
  async (t) => {
    await using place = makePlace();
    const trustDomain = 'a.test';
    const authority = await forgeAuthority({ trustDomain });
    const self = `spiffe://${trustDomain}/service/web`;
    const allowed = `spiffe://${trustDomain}/service/api`;
    const { cert, key } = await issueIdentity(authority, self);
    mkdirSync(join(place.dir, 'envoy'));
    const path = (name: string) => join(place.dir, 'envoy', name);
    for (const [name, text] of [
      ['svid.pem', cert],
      ['svid.key', key],
      ['bundle.pem', authority.certificatePem],
    ] as const)
      writeFileSync(path(name), text);
    const [port, admin] = [await freePort(), await freePort()];
    const at = {
      dir: place.dir,
      port,
      behind: 0,
      allowed,
      cert: path('svid.pem'),
      key: path('svid.key'),
      bundle: path('bundle.pem'),
    };
    writeFileSync(
      path('envoy.yaml'),
      stringify({
        ...envoyConfig(at),
        admin: { address: { socket_address: { address: '127.0.0.1', port_value: admin } } },
      }),
    );
    const [program, ...args] = diesWithUs([
      'envoy',
      '-c',
      path('envoy.yaml'),
      '--concurrency',
      '1',
      '--disable-hot-restart',
      '-l',
      'error',
    ]);
    const child = spawn(program!, args, { stdio: 'ignore', env: place.env });
    t.teardown(() => child.kill('SIGKILL'));
    const url = `http://127.0.0.1:${admin}`;
    await eventually('envoy is ready', async () => (await fetch(`${url}/ready`)).ok, {
      withinMs: 30_000,
      everyMs: 50,
      signal,
    });
    const [node, ...others] = await discoverEnvoy(url, signal);
    t.strictSame(others, []);
    t.match(node, {
      spiffeId: self,
      address: `127.0.0.1:${port}`,
      allows: [allowed],
      protocol: 'h2',
      notes: ['a listener of Envoy'],
    });
    const out = join(place.dir, 'mesh.yaml');
    const ended = await assay(place, [
      'target',
      'discover',
      '--envoy',
      url,
      '--workload-api',
      'unix:///run/agent.sock',
      '--out',
      out,
    ]);
    t.equal(ended.code, 0, ended.stderr);
    t.match(
      ended.stderr,
      /^1 service found\.\nWho Assay will be is not known: .* connect ENOENT \/run\/agent\.sock\nFILL-IN stands in 1 line: \d+\.\nThen: npx assay target check /,
    );
    t.match(parse(readFileSync(out, 'utf8')), {
      trustDomain: 'FILL-IN',
      nodes: [{ spiffeId: self, allows: [allowed], protocol: 'h2' }],
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
  },
);

await t.test('who is no Envoy, or nobody, is told; and nothing is written over', async (t) => {
  await using place = makePlace();
  const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const there = join(place.dir, 'there.yaml');
  writeFileSync(there, 'mine');
  const cases: readonly [args: readonly string[], code: number, says: RegExp][] = [
    [[], 2, /nobody to ask: name a SPIRE server, as in --spire-server unix:/],
    [
      ['--envoy', 'http://127.0.0.1:1', '--spire-address', 'host:1'],
      2,
      /--spire-address host:1: is of the SPIRE server that/,
    ],
    [['--spire-server', 'unix:///x', '--spire-address', 'host'], 2, /--spire-address: "host" is not host:port/],
    [['--envoy', 'here'], 2, /--envoy here: is no address of an admin listener; wanted is one as http:/],
    [['--envoy', url], 3, /GET \/(config_dump|certs) is not answered as Envoy does/],
    [['--envoy', 'http://127.0.0.1:1'], 3, /--envoy http:\/\/127\.0\.0\.1:1: GET/],
    [
      ['--spire-server', 'tcp://127.0.0.1:1'],
      2,
      /--spire-server: "tcp:.* is no unix socket; SPIRE serves its admin API on one only/,
    ],
    [['--spire-server', `unix://${place.dir}/none.sock`], 3, /does not answer: .*is it up, and may this user/],
    [['--envoy', url, '--out', there], 2, /there is a file already, which is not written over/],
  ];
  for (const [args, code, says] of cases) {
    const ended = await assay(place, ['target', 'discover', ...args]);
    t.equal(ended.code, code, ended.stderr);
    t.match(ended.stderr, says);
    t.equal(ended.stdout, '');
  }
  t.equal(readFileSync(there, 'utf8'), 'mine');
});

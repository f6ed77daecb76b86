import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { serverPresentsSvid, versionAsServer } from '../../src/clauses/mesh/tls.ts';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { attachTarget } from '../../fixtures/target/attach.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { processesOf } from '../../fixtures/run/guardian/leftovers.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import { createCsr, forgeAuthority } from '../../src/svid/x509/forge.ts';
import { pem } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import type { Entry } from '../../src/history.ts';
import type { Report } from '../../src/report/report.ts';

t.setTimeout(3_600_000);

const assay = fileURLToPath(new URL('../../cli/assay.ts', import.meta.url));
const impostorNode = fileURLToPath(new URL('../../impostors/node-main.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'attach-test-'));
// Not `after`: with suites that are awaited one by one, that runs after the first of them.
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));

/** What can be decided about nodes of somebody else's mesh as servers, with a valid identity and identities that need no trust. */
const asServer = [
  'mesh/tls/version-as-server',
  'mesh/tls/aead-only',
  'mesh/tls/plaintext-refused',
  'mesh/tls/client-certificate-required',
  'mesh/tls/server-presents-svid',
  'mesh/tls/no-early-data',
  'mesh/pinning/exact-id',
  'mesh/pinning/foreign-domain-unknown',
  'mesh/pinning/key-possession',
  'spiffe-id/proof/self-signed',
  'spiffe-id/proof/stranger-authority',
];
const withTokens = [
  'mesh/tokens/attests-within-ttl',
  'mesh/tokens/expired-refused',
  'mesh/tokens/single-use',
  'mesh/tokens/race-one-winner',
  'mesh/tokens/own-agent',
  'mesh/tokens/not-in-our-logs',
];

interface TargetText {
  trustDomain: string;
  workloadApi: string;
  spireServer: { address: string; admin?: string };
  nodes: { name: string; address: string; spiffeId: string; allows: string[]; critical?: boolean }[];
  allow: { faults: string[]; write: boolean };
}

function writeTarget(name: string, target: unknown): string {
  const path = join(dir, `${name}.yaml`);
  writeFileSync(path, typeof target === 'string' ? target : stringify(target));
  return path;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [assay, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Judges a target file. */
async function gate(
  name: string,
  target: unknown,
): Promise<Ended & { readonly report: Report; readonly history: readonly Entry[] }> {
  const out = join(dir, `out-${name}`);
  const ended = await run('gate', '--target', writeTarget(name, target), '--out', out, '--json', '--quiet');
  const history = readFileSync(join(out, 'history.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);
  return { ...ended, report: JSON.parse(ended.stdout) as Report, history };
}

const verdictOf = (report: Report, id: string) => report.clauses.find((clause) => clause.id === id);
const decided = (report: Report) =>
  report.clauses
    .filter(({ verdict }) => verdict === 'pass' || verdict === 'fail')
    .map(({ id }) => id)
    .sort();

const good = `trustDomain: a.mesh
workloadApi: unix:///run/agent.sock
spireServer: { address: host:8081, admin: unix:///run/server.sock }
nodes:
  - { name: web, address: host:8443, spiffeId: spiffe://a.mesh/web, allows: [spiffe://a.mesh/api, spiffe://b.mesh/ally], critical: true }
  - { name: api, address: "[::1]:8443", spiffeId: spiffe://a.mesh/api, allows: [] }
allow: { faults: [partition], write: true }
`;

await t.test('target files', async (t) => {
  await t.test('a whole one, and one with the least', async (t) => {
    t.equal((await attachTarget(writeTarget('good', good))).note.trustDomain, 'a.mesh');
    const { note } = await attachTarget(
      writeTarget(
        'least',
        good
          .replace(/^spireServer.*\n/m, '')
          .replace(/^allow: .*\n/m, '')
          .replace(', critical: true', ''),
      ),
    );
    t.strictSame(
      note.allow,
      { faults: [], write: false, load: { perSecond: 5 } },
      'nothing is allowed unless it says so',
    );
  });

  for (const [what, text, says] of [
    [
      'an unknown key',
      good.replace('allows: []', 'allow: []'),
      [
        /:6: nodes\[1\]\.allow: unknown key; known here are name, address, spiffeId, allows, critical/,
        /:6: nodes\[1\]\.allows: is missing; wanted is a list of the exact SPIFFE IDs/,
      ],
    ],
    [
      'an unknown key at the top',
      `${good}timeout: 5\n`,
      [/:8: timeout: unknown key; known here are trustDomain, workloadApi, spireServer, nodes, allow$/],
    ],
    [
      'an unknown fault',
      good.replace('[partition]', '[partition, meteor]'),
      [/:7: allow\.faults\[1\]: unknown: "meteor"; .*known are .*partition/],
    ],
    [
      'no trust domain',
      good.replace(/^trustDomain.*\n/, ''),
      [/:1: trustDomain: is missing; wanted is the name alone/],
    ],
    [
      'a trust domain with its scheme',
      good.replace('a.mesh\n', 'spiffe://a.mesh\n'),
      [/:1: trustDomain: "spiffe:\/\/a\.mesh" is no trust domain name/],
    ],
    ['no Workload API', good.replace(/^workloadApi.*\n/m, ''), [/:1: workloadApi: is missing/]],
    [
      'a path for a socket',
      good.replace('unix:///run/agent.sock', '/run/agent.sock'),
      [/:2: workloadApi: .*no scheme; wanted unix:\/\/\/path/],
    ],
    [
      'an address without a port',
      good.replace('host:8443', 'host'),
      [/:5: nodes\[0\]\.address: "host" is not host:port/],
    ],
    [
      'a port that is none',
      good.replace('host:8081', 'host:80810'),
      [/:3: spireServer\.address: "host:80810" is not host:port/],
    ],
    [
      'an admin API over TCP',
      good.replace('unix:///run/server.sock', 'tcp://10.0.0.1:8'),
      [/:3: spireServer\.admin: .*no unix socket/],
    ],
    [
      'a node of another trust domain',
      good.replace('spiffeId: spiffe://a.mesh/web', 'spiffeId: spiffe://b.mesh/web'),
      [/:5: nodes\[0\]\.spiffeId: spiffe:\/\/b\.mesh\/web is of trust domain b\.mesh, and this file is about a\.mesh/],
    ],
    [
      'an ID without a path',
      good.replace('spiffeId: spiffe://a.mesh/web', 'spiffeId: spiffe://a.mesh'),
      [/:5: nodes\[0\]\.spiffeId: .*names a trust domain and no workload/],
    ],
    [
      'an ID in another case',
      good.replace('spiffe://a.mesh/api,', 'SPIFFE://a.mesh/api,'),
      [/:5: nodes\[0\]\.allows\[0\]: not a SPIFFE ID/],
    ],
    [
      'two nodes of one name',
      good.replace('name: api', 'name: web'),
      [/:6: nodes\[1\]\.name: "web" is the name of nodes\[0\] already/],
    ],
    ['no node', good.replaceAll(/^ {2}- .*\n/gm, '').replace('nodes:', 'nodes: []'), [/:4: nodes: \[\] names no node/]],
    [
      'a text for a yes',
      good.replace('write: true', 'write: yes'),
      [/:7: allow\.write: is "yes"; wanted is true or false/],
    ],
    ['a number for a name', good.replace('name: api', 'name: 7'), [/:6: nodes\[1\]\.name: is 7; wanted is a name/]],
    ['nothing', '', [/:1: is null; wanted is a mapping with trustDomain/]],
    ['a list', '- a\n', [/:1: is a list; wanted is a mapping/]],
    ['no YAML', good.replace('{ faults', '{{ faults'), [/:[78]: is not YAML/]],
    ['a key twice', `${good}trustDomain: b.mesh\n`, [/:8: is not YAML: Map keys must be unique/]],
    [
      'too many aliases',
      `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`,
      [/is not YAML: Excessive alias count/],
    ],
  ] as const) {
    await t.test(`refused: ${what}`, async (t) => {
      const path = writeTarget('bad', text);
      await assert.rejects(attachTarget(path), (error: Error) => {
        t.equal(error.name, 'UsageError');
        for (const pattern of says) t.match(error.message, new RegExp(pattern.source, 'm'));
        for (const line of error.message.split('\n')) t.ok(line.startsWith(path), `${line} names the file`);
        return true;
      });
    });
  }

  await t.test('the command ends with 2 and says where', async (t) => {
    const ended = await run('gate', '--target', writeTarget('bad', good.replace('[partition]', '[meteor]')), '--quiet');
    t.strictSame([ended.code, ended.stdout], [2, '']);
    t.match(ended.stderr, /^assay: bad\.yaml:7: allow\.faults\[0\]: unknown: "meteor"/);
    t.equal((await run('gate', '--target', 'nowhere.yaml', '--quiet')).code, 2);
  });
});

await t.test('mesh up leaves a file alone that it did not write', async (t) => {
  const path = writeTarget('mine', good);
  const { code, stderr } = await run('mesh', 'up', '--target', path, '--out', join(dir, 'never'));
  t.equal(code, 2, stderr);
  t.match(stderr, /mine\.yaml: there is a file that assay mesh up did not write/);
  t.equal(readFileSync(path, 'utf8'), good);
});

await t.test('a mesh that runs already', { timeout: 300_000 }, async (t) => {
  const file = join(dir, 'mesh.yaml');
  const serverLog = join(dir, 'up', 'logs', 'mesh-spire-spire-server.log');
  let mesh: ChildProcess;
  let said = '';
  let target: TargetText;
  let probe = '';
  const started: ChildProcess[] = [];

  t.before(async () => {
    // What an earlier mesh left when it was killed is not in the way.
    writeFileSync(file, '# Written by assay mesh up, process 1:0. It goes when that mesh does.\n');
    mesh = spawn(process.execPath, [assay, 'mesh', 'up', '--target', file, '--out', join(dir, 'up')], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [mesh.stdout!, mesh.stderr!])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    await eventually('the mesh is up', () => said.includes('Judge it with'), {
      withinMs: 240_000,
      everyMs: 50,
      unless: () => (mesh.exitCode === null ? undefined : said),
    });
    target = parse(readFileSync(file, 'utf8')) as TargetText;
    probe = `spiffe://${target.trustDomain}/service/assay-probe`;
  });
  t.after(() => {
    for (const child of [...started, mesh]) child.kill('SIGKILL');
  });

  /** A node beside the mesh that speaks with the probe's own ID, which is the one identity that this machine's user is given. */
  async function startImpostor(id: string): Promise<TargetText['nodes'][number]> {
    const [mtls, admin] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, [impostorNode, id], {
      stdio: 'ignore',
      env: {
        ...process.env,
        SPIFFE_ENDPOINT_SOCKET: target.workloadApi,
        ASSAY_LISTEN: `127.0.0.1:${mtls}`,
        ASSAY_ADMIN: `127.0.0.1:${admin}`,
        ASSAY_ALLOW: probe,
      },
    });
    started.push(child);
    await eventually(`impostor ${id} is ready`, async () => (await fetch(`http://127.0.0.1:${admin}/ready`)).ok, {
      withinMs: 60_000,
      everyMs: 50,
      unless: () => (child.exitCode === null ? undefined : `it exited with ${child.exitCode}`),
    });
    return { name: id, address: `127.0.0.1:${mtls}`, spiffeId: probe, allows: [probe] };
  }

  await t.test('its handshakes are measured, as often as its target file allows', async (t) => {
    const allowing = (perSecond: number) => ({ ...target, allow: { ...target.allow, load: { perSecond } } });
    const bench = (name: string, of: unknown, ...flags: readonly string[]) =>
      run(
        ...['bench', 'handshake', '--target', writeTarget(name, of), '--out', join(dir, `out-${name}`)],
        ...['--row', 'full', '--json', '--quiet', ...flags],
      );
    const { code, stdout, stderr } = await bench('bench', allowing(40), '--seconds', '4');
    const report = JSON.parse(stdout) as Report;
    t.strictSame([code, report.verdict, report.troubles], [0, 'pass', []], stderr);
    t.strictSame(
      report.bench.map(({ id }) => id),
      ['handshake/steady/yardstick', ...target.nodes.map(({ name }) => `handshake/steady/full,node=${name}`)],
    );
    for (const { id, count, errors, row } of report.bench) {
      t.strictSame([count, errors], [160, 0], id);
      t.equal(row?.wantedPerSecond, 40);
    }

    const refused: [why: RegExp, of: unknown, ...flags: string[]][] = [
      [/allows 5 new connections a second \(.*bench-0\.yaml:\d+.*\); ask for fewer/, target, '--rate', '6'],
      [/--phases storm: Assay did not start that mesh/, target, '--phases', 'storm'],
      [
        /--generators s_time: calls as often as it can, which .* does not allow/,
        target,
        '--generators',
        'assay,s_time',
      ],
      [/--capacity: is not looked for in a mesh that others run/, target, '--capacity'],
      [/--target: measures nodes that run already, and starts none/, target, '--node', 'x'],
      [/which keys and chains are shown in that mesh/, target, '--row', 'full,chain=2'],
      [/allow\.load\.perSecond: .*wanted is new connections a second|allow\.load\.perSecond: /, allowing(0)],
    ];
    for (const [at, [why, of, ...flags]] of refused.entries()) {
      const ended = await bench(`bench-${at}`, of, ...flags);
      t.equal(ended.code, 2, ended.stderr);
      t.match(ended.stderr, why);
    }
  });

  await t.test(
    'judged read-only: what can be decided holds, the rest says why not, and nothing was written',
    async (t) => {
      const before = readFileSync(serverLog, 'utf8').length;
      const { code, report, history, stderr } = await gate('read-only', target);
      t.strictSame(
        [code, report.verdict, report.troubles],
        [0, 'pass', []],
        `${stderr}${JSON.stringify(report.clauses.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped'))}`,
      );
      t.strictSame(decided(report), [...asServer, 'mesh/planes/spire-server'].sort());
      for (const { id, verdict, reason } of report.clauses.filter((clause) => clause.verdict !== 'pass')) {
        t.equal(verdict, 'skipped', id);
        t.ok(reason.length > 30, `${id}: ${reason}`);
      }
      for (const [id, why] of [
        ['mesh/tls/version-as-client', /cannot be asked to call: a target file names no admin listener/],
        ['mesh/tls/ticket-not-past-svid', /not injectable here/],
        ['x509-svid/path/expired', /SPIRE has no call that takes an authority out/],
        ['mesh/tokens/single-use', /read-only\.yaml does not say allow: \{ write: true \}/],
        ['mesh/partition/long-recovers', /not injectable here/],
        ['mesh/rotation/requests-survive', /not injectable here/],
        ['mesh/planes/bundle-endpoint', /names no bundle endpoint/],
      ] as const)
        t.match(verdictOf(report, id)?.reason ?? '', why, id);

      t.strictSame(
        history.filter(({ kind }) => ['token', 'authority', 'fault', 'request', 'scenario'].includes(kind)),
        [],
      );
      t.strictSame((report.run.target as { allow?: unknown }).allow, {
        faults: [],
        write: false,
        load: { perSecond: 5 },
      });
      const audited = readFileSync(serverLog, 'utf8')
        .slice(before)
        .split('\n')
        .filter((line) => line.includes('"type":"audit"'))
        .map((line) => (JSON.parse(line) as { method: string }).method);
      // What the agents of the mesh do by themselves all the time.
      const usual = new Set([
        'GetBundle',
        'GetFederatedBundle',
        'SyncAuthorizedEntries',
        'GetAuthorizedEntries',
        'BatchNewX509SVID',
        'PostStatus',
        'RenewAgent',
      ]);
      t.strictSame(
        audited.filter((method) => !usual.has(method)),
        [],
        'nothing was asked of the server',
      );
      const named = new Set(history.flatMap((entry) => (entry.kind === 'plane' ? [entry.address] : [])));
      t.strictSame(
        [...named].sort(),
        [target.workloadApi, target.spireServer.address, ...target.nodes.map(({ address }) => address)].sort(),
      );
    },
  );

  await t.test('with write: true join tokens are decided, and the agents that they made are gone again', async (t) => {
    using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
    const agents = (await api.listAgents()).length;
    const { authorities } = await api.getBundle();
    const { code, report, history } = await gate('write', { ...target, allow: { faults: ['partition'], write: true } });
    t.strictSame([code, report.verdict], [0, 'pass']);
    t.strictSame(decided(report), [...asServer, 'mesh/planes/spire-server', ...withTokens].sort());
    t.match(verdictOf(report, 'mesh/tokens/audit-log')?.reason ?? '', /not in reach/);
    t.match(
      verdictOf(report, 'mesh/partition/short-recovers')?.reason ?? '',
      /not injectable here: write\.yaml allows partition, but/,
    );
    t.equal((await api.listAgents()).length, agents);
    t.strictSame((await api.getBundle()).authorities, authorities, 'the bundle is as it was');
    t.strictSame(
      history.filter(({ kind }) => kind === 'authority' || kind === 'fault'),
      [],
    );
  });

  await t.test('a node that does not allow the probe is skipped, and says what to do', async (t) => {
    const [first, second] = target.nodes;
    const { code, report } = await gate('stranger', {
      ...target,
      nodes: [{ ...first!, allows: first!.allows.filter((id) => id !== probe) }, second],
    });
    t.strictSame([code, report.verdict], [0, 'pass']);
    t.match(verdictOf(report, 'spiffe-id/proof/self-signed')?.reason ?? '', /1 node, as server/);
    const alone = await gate('stranger-alone', {
      ...target,
      spireServer: undefined,
      nodes: [{ ...first!, allows: [] }],
    });
    t.strictSame([alone.code, alone.report.verdict], [3, 'inconclusive'], 'a run in which nothing was decided');
    t.match(
      verdictOf(alone.report, 'spiffe-id/proof/self-signed')?.reason ?? '',
      /node node-001 does not allow the probe spiffe:\/\/x0tta6bl4\.mesh\/service\/assay-probe.*add it/,
    );
    t.match(verdictOf(alone.report, 'mesh/planes/spire-server')?.reason ?? '', /names no spireServer\.address/);
  });

  await t.test('a dead address, and one where another node answers, are inconclusive', async (t) => {
    const [first, second] = target.nodes;
    const dead = `127.0.0.1:${await freePort()}`;
    const { code, report } = await gate('dead', { ...target, nodes: [{ ...first!, address: dead }, second] });
    t.strictSame([code, report.verdict, report.troubles], [3, 'inconclusive', []]);
    t.match(verdictOf(report, 'spiffe-id/proof/self-signed')?.reason ?? '', /node-001 as server: .*ECONNREFUSED/);
    const swapped = await gate('swapped', { ...target, nodes: [{ ...first!, address: second!.address }] });
    t.strictSame([swapped.code, swapped.report.verdict], [3, 'inconclusive']);
    t.match(
      verdictOf(swapped.report, 'mesh/tls/version-as-server')?.reason ?? '',
      /is answered by spiffe:\/\/x0tta6bl4\.mesh\/service\/backend, wanted spiffe:\/\/x0tta6bl4\.mesh\/service\/frontend/,
    );
  });

  await t.test('a node whose SVID has ended, and one that signed its own, are broken and no control', async (t) => {
    const spiffeId = `spiffe://${target.trustDomain}/service/late`;
    using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
    const { csrDer, privateKeyPem: key } = await createCsr(spiffeId);
    const { chain } = await api.mintX509Svid({ csrDer, ttlSeconds: 1 });
    const notAfter = readCertificate(chain[0]!).notAfter.getTime();
    const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
    const authority = await forgeAuthority({ trustDomain: target.trustDomain });
    const own = await authority.issue({ spiffeId, ...validity, change: { selfSigned: true } });
    const past = notAfter + 1_500 - Date.now();
    await new Promise((ended) => setTimeout(ended, Math.max(0, past)));
    for (const [name, cert, itsKey, why] of [
      ['ended', chain.map((der) => pem('CERTIFICATE', der)).join(''), key, /answered as .*late, but expired/],
      ['self-signed', own.certificatePem, own.privateKeyPem, /answered as .*late, but unknown-authority/],
    ] as const) {
      const settings = {
        cert,
        key: itsKey,
        requestCert: true,
        rejectUnauthorized: false,
        minVersion: 'TLSv1.3',
      } as const;
      const node = createHttpsServer(settings, (_, response) => {
        response.end(JSON.stringify({ self: spiffeId, peer: probe }));
      }).listen(0, '127.0.0.1');
      await once(node, 'listening');
      const address = `127.0.0.1:${(node.address() as AddressInfo).port}`;
      const { code, report } = await gate(name, { ...target, nodes: [{ name, address, spiffeId, allows: [probe] }] });
      node.closeAllConnections();
      node.close();
      t.strictSame([code, report.verdict], [1, 'fail']);
      t.match(verdictOf(report, 'mesh/tls/server-presents-svid')?.reason ?? '', why);
      const others = report.clauses.filter(({ id, verdict }) => asServer.includes(id) && verdict !== 'inconclusive');
      t.strictSame(
        others.map(({ id, verdict }) => `${id} ${verdict}`),
        ['mesh/tls/server-presents-svid fail'],
        'nothing else is decided by who cannot be told from a stranger',
      );
    }
  });

  await t.test(
    'a Workload API that is not there is inconclusive, one of another trust domain a mistake of the file',
    async (t) => {
      const gone = await gate('gone', { ...target, workloadApi: `unix://${dir}/none.sock` });
      t.strictSame([gone.code, gone.report.verdict], [3, 'inconclusive']);
      t.match(
        gone.report.troubles[0]?.message ?? '',
        /^identity of the probe from unix:.*not within .*look at: gone\.yaml:\d+: workloadApi$/,
      );
      t.match(
        (await run('gate', '--target', 'gone.yaml', '--quiet')).stdout.replaceAll(/\s+/g, ' '),
        /! identity of the probe from unix:.*: not within/,
        'and a person is told',
      );
      const other = {
        ...target,
        trustDomain: 'other.mesh',
        nodes: [{ ...target.nodes[0]!, spiffeId: 'spiffe://other.mesh/service/frontend' }],
      };
      const foreign = await gate('foreign', other);
      t.equal(foreign.code, 2);
      t.match(
        foreign.report.troubles[0]?.message ?? '',
        /foreign\.yaml:1: trustDomain: the Workload API at unix:.* gives spiffe:\/\/x0tta6bl4\.mesh\/service\/assay-probe, which is not of other\.mesh/,
      );
    },
  );

  await t.test('nodes that break what can be decided are caught, each for its clause', async (t) => {
    // Those of other names need identities that the mesh trusts to show themselves, and so do these.
    const blind = new Set([
      'pin-own-domain-assumed-as-server', // only identities that the mesh trusts show it
      'pin-misnames-caller', // here it has the caller's own name
      'pin-refuses-ally-as-server', // nobody is federated with
    ]);
    const liars = impostors.filter(
      ({ id, kind, breaks, reason }) =>
        kind === 'node' &&
        /^(tls|pin|svid)-/.test(id) &&
        asServer.includes(breaks) &&
        !/client/.test(reason.source) &&
        !blind.has(id),
    );
    t.ok(liars.length >= 10);
    const nodes: TargetText['nodes'] = [];
    for (const { id } of liars) nodes.push(await startImpostor(id));
    const { code, report, history } = await gate('liars', { ...target, nodes: [...target.nodes, ...nodes] });
    for (const child of started.splice(0)) child.kill('SIGKILL');
    t.strictSame([code, report.verdict], [1, 'fail']);
    const wrong = history.flatMap((entry) =>
      entry.kind === 'exchange' &&
      entry.expect !== 'either' &&
      entry.outcome !== 'unknown' &&
      (entry.outcome !== entry.expect ||
        (entry.clause === versionAsServer.id && entry.expect === 'refused' && entry.tls))
        ? [entry]
        : [],
    );
    // Who does not prove that it is the node accepts nobody and refuses nobody.
    const unproven = (id: string, clause: string) =>
      clause === serverPresentsSvid.id &&
      history.some((entry) => entry.kind === 'exchange' && entry.node === id && entry.unproven !== undefined);
    for (const { id, breaks } of liars) {
      t.equal(verdictOf(report, breaks)?.verdict, 'fail', breaks);
      t.ok(
        wrong.some(({ node, clause }) => node === id && clause === breaks) || unproven(id, breaks),
        `${id} is caught by ${breaks}: ${JSON.stringify(wrong.filter(({ node }) => node === id))}`,
      );
    }
    t.strictSame(
      wrong.filter(({ node }) => target.nodes.some(({ name }) => name === node)),
      [],
      'the right ones are not',
    );
  });

  await t.test('its target file is not taken by a second mesh', async (t) => {
    const { code, stderr } = await run('mesh', 'up', '--target', file, '--out', join(dir, 'second'));
    t.equal(code, 2, stderr);
    t.match(stderr, new RegExp(`belongs to a mesh that is up \\(process ${mesh.pid}\\)`));
  });

  await t.test('a program that dies is told, Ctrl-C takes the rest down and the file away', async (t) => {
    const run = /assay-([\w-]+)\/probe/.exec(target.workloadApi)![1]!;
    const service = processesOf(run).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('node/main.ts'),
    );
    process.kill(service!, 'SIGKILL');
    await eventually(
      'its end is told',
      () => /! service on node-00\d was ended by SIGKILL; .*log: .*service\.log/.test(said),
      { withinMs: 5_000 },
    );
    mesh.kill('SIGINT');
    const [code] = (await once(mesh, 'exit')) as [number | null];
    t.equal(code, 0, said);
    t.equal(existsSync(file), false);
    // The guardian is told that it may go, and goes a moment later; it does not bear the mark.
    t.strictSame(processesOf(run), []);
    t.strictSame(
      readdirSync(tmpdir()).filter((name) => name === `assay-${run}`),
      [],
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const at = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof at === 'object' && at !== null ? at.port : 0;
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import t from 'tap';
import { serverPresentsSvid, versionAsServer } from '../../src/clauses/mesh/tls.ts';
import * as shownLeaves from '../../src/clauses/x509-svid/shown.ts';
import { parse } from 'yaml';
import { attachTarget } from '../../fixtures/target/attach.ts';
import { readProxy, type LentProxy } from '../../fixtures/target/attach/lent-proxy.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import { offerTo } from '../../fixtures/probes/probe.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { deadRuns } from '../../fixtures/run/guardian/leftovers.ts';
import { undosOf } from '../../fixtures/run/guardian/undo.ts';
import { processesOf } from '../../fixtures/run/guardian/leftovers.ts';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { nodeMain } from '../../impostors/conformer.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import { createCsr, forgeAuthority } from '../../src/svid/x509/forge.ts';
import { pem } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import type { Entry } from '../../src/history.ts';
import { modulePath } from '../../src/module-file.ts';
import type { Report } from '../../src/report/report.ts';
import { freePort } from '../../fixtures/run/free-port.ts';
import { folder, meshUp, type MeshUp, type TargetText } from '../attached-mesh.ts';
import { startToxiproxy } from '../lent-toxiproxy.ts';
import { names as byName } from '../products/product.ts';

t.setTimeout(3_600_000);

const place = folder();
const { dir, write: writeTarget, run, start, gate } = place;

/** What the SVIDs say that nodes show. */
const shownIds: readonly string[] = Object.values(shownLeaves).map(({ id }) => id);
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
  'x509-svid/chain/unlinked',
  ...shownIds,
];
const ofSpire = ['mesh/planes/bundle-endpoint', 'mesh/planes/spire-server'];
/** And what right identities of other names, and such as end, decide. */
const withSvids = [...byName, 'x509-svid/path/expired'];
const withTokens = [
  'mesh/tokens/attests-within-ttl',
  'mesh/tokens/expired-refused',
  'mesh/tokens/single-use',
  'mesh/tokens/race-one-winner',
  'mesh/tokens/own-agent',
  'mesh/tokens/not-in-our-logs',
];

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
        /:6: nodes\[1\]\.allow: unknown key; known here are name, address, spiffeId, allows, critical, protocol, path, send, user, database, policy/,
        /:6: nodes\[1\]\.allows: is missing; wanted is a list of the exact SPIFFE IDs/,
      ],
    ],
    [
      'a policy for sessions that there is not',
      good.replace('critical: true', 'sessions: for-ever'),
      [
        /:5: nodes\[0\]\.sessions: .*for-ever.*wanted is what stands past the end of the SVID of its caller: until-expiry/,
      ],
    ],
    [
      'an unknown key at the top',
      `${good}timeout: 5\n`,
      [
        /:8: timeout: unknown key; known here are trustDomain, workloadApi, harness, spireServer, nodes, syncInterval, scan, allow$/,
      ],
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
    [
      'a protocol that nobody speaks',
      good.replace('allows: []', 'allows: [], protocol: smtp'),
      [/:6: nodes\[1\]\.protocol: .*"smtp".*wanted is how the node is spoken to: hello, http, h2, grpc/],
    ],
    [
      'a path for one that has none',
      good.replace('allows: []', 'allows: [], protocol: tcp, path: /x'),
      [/:6: nodes\[1\]\.path: means nothing to protocol: tcp, which is told send/],
    ],
    [
      'a line for the node contract',
      good.replace('allows: []', 'allows: [], send: PING'),
      [/:6: nodes\[1\]\.send: means nothing to protocol: hello, which is told nothing/],
    ],
    [
      'more than a line',
      good.replace('allows: []', 'allows: [], protocol: tcp, send: "a\\r\\nb"'),
      [/:6: nodes\[1\]\.send: .*is not one line of text/],
    ],
    [
      'a path that is none',
      good.replace('allows: []', 'allows: [], protocol: http, path: healthz'),
      [/:6: nodes\[1\]\.path: "healthz" is no path: it begins with a slash/],
    ],
    [
      'a database for nobody',
      good.replace('allows: []', 'allows: [], protocol: postgres'),
      [/:6: nodes\[1\]: protocol: postgres wants user: the role that a session is begun as/],
    ],
    [
      'a policy that there is not',
      good.replace('allows: []', 'allows: [], policy: tls1.1'),
      [/:6: nodes\[1\]\.policy: .*"tls1\.1".*tls1\.3-only, tls1\.2-or-newer or/],
    ],
    [
      'two ways to make one call',
      good.replace('allows: []', 'allows: [], dial: [call], admin: "host:9000"'),
      [/:6: nodes\[1\]\.admin: stands beside dial: wanted is one way to make it call, of dial, admin, call, link/],
    ],
    [
      'an admin listener that is none',
      good.replace('allows: []', 'allows: [], admin: unix:///x'),
      [/:6: nodes\[1\]\.admin: "unix:\/\/\/x" is not host:port, as in/],
    ],
    [
      'a number for an admin listener',
      good.replace('allows: []', 'allows: [], admin: 9000'),
      [/:6: nodes\[1\]\.admin: is 9000; wanted is host:port of the admin listener of the node contract/],
    ],
    [
      'a request that says nothing',
      good.replace('allows: []', 'allows: [], call: { verb: GET }'),
      [
        /:6: nodes\[1\]\.call\.verb: unknown key; known here are url, method, headers, body, accepted, refused/,
        /:6: nodes\[1\]\.call\.url: is missing; wanted is the request that makes the node call/,
      ],
    ],
    ...(
      [
        ['of another scheme', `url: 'ftp://h/{address}'`, /call\.url: "ftp:.* is no URL of http or https/],
        ['to whatever host', `url: 'http://{host}:{port}/'`, /call\.url: .* leaves open which host is asked/],
        ['with a password', `url: 'http://a:b@h/{address}'`, /call\.url: .* holds a name or a password/],
        ['that names nobody', `url: 'http://h/'`, /call: tells nobody whom to call; wanted is \{address\}/],
        ['with a secret in its URL', `url: 'http://h/{address}?{env:A}'`, /call: takes a secret .* into url or body/],
        ['with a body and GET', `url: 'http://h/', body: '{address}'`, /call: says body, and method: GET/],
        ['by another method', `url: 'http://h/{address}', method: BREW`, /call\.method: .*"BREW".*GET, POST or PUT/],
        ['with no status', `url: 'http://h/{address}', refused: 99`, /call\.refused: 99 is no HTTP status/],
        [
          'with one status for both',
          `url: 'http://h/{address}', refused: [200]`,
          /call: says 200 both for accepted and/,
        ],
        [
          'with a token in full',
          `url: 'http://h/{address}', headers: { Authorization: 'Bearer s3cr3t' }`,
          /call\.headers: Authorization: stands there in full; wanted is .*\{env:NAME\}/,
        ],
        [
          'with two lines in a header',
          `url: 'http://h/{address}', headers: { x: "a\\nb" }`,
          /call\.headers\.x: is no header; wanted is one line/,
        ],
      ] as const
    ).map(
      ([what, call, says]) =>
        [`a request ${what}`, good.replace('allows: []', `allows: [], call: { ${call} }`), [says]] as const,
    ),
    ...(
      [
        ['to no API', 'toxiproxy: "127.0.0.1:8474", proxy: x', /toxiproxy: .* is no URL of an API, as http:/],
        ['to an API with a password', 'toxiproxy: "http://a:b@h:1", proxy: x', /toxiproxy: .* is no URL of an API/],
        ['of no name', 'toxiproxy: "http://h:1"', /proxy: is missing; wanted is the name of a proxy there/],
        ['of a path', 'toxiproxy: "http://h:1", proxy: a/b', /proxy: "a\/b" is no name of a proxy/],
        ['that listens nowhere', 'toxiproxy: "http://h:1", proxy: x, listen: h', /listen: "h" is not host:port/],
        ['with commands beside it', 'toxiproxy: "http://h:1", proxy: x, cut: [y]', /cut: unknown key; known here are/],
      ] as const
    ).map(
      ([what, proxy, says]) =>
        [
          `a proxy ${what}`,
          good.replace('[partition]', `[{ kind: partition, nodes: [api], ${proxy} }]`),
          [new RegExp(`:7: allow\\.faults\\[0\\]\\.${says.source}`)],
        ] as const,
    ),
    [
      'a proxy for an outage of agents',
      good.replace('[partition]', '[{ kind: agent-outage, nodes: [api], toxiproxy: "http://h:1", proxy: x }]'),
      [/:7: allow\.faults\[0\]\.kind: .*agent-outage/],
    ],
    [
      'a proxy for no node of the file',
      good.replace('[partition]', '[{ kind: partition, nodes: [db], toxiproxy: "http://h:1", proxy: x }]'),
      [/:7: allow\.faults\[0\]\.nodes\[0\]: "db" is no node of this file; there are web, api/],
    ],
    ...(
      [
        [
          'through nobody knows whose',
          'proxy: x, expects: spiffe://a.mesh/db',
          /toxiproxy: is missing; wanted is the API/,
        ],
        ['to nobody knows whom', 'toxiproxy: "http://h:1", proxy: x', /expects: is missing; wanted is the ID/],
        [
          'to another trust domain',
          'toxiproxy: "http://h:1", proxy: x, expects: spiffe://b.mesh/db',
          /expects: spiffe:\/\/b\.mesh\/db is of trust domain b\.mesh, and this file is about a\.mesh/,
        ],
        [
          'at no time',
          'toxiproxy: "http://h:1", proxy: x, expects: spiffe://a.mesh/db, every: now and then',
          /every: "now and then" is no time, as 500ms, 10s or 2m are/,
        ],
        [
          'with a key that there is not',
          'toxiproxy: "http://h:1", proxy: x, expects: spiffe://a.mesh/db, cut: x',
          /cut: unknown key; known here are toxiproxy, proxy, expects, every/,
        ],
      ] as const
    ).map(
      ([what, link, says]) =>
        [
          `a link ${what}`,
          good.replace('allows: []', `allows: [], link: { ${link} }`),
          [new RegExp(`:6: nodes\\[1\\]\\.link\\.${says.source}`)],
        ] as const,
    ),
    [
      'one link for two nodes',
      good
        .replace('allows: []', 'allows: [], link: { toxiproxy: "http://h:1", proxy: x, expects: spiffe://a.mesh/db }')
        .replace('critical: true', 'link: { toxiproxy: "http://h:1", proxy: x, expects: spiffe://a.mesh/db }'),
      [/:6: nodes\[1\]\.link\.proxy: is that of nodes\[0\], too, so that nobody could tell their calls apart/],
    ],
    ['no node', good.replaceAll(/^ {2}- .*\n/gm, '').replace('nodes:', 'nodes: []'), [/:4: nodes: \[\] names no node/]],
    [
      'a text for a yes',
      good.replace('write: true', 'write: yes'),
      [/:7: allow\.write: is "yes"; wanted is true \(tokens\), false, or a list of tokens, svids, authority/],
    ],
    [
      'a right that there is not',
      good.replace('write: true', 'write: [tokens, gold]'),
      [/:7: allow\.write\[1\]: unknown: "gold"; wanted is .*a list of tokens, svids, authority/],
    ],
    [
      'a right in full that there is not',
      good.replace('write: true', 'write: [{ authority: { partners: true } }]'),
      [
        /:7: allow\.write\[0\]\.authority\.partners: unknown key; known here are federated/,
        /:7: allow\.write\[0\]\.authority\.federated: is missing; wanted is true where those/,
      ],
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

await t.test('a mesh that runs already', { timeout: 1_200_000 }, async (t) => {
  const file = join(dir, 'mesh.yaml');
  const serverLog = join(dir, 'up', 'logs', 'mesh-spire-spire-server.log');
  let mesh: MeshUp;
  let target: TargetText;
  let probe = '';
  let caller = '';

  t.before(async () => {
    // What an earlier mesh left when it was killed is not in the way.
    writeFileSync(file, '# Written by assay mesh up, process 1:0. It goes when that mesh does.\n');
    mesh = await meshUp(place, file);
    ({ target, probe } = mesh);
    caller = `spiffe://${target.trustDomain}/service/front-end`;
  });
  t.after(() => mesh.kill());

  const noFaults = { faults: [] };

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
      t.strictSame(decided(report), [...asServer, ...ofSpire].sort());
      for (const { id, verdict, reason } of report.clauses.filter((clause) => clause.verdict !== 'pass')) {
        t.equal(verdict, 'skipped', id);
        t.ok(reason.length > 30, `${id}: ${reason}`);
      }
      for (const [id, why] of [
        [
          'mesh/tls/version-as-client',
          /cannot be asked to call: read-only\.yaml gives no way to that \(dial, admin, call, link\)/,
        ],
        ['mesh/tls/ticket-not-past-svid', /not injectable here/],
        ['x509-svid/path/expired', /in the bundle, and read-only\.yaml does not say allow: \{ write: \[authority\] \}/],
        ['mesh/pinning/foreign-domain-known', /federates no trust domain but those that it stands up itself/],
        ['mesh/tokens/single-use', /read-only\.yaml does not say allow: \{ write: \[tokens\] \}/],
        ['mesh/partition/long-recovers', /not injectable here/],
        ['mesh/rotation/requests-survive', /takes a look over time: --watch \d+m.*; or: rotates the authority/],
        ['mesh/planes/require-pq-kem', /read-only\.yaml does not say spireServer\.requirePqKem/],
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
        [
          ...[target.workloadApi, target.spireServer.address, target.spireServer.bundleEndpoint.address],
          ...target.nodes.map(({ address }) => address),
        ].sort(),
      );
    },
  );

  await t.test('with write: true join tokens are decided, and the agents that they made are gone again', async (t) => {
    using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
    const agents = (await api.listAgents()).length;
    const { authorities } = await api.getBundle();
    const { code, report, history } = await gate('write', { ...target, allow: { faults: ['partition'], write: true } });
    t.strictSame([code, report.verdict], [0, 'pass']);
    t.strictSame(decided(report), [...asServer, ...ofSpire, ...withTokens].sort());
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
      /node node-001 does not allow the probe spiffe:\/\/x0tta6bl4\.mesh\/service\/assay-probe.*add it.*nobody is of x0tta6bl4\.mesh/,
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
      const others = report.clauses.filter(
        ({ id, verdict }) => asServer.includes(id) && verdict !== 'inconclusive' && !shownIds.includes(id),
      );
      t.strictSame(
        others.map(({ id, verdict }) => `${id} ${verdict}`),
        ['mesh/tls/server-presents-svid fail'],
        'nothing but what its SVID says is decided by who cannot be told from a stranger',
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
    for (const { id } of liars) nodes.push(await mesh.startImpostor(id));
    const { code, report, history } = await gate('liars', { ...target, nodes: [...target.nodes, ...nodes] });
    mesh.stopImpostors();
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

  await t.test(
    'with svids, right identities of other names decide what names are taken for the allowed one',
    async (t) => {
      const allow = { faults: [], write: ['svids'] };
      // One does not allow the probe: it is called in the name of one whom it does.
      const choosy = await mesh.startRightNode('choosy', caller);
      const right = await gate('svids', { ...target, nodes: [...target.nodes, choosy], allow });
      t.strictSame([right.code, right.report.verdict], [0, 'pass']);
      t.strictSame(decided(right.report), [...asServer, ...ofSpire, ...withSvids].sort());
      const toTheChoosy = right.history.filter(
        (entry) => entry.kind === 'exchange' && entry.node === 'choosy',
      ) as Extract<Entry, { kind: 'exchange' }>[];
      t.strictSame(
        [...new Set(toTheChoosy.flatMap(({ expect, as }) => (expect === 'accepted' ? [as] : [])))],
        [caller],
        'whoever it lets in is whom it allows',
      );
      const namesLeft = new Set(toTheChoosy.filter(({ expect }) => expect === 'refused').map(({ clause }) => clause));
      for (const clause of withSvids) t.ok(namesLeft.has(clause), `choosy is asked for ${clause}, too`);
      t.match(
        right.history.find((entry) => entry.kind === 'node' && entry.node === 'choosy'),
        { calledAs: caller },
        'and the history says as whom it is called',
      );
      mesh.stopImpostors();
      t.match(
        verdictOf(right.report, 'mesh/tokens/single-use')?.reason ?? '',
        /does not say allow: \{ write: \[tokens\] \}/,
      );
      const liars = byName.map((clause) =>
        impostors.find(({ id, kind, breaks }) => kind === 'node' && breaks === clause && /-as-server$/.test(id))!,
      );
      const nodes: TargetText['nodes'] = [];
      // Every other one is called in the name of somebody else.
      for (const [nth, { id }] of liars.entries())
        nodes.push(await mesh.startImpostor(id, nth % 2 === 0 ? probe : caller));
      const late = ['svid-leeway-as-server', 'svid-not-after-ignored-as-server'];
      for (const [nth, id] of [...late, 'svid-leeway-of-seconds-as-server'].entries())
        nodes.push(await mesh.startImpostor(id, nth % 2 === 0 ? probe : caller));
      // Of two nodes it is declared that connections end with the SVID of their caller: one of them does that.
      const [stands, ends] = ['connection-past-svid', 'ending'] as const;
      nodes.push({ ...(await mesh.startImpostor(stands, caller)), sessions: 'until-expiry' });
      nodes.push({ ...(await mesh.startRightNode(ends, caller, 'ending.ts')), sessions: 'until-expiry' });
      const { code, history } = await gate('named', { ...target, nodes: [...target.nodes, ...nodes], allow });
      const onConnections = (name: string) =>
        history.flatMap((entry) =>
          entry.kind === 'exchange' && entry.clause === 'mesh/tls/connection-not-past-svid' && entry.node === name
            ? [`${entry.row}: ${entry.outcome}`]
            : [],
        );
      const besides = [
        'a connection of an SVID near its end: accepted',
        'a connection of an SVID that lives, opened beside it: accepted',
      ];
      for (const [name, outcome] of [
        [stands, 'accepted'],
        [ends, 'refused'],
      ] as const)
        t.strictSame(
          onConnections(name),
          [besides[0], `the same connection, past the end of its SVID: ${outcome}`, besides[1]],
          name,
        );
      t.match(
        history.find(
          (entry) =>
            entry.kind === 'skip' && entry.clause === 'mesh/tls/connection-not-past-svid' && entry.node === 'node-001',
        ),
        { reason: /nobody declares of node-001 .*\(sessions: until-expiry\); one was served past that/ },
        'of others it is told',
      );
      mesh.stopImpostors();
      t.equal(code, 1);
      const letIn = history.filter(
        (entry) => entry.kind === 'exchange' && entry.expect === 'refused' && entry.outcome === 'accepted',
      ) as Extract<Entry, { kind: 'exchange' }>[];
      for (const { id, breaks } of liars)
        t.ok(
          letIn.some(({ node, clause }) => node === id && clause === breaks),
          `${id} is caught by ${breaks}`,
        );
      for (const id of late)
        t.match(
          letIn.find(({ node, clause }) => node === id && clause === 'x509-svid/path/expired'),
          { how: /s past its end, and longer after it was let in first than the whole of its life/ },
          `${id} is caught by an SVID that ended`,
        );
      t.match(
        history.find(
          (entry) =>
            entry.kind === 'exchange' &&
            entry.node === 'svid-leeway-of-seconds-as-server' &&
            entry.clause === 'x509-svid/path/expired' &&
            entry.expect === 'refused',
        ),
        { outcome: 'unknown', how: /by a clock that is behind, or by a leeway, and nobody knows which/ },
        'whose clock may be behind is not known to be wrong, and not called right',
      );
      t.strictSame(
        letIn.filter(({ node }) => target.nodes.some(({ name }) => name === node)),
        [],
        'the right ones are not',
      );
    },
  );

  await t.test(
    'made to call by what its file offers: the admin listener of the contract, a request of HTTP',
    async (t) => {
      const { 'assay-go-node': go } = await locateTools(['assay-go-node'], { onProgress() {} });
      const liar = 'svid-self-signed-as-client';
      const started = [
        await mesh.startNode('reference', [process.execPath, modulePath('../../mesh/node/main.ts', import.meta.url)]),
        await mesh.startNode('go', [go.path]),
        await mesh.startNode(liar, nodeMain(liar)),
      ];
      const mute = await mesh.startNode('mute', nodeMain('admin-without-dial'));
      const said: string[] = [];
      const service = createHttpServer((request, response) => {
        said.push(`${request.method} ${request.headers.authorization}`);
        const asked = new URL(request.url!, 'http://x').searchParams;
        const { admin } = started.find(({ name }) => name === asked.get('by'))!;
        const body = JSON.stringify({ address: asked.get('to'), expect: asked.get('as') });
        const headers = { 'content-type': 'application/json' };
        void fetch(`http://${admin}/dial`, { method: 'POST', headers, body })
          .then((answer) => answer.json() as Promise<{ outcome: string; detail: string }>)
          .then(({ outcome, detail }) => response.writeHead(outcome === 'accepted' ? 200 : 502).end(detail));
      }).listen(0, '127.0.0.1');
      await once(service, 'listening');
      const { port } = service.address() as AddressInfo;
      env.ATTACH_TEST_TOKEN = 'a-token-of-somebody';
      const byRequest = started.map(({ admin: _, name, ...node }) => ({
        ...{ ...node, name: `${name}-by-request` },
        call: {
          url: `http://127.0.0.1:${port}/fetch?by=${name}&to={address}&as={expect}`,
          headers: { authorization: 'Bearer {env:ATTACH_TEST_TOKEN}' },
        },
      }));
      const { code, report, history, stderr } = await gate('made-to-call', {
        ...target,
        nodes: [...started, ...byRequest, mute],
      });
      mesh.stopImpostors();
      service.close();
      delete env.ATTACH_TEST_TOKEN;
      t.strictSame([code, report.verdict, report.troubles], [1, 'fail', []], stderr);
      const asClient = history.flatMap((entry) =>
        entry.kind === 'exchange' && entry.role === 'client' ? [entry] : [],
      );
      for (const { name } of [...started, ...byRequest]) {
        const own = asClient.filter(({ node }) => node === name);
        t.ok(own.length > 15, `${name}: ${own.length} calls`);
        t.strictSame(
          own.flatMap(({ clause, expect, outcome, how }) =>
            expect === outcome || expect === 'either' ? [] : [`${clause}: ${outcome}: ${how.split(';')[0]}`],
          ),
          name.startsWith(liar)
            ? own.flatMap(({ clause }) =>
                /proof\/self-signed/.test(clause) ? [`${clause}: accepted: sent application data`] : [],
              )
            : [],
          name,
        );
      }
      t.strictSame(
        report.clauses.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id),
        ['spiffe-id/proof/self-signed'],
      );
      t.match(
        history.find((entry) => entry.kind === 'skip' && entry.node === 'mute' && entry.role === 'client'),
        { reason: 'mute cannot be asked to call: it does not offer POST /dial (501)' },
      );
      t.match(said[0], 'GET Bearer a-token-of-somebody');
      t.match((report.run.target as { nodes: unknown[] }).nodes, [
        { calledBy: `POST http://${started[0]!.admin}/dial` },
        {},
        {},
        { calledBy: `GET http://127.0.0.1:${port}/…` },
      ]);
      for (const file of ['report.json', 'history.jsonl', 'report.html'])
        t.notMatch(readFileSync(join(dir, 'out-made-to-call', file), 'utf8'), 'a-token-of-somebody');
    },
  );

  await t.test(
    'met on a link that its file lends, which leads where it led when a run is over, or killed',
    async (t) => {
      const { 'assay-go-node': go } = await locateTools(['assay-go-node'], { onProgress() {} });
      const toxiproxy = await startToxiproxy();
      t.teardown(() => toxiproxy.stop());
      const liar = 'svid-self-signed-as-client';
      const [backend] = target.nodes;
      const commands = {
        reference: [process.execPath, modulePath('../../mesh/node/main.ts', import.meta.url)],
        go: [go.path],
        [liar]: nodeMain(liar),
      };
      const everyMs = 150;
      const nodes: TargetText['nodes'] = [];
      for (const [name, command] of Object.entries(commands)) {
        const { admin, ...node } = await mesh.startNode(name, command, backend!.spiffeId);
        const lent = await toxiproxy.lend(backend!.address);
        const body = JSON.stringify({ address: (await readProxy(lent)).listen, expect: backend!.spiffeId });
        const headers = { 'content-type': 'application/json' };
        const calling = setInterval(() => {
          fetch(`http://${admin}/dial`, { method: 'POST', headers, body }).catch(() => undefined);
        }, everyMs);
        t.teardown(() => clearInterval(calling));
        nodes.push({ ...node, link: { ...lent, expects: backend!.spiffeId, every: `${everyMs}ms` } });
      }
      const led = () =>
        Promise.all(nodes.map(async ({ link }) => (await readProxy(link as LentProxy)).upstream === backend!.address));
      const only = ['mesh/tls/version-as-client', 'mesh/pinning/sibling-path', 'spiffe-id/proof/self-signed'];
      const flags = ['--only', only.join(',')];
      const lending = { ...target, nodes, allow: { ...noFaults, write: ['svids'] } };
      const { code, report, history, stderr } = await gate('links', lending, ...flags);
      t.strictSame([code, report.verdict, report.troubles], [1, 'fail', []], stderr);
      const asClient = history.flatMap((entry) =>
        entry.kind === 'exchange' && entry.role === 'client' ? [entry] : [],
      );
      for (const { name } of nodes) {
        const own = asClient.filter(({ node }) => node === name);
        for (const id of only)
          t.ok(
            own.some(({ clause, expect }) => clause === id && expect === 'refused'),
            `${name}: ${id}`,
          );
        t.strictSame(
          own.flatMap(({ clause, expect, outcome, how }) =>
            expect === outcome || expect === 'either' ? [] : [`${clause}: ${outcome}: ${how.split(';')[0]}`],
          ),
          name === liar
            ? own.flatMap(({ clause }) => (clause === only[2] ? [`${clause}: accepted: sent application data`] : []))
            : [],
          name,
        );
      }
      t.strictSame(await led(), [true, true, true]);
      const unnamed = await run('target', 'check', writeTarget('unnamed', { ...lending, allow: noFaults }), '--json');
      t.match(
        unnamed.stdout,
        /reference calls spiffe:\/\/\S+ and asks for that .*would have to say allow: \{ write: \[svids\] \}/,
      );
      t.match(unnamed.stdout, /proxy link-1 of http:\S+, which leads to a listener of Assay for the time of each call/);
      const child = start(
        [
          'gate',
          '--target',
          writeTarget('links-killed', lending),
          ...flags,
          '--out',
          join(dir, 'out-links-killed'),
          '--quiet',
        ],
        'ignore',
      );
      await eventually('a link is bent', async () => (await led()).includes(false), { withinMs: 30_000, everyMs: 5 });
      const killed = once(child, 'exit');
      child.kill('SIGKILL');
      await killed;
      await eventually('all lead where they led', async () => !(await led()).includes(false), { withinMs: 20_000 });
      // Also those that it had only been about to bend: the guardian undoes them one after the other.
      await eventually('nothing is left to be undone', () => deadRuns().flatMap(undosOf).length === 0, {
        withinMs: 30_000,
      });
      mesh.stopImpostors();
    },
  );

  const withAuthority = { ...noFaults, write: [{ authority: { federated: true } }] };

  await t.test(
    'an authority is put into no bundle that federated partners may fetch, unless that is allowed',
    async (t) => {
      using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
      const before = (await api.getBundle()).authorities.length;
      const { code, report } = await gate('partners', { ...target, allow: { ...noFaults, write: ['authority'] } });
      t.strictSame([code, report.verdict, report.left], [0, 'pass', undefined]);
      t.match(
        verdictOf(report, 'x509-svid/path/expired')?.reason ?? '',
        /is federated with .*, who may come to trust .*; partners\.yaml would have to say allow: \{ write: \[\{ authority: \{ federated: true \} \}\] \}/,
      );
      t.equal((await api.getBundle()).authorities.length, before);
    },
  );

  await t.test('with an authority of the run in the bundle, wrong identities of every kind are refused', async (t) => {
    using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
    const before = (await api.getBundle()).authorities;
    const choosy = await mesh.startRightNode('choosy', caller);
    const { code, report, history, stderr } = await gate('authority', {
      ...target,
      nodes: [...target.nodes, choosy],
      allow: withAuthority,
    });
    mesh.stopImpostors();
    t.notOk(
      history.some((entry) => entry.kind === 'exchange' && entry.node === 'choosy'),
      'who does not allow the probe takes the right svids: SPIRE issues nothing in names by that of an authority',
    );
    t.strictSame(
      [code, report.verdict, report.troubles],
      [0, 'pass', []],
      `${stderr}${JSON.stringify(report.clauses.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped'))}`,
    );
    t.ok(decided(report).length >= 42, `${decided(report).length} are decided: ${decided(report).join(' ')}`);
    const after = (await api.getBundle()).authorities;
    t.equal(after.length, before.length + 1);
    const ours = readCertificate(
      after.find(({ der }) => !before.some((one) => Buffer.compare(one.der, der) === 0))!.der,
    );
    t.match(ours.subject, report.run.id, 'it bears the name of the run');
    const lives = (ours.notAfter.getTime() - Date.now()) / 1000;
    t.ok(lives > 0 && lives < 600, `it lives for ${lives} s`);
    t.match(report.left, [{ at: target.spireServer.address, until: ours.notAfter.toISOString(), what: ours.subject }]);
    const put = history.findIndex(({ kind }) => kind === 'written');
    t.ok(put > 0 && put < history.findIndex(({ kind }) => kind === 'exchange'), 'it is told beforehand');
  });

  await t.test('liars that only wrong identities show are caught, and who does not follow the bundle', async (t) => {
    const liars = impostors
      .filter(
        ({ id, kind, breaks }) =>
          kind === 'node' && /^(x509-svid|spiffe-id\/syntax)\//.test(breaks) && /-as-server$/.test(id),
      )
      .filter(({ breaks }, nth, all) => all.findIndex((one) => one.breaks === breaks) === nth)
      // One takes a federated domain, and one is wrong by the seconds that clocks may differ by.
      .filter(({ breaks }) => !/foreign-authority|not-yet-valid/.test(breaks))
      .slice(0, 8);
    t.equal(liars.length, 8);
    const nodes: TargetText['nodes'] = [];
    for (const { id } of liars) nodes.push(await mesh.startImpostor(id));
    using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
    const spiffeId = `spiffe://${target.trustDomain}/service/deaf`;
    const { csrDer, privateKeyPem: key } = await createCsr(spiffeId);
    const { chain } = await api.mintX509Svid({ csrDer, ttlSeconds: 600 });
    const [cert, ca] = [chain, (await api.getBundle()).authorities.map(({ der }) => der)].map((ders) =>
      ders.map((der) => pem('CERTIFICATE', der)).join(''),
    );
    const settings = { cert, key, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' } as const;
    const deaf = createHttpsServer(settings, (_, response) => {
      response.end(JSON.stringify({ self: spiffeId, peer: probe }));
    }).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    const address = `127.0.0.1:${(deaf.address() as AddressInfo).port}`;
    const { code, report, history } = await gate('wrong', {
      ...target,
      nodes: [...target.nodes, ...nodes, { name: 'deaf', address, spiffeId, allows: [probe], uptake: '3s' }],
      allow: withAuthority,
    });
    mesh.stopImpostors();
    deaf.closeAllConnections();
    deaf.close();
    t.strictSame([code, report.verdict], [1, 'fail']);
    const wrong = history.flatMap((entry) =>
      entry.kind === 'exchange' &&
      entry.expect !== 'either' &&
      entry.outcome !== 'unknown' &&
      entry.outcome !== entry.expect
        ? [`${entry.node} ${entry.clause}`]
        : [],
    );
    for (const { id, breaks } of liars) t.ok(wrong.includes(`${id} ${breaks}`), `${id} is caught by ${breaks}`);
    t.match(verdictOf(report, 'mesh/rotation/bundle-taken-up')?.verdict, 'fail');
    t.strictSame(
      [...new Set(wrong.filter((one) => /^(deaf|node-)/.test(one)))].filter((one) => !/pinning|aead/.test(one)),
      ['deaf mesh/rotation/bundle-taken-up'],
      'and nothing else is held against who does not follow it, or against the right ones',
    );
  });

  await t.test(
    'SPIRE and a node trust an authority until its end, and no longer, although it stays in the bundle',
    async (t) => {
      using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
      const notAfter = new Date(Math.ceil(Date.now() / 1000 + 40) * 1000);
      const short = await forgeAuthority({ trustDomain: target.trustDomain, commonName: 'short', notAfter });
      await api.appendAuthorities([short.certificate.der]);
      const [node] = target.nodes;
      const ask = async () => (await offerTo(node!, { identity: await issueIdentity(short, probe) })).outcome;
      await eventually('the node takes it up', async () => (await ask()) === 'accepted', { withinMs: 30_000 });
      await eventually('its end', () => Date.now() > notAfter.getTime(), { withinMs: 45_000 });
      t.equal(await ask(), 'refused');
      const { authorities } = await api.getBundle();
      t.ok(authorities.some(({ der }) => Buffer.compare(der, short.certificate.der) === 0));
    },
  );

  await t.test('a critical node of which pinning was left out keeps the run from passing', async (t) => {
    const nodes = target.nodes.map((node, nth) => ({ ...node, critical: nth === 0 }));
    const { code, report } = await gate('critical', { ...target, nodes });
    t.strictSame([code, report.verdict], [3, 'inconclusive']);
    t.match(
      verdictOf(report, 'mesh/pinning/prefix')?.reason ?? '',
      /node-001 is critical, and was not looked at: .*svids/,
    );
    t.equal(verdictOf(report, 'mesh/tls/version-as-client')?.verdict, 'skipped');
    const right = await gate('critical-authority', { ...target, nodes, allow: withAuthority });
    t.strictSame(
      [right.code, right.report.verdict],
      [0, 'pass'],
      `with what it takes it is decided: ${JSON.stringify(right.report.clauses.filter(({ verdict }) => verdict === 'inconclusive'))}`,
    );
  });

  await t.test('what a run that was killed left at the server is told, and taken back', async (t) => {
    using api = connectServerApi(target.spireServer.admin!.slice('unix://'.length));
    const agents = (await api.listAgents()).length;
    const path = writeTarget('killed', { ...target, allow: { ...noFaults, write: ['tokens'] } });
    const args = ['gate', '--target', path, '--only', 'tokens', '--out', join(dir, 'out-killed'), '--quiet'];
    const child = start(args, 'ignore');
    await eventually('an agent joined', async () => (await api.listAgents()).length > agents, {
      ...{ withinMs: 60_000, everyMs: 5 },
      unless: () => (child.exitCode === null ? undefined : `it ended with ${child.exitCode}`),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const doctor = async (...more: readonly string[]) => {
      const { code, stdout, stderr } = await run('doctor', '--target', 'killed.yaml', '--json', ...more);
      return { code, stderr, left: JSON.parse(stdout) as { run: string; what: string; state: string }[] };
    };
    const told = await doctor();
    t.equal(told.code, 3, told.stderr);
    t.match(told.left[0], { what: /^\d+ agents? that joined by tokens of Assay$/, state: 'there' });
    const healed = await doctor('--heal');
    t.equal(healed.code, 0, healed.stderr);
    t.equal(healed.left[0]?.state, 'gone');
    t.equal((await api.listAgents()).length, agents);
    const after = await doctor();
    t.strictSame([after.code, after.left.filter(({ state }) => state !== 'stays')], [0, []]);
    t.match(
      (await run('doctor', '--target', 'authority.yaml')).stdout,
      /an authority in the bundle, by run \S+: what it signed is trusted until /,
    );
    t.match((await run('doctor', '--heal')).stderr, /--heal: takes back .* name it, as in --target mesh\.yaml/);
  });

  await t.test(
    'what SPIRE knows becomes a target file, and with what a person fills in the mesh is judged',
    async (t) => {
      const out = join(dir, 'discovered.yaml');
      const { admin, address } = target.spireServer;
      const { code, stderr } = await run(
        ...['target', 'discover', '--spire-server', admin!, '--spire-address', address],
        ...['--workload-api', target.workloadApi, '--out', out],
      );
      t.equal(code, 0, stderr);
      const text = readFileSync(out, 'utf8');
      const discovered = parse(text) as TargetText;
      t.strictSame(
        discovered.nodes.map(({ spiffeId }) => spiffeId),
        [probe, ...target.nodes.map(({ spiffeId }) => spiffeId)].toSorted(),
      );
      t.match(text, /# .* agents are alive/);
      t.match(text, /this user is handed it, too: where that is Assay alone[^\n]*\n +-? ?name: assay-probe/);
      t.match(text, /is federated with /);
      const refused = await run('gate', '--target', out, '--quiet');
      t.equal(refused.code, 2);
      t.match(
        refused.stderr,
        /discovered\.yaml:\d+: nodes\[0\]\.address: is still to be filled in; wanted is host:port/,
      );
      const nodes = discovered.nodes.flatMap((node) => {
        const known = target.nodes.find(({ spiffeId }) => spiffeId === node.spiffeId);
        return known === undefined ? [] : [{ ...node, address: known.address, allows: known.allows }];
      });
      const { report, code: judged } = await gate('filled-in', { ...discovered, nodes });
      t.strictSame([judged, report.verdict], [0, 'pass']);
    },
  );

  await t.test('what can be decided is told beforehand, and what would add to it', async (t) => {
    const check = async (name: string) => {
      const { code, stdout, stderr } = await run('target', 'check', `${name}.yaml`, '--json');
      t.equal(code, 0, stderr);
      return JSON.parse(stdout) as {
        readonly probe: string;
        readonly decidable: readonly string[];
        readonly more: readonly { readonly write: string; readonly decides: readonly string[] }[];
        readonly nodes: readonly {
          readonly name: string;
          readonly door: string;
          readonly server: string | null;
          readonly calledAs: string | null;
        }[];
        readonly touches: readonly string[];
        readonly inVain: readonly string[];
      };
    };
    for (const name of ['read-only', 'write', 'svids', 'authority', 'partners']) {
      const report = JSON.parse(readFileSync(join(dir, `out-${name}`, 'report.json'), 'utf8')) as Report;
      const { decidable } = await check(name);
      t.strictSame(decidable.toSorted(), decided(report), `${name}: as the gate did`);
    }
    const partners = await check('partners');
    t.match(partners.inVain, [/^the trust domain is federated with /]);
    const stranger = await check('stranger');
    t.match(stranger.nodes[0], {
      server:
        /does not allow the probe .*; or have it called as .*: stranger\.yaml would have to say allow: \{ write: \[svids\] \}/,
      calledAs: null,
    });
    const choosy = await check('svids');
    t.match(choosy.nodes.at(-1), { name: 'choosy', server: null, calledAs: caller });
    t.match(choosy.touches.join('\n'), new RegExp(`choosy, which is called as ${caller}`));
    t.match(choosy.touches.join('\n'), new RegExp(`SVIDs in the name of ${caller}, whom services allow`));
    const { probe: asked, more, touches, nodes: looked } = await check('read-only');
    t.strictSame(
      looked.map(({ door }) => door),
      looked.map(() => 'open'),
    );
    t.equal(choosy.nodes.at(-1)?.door, 'closed', 'that one is gone');
    const { bundleEndpoint: _endpoint, ...server } = target.spireServer;
    writeTarget('no-endpoint', { ...target, spireServer: server, allow: noFaults });
    const adding = (all: typeof more, words: RegExp) => all.find(({ write }) => words.test(write))?.decides.toSorted();
    t.match(adding((await check('no-endpoint')).more, /^spireServer: \{ …, bundleEndpoint: /), [/bundle-endpoint/]);
    t.equal(asked, probe);
    t.strictSame(adding(more, /^allow: \{ write: \[tokens\] \}/), withTokens.toSorted());
    t.strictSame(adding(more, /^allow: \{ write: \[svids\] \}/), withSvids.toSorted());
    t.ok(adding(more, /^dial: /)?.includes('mesh/tls/version-as-client'));
    t.equal(touches.length, 3 + target.nodes.length, 'the Workload API, the ports of the server and the nodes');
    const { code, stdout } = await run('target', 'check', 'read-only.yaml');
    t.equal(code, 0);
    t.match(stdout, /clauses of the gate can be decided now:\n {4}mesh\//);
    t.equal((await run('target', 'check', 'nowhere.yaml')).code, 2);
    t.equal((await run('target', 'check', 'gone.yaml')).code, 3, 'there is no Workload API');
  });

  await t.test('its target file is not taken by a second mesh', async (t) => {
    const { code, stderr } = await run('mesh', 'up', '--target', file, '--out', join(dir, 'second'));
    t.equal(code, 2, stderr);
    t.match(stderr, new RegExp(`belongs to a mesh that is up \\(process ${mesh.child.pid}\\)`));
  });

  await t.test('a program that dies is told, Ctrl-C takes the rest down and the file away', async (t) => {
    const run = /assay-([\w-]+)\/probe/.exec(target.workloadApi)![1]!;
    const service = processesOf(run).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('node/main.ts'),
    );
    process.kill(service!, 'SIGKILL');
    await eventually(
      'its end is told',
      () => /! service on node-00\d was ended by SIGKILL; .*log: .*service\.log/.test(mesh.said()),
      { withinMs: 5_000 },
    );
    mesh.child.kill('SIGINT');
    const [code] = (await once(mesh.child, 'exit')) as [number | null];
    t.equal(code, 0, mesh.said());
    t.equal(existsSync(file), false);
    // The guardian is told that it may go, and goes a moment later; it does not bear the mark.
    t.strictSame(processesOf(run), []);
    t.strictSame(
      readdirSync(tmpdir()).filter((name) => name === `assay-${run}`),
      [],
    );
  });
});

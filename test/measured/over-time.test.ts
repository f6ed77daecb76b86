import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { diesWithUs } from '../../fixtures/run/dies-with-us.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { freePort } from '../../fixtures/run/free-port.ts';
import { processesOf } from '../../fixtures/run/guardian/leftovers.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { wrongForMs } from '../../impostors/mistakes/door.ts';
import { findOnPath } from '../../fixtures/toolchain/find.ts';
import { readProxy } from '../../fixtures/target/attach/lent-proxy.ts';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import { clauses, findClause } from '../../src/clauses/catalogue.ts';
import type { Entry } from '../../src/history.ts';
import { pem } from '../../src/svid/x509/pem.ts';
import { historyOfNode } from '../../src/reading/one-node.ts';
import { buildReport } from '../../src/report/report.ts';
import {
  folder,
  impostorNode,
  meshUp,
  ofService,
  rightNode,
  type MeshUp,
  type OwnedService,
  type TargetText,
} from '../attached-mesh.ts';
import { followers as allFollowers } from '../products.ts';
import { helperCommand, helperFiles } from '../products/by-helper.ts';
import { buildGoService } from '../products/go-service.ts';
import { listens } from '../products/listens.ts';

import type { Place, Product, Stale } from '../products/product.ts';

t.setTimeout(1_200_000);

// What becomes of a mesh that others run while its SVIDs and its authority change, seen from outside.

const place = folder();
const { dir, gate, run } = place;
let mesh: MeshUp;
let target: TargetText;

t.before(async () => {
  mesh = await meshUp(place, join(dir, 'mesh.yaml'));
  ({ target } = mesh);
});
t.teardown(() => mesh.kill());

const admin = () => target.spireServer.admin!.slice('unix://'.length);

/** What a clause comes to where that node is the only one under test, in a line. */
function judged(history: readonly Entry[], id: string, node: string) {
  const { verdict, reason } = told(history, id, node);
  return `${verdict}: ${reason}`;
}

/** The same. */
function told(history: readonly Entry[], id: string, node: string) {
  const clause = findClause(id)!;
  return clause.judge(historyOfNode(history, node), clause);
}

const load = { perSecond: 20 };

// As servers are looked for: not on every PATH.
const path = [env.PATH, '/usr/sbin', '/usr/bin'].join(delimiter);
const programs: ChildProcess[] = [];
t.teardown(() => {
  for (const one of programs) one.kill('SIGKILL');
});

/** Ends those that were started since there were so many of them. */
function endSince(count: number): void {
  for (const one of programs.splice(count)) one.kill('SIGTERM');
}

function start([command = '', ...args]: readonly string[], cwd: string): void {
  const words = diesWithUs([tools[command] ?? command, ...args]);
  programs.push(spawn(words[0], words.slice(1), { cwd, env: { ...env, PATH: path }, stdio: 'ignore' }));
}

// Where what is no name on a PATH is.
const tools: Record<string, string> = {};
const helper = await locateTools(['spiffe-helper'], { onProgress() {} }).catch(() => undefined);
if (helper !== undefined) tools['spiffe-helper'] = helper['spiffe-helper'].path;
const goService = await buildGoService();
if ('path' in goService) tools[goService.program] = goService.path;

/** Whether a product and what keeps its files fresh can be had here. */
const isHere = ({ needs, asksWorkloadApi, builds }: Product) =>
  (asksWorkloadApi || helper !== undefined) &&
  (builds ? 'path' in goService : findOnPath(needs, { ...env, PATH: path }) !== undefined);

/** A deployment that follows what SPIRE renews, or does not: by the Workload API itself, or by files that the real spiffe-helper keeps fresh. */
async function deploy(product: Product, wrong?: Stale): Promise<TargetText['nodes'][number]> {
  const id = wrong?.id ?? `${product.id}-follows`;
  const own = join(dir, id);
  mkdirSync(own);
  const at = (name: string) => join(own, name);
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  };
  const place: Place = {
    ...{ dir: own, port: await freePort(), behind: await freePort() },
    ...{ cert: at('svid.pem'), key: at('svid.pem.key'), bundle: at('bundle.pem') },
    ...{ workloadApi: target.workloadApi, spiffeId: mesh.probe, allowed: mesh.probe },
  };
  if (!product.asksWorkloadApi) {
    write(helperFiles(place, wrong?.isToldNothing ? undefined : product.renewal));
    start(helperCommand(place), own);
    await eventually(
      'the helper has written its files',
      () => [place.cert, place.key, place.bundle].every((file) => existsSync(file)),
      { withinMs: 20_000 },
    );
  }
  const firstDay = at('bundle-of-the-first-day.pem');
  if (wrong?.deploy !== undefined) {
    using api = connectServerApi(admin());
    const { authorities } = await api.getBundle();
    write({ 'bundle-of-the-first-day.pem': authorities.map(({ der }) => pem('CERTIFICATE', der)).join('') });
  }
  const { files = {}, commands } =
    wrong?.deploy === undefined ? product.right(place) : wrong.deploy({ ...place, bundle: firstDay });
  write(files);
  for (const command of commands) start(command, own);
  await eventually(`${id} listens`, () => listens(place.port), { withinMs: 20_000, everyMs: 50 });
  return {
    ...{ name: id, address: `127.0.0.1:${place.port}`, spiffeId: mesh.probe, allows: [mesh.probe], uptake: '3s' },
    ...{ protocol: product.protocol },
  } as TargetText['nodes'][number];
}

const followers = allFollowers.filter(isHere);
let there: Promise<readonly TargetText['nodes'][number][]> | undefined;
/** Those, deployed rightly, once: they go on from one test to the next. */
const followersThere = () => (there ??= Promise.all(followers.map((product) => deploy(product))));
const stale = followers.flatMap((product) => (product.stale ?? []).map((one) => ({ ...one, product })));
/** Those beside whom a rotation goes on to its end, and those who stop it. */
const staleToTheEnd = stale.filter(({ isToldNothing }) => !isToldNothing);
const toldNothing = stale.filter(({ isToldNothing }) => isToldNothing);

await t.test(
  'a rotation of the authority is not done where partners would be cut off, unless that is allowed',
  async (t) => {
    const { code, report } = await gate(
      'partners',
      { ...target, allow: { faults: ['authority-rotation'], write: false } },
      '--only',
      'forced-rotation',
    );
    t.equal(code, 3);
    t.match(
      report.clauses[0]?.reason ?? '',
      /is federated with .*, who turn its services away until .*federated: true/,
    );
    using api = connectServerApi(admin());
    t.equal((await api.getX509AuthorityState()).old, undefined, 'nothing was rotated');
  },
);

/** What it comes to, where the machine had the time for it: so many programs may be too many for one, which is then said. */
function comesTo(t: Test, told: string, wanted: RegExp, message: string): void {
  if (/^inconclusive: this machine was too busy to tell: /.test(told)) t.pass(told, { skip: told });
  else t.match(told, wanted, message);
}

// A service that does not speak as the node contract says is asked nothing on kept connections.
const holds = /^pass|^skipped: .* was asked nothing on kept connections/;

const liars = {
  'rotation-loses-some': [
    'mesh/rotation/requests-survive',
    /^fail: rotation-loses-some lost \d+ of \d+ requests while it was given another SVID/,
  ],
  'rotation-reopens-listener': [
    'mesh/rotation/requests-survive',
    /^fail: rotation-reopens-listener lost .*(ECONNREFUSED|reset)/,
  ],
  'rotation-slow': [
    'mesh/rotation/requests-survive',
    /^fail: rotation-slow lost .*(answered only after [45]\d{3} ms|neither answered nor closed within 5000 ms)/,
  ],
  'rotation-hangs-connections': ['mesh/rotation/connections-survive', /^fail: rotation-hangs-connections lost/],
  'rotation-trusts-revoked-as-server': [
    'mesh/rotation/revoked-authority-refused',
    /^fail: rotation-trusts-revoked-as-server as server: the same SVID, after the revocation: accepted/,
  ],
} as const;

await t.test(
  'while the authority is rotated by force, right nodes lose nothing, and wrong ones are caught',
  async (t) => {
    const nodes = [...target.nodes];
    for (const id of Object.keys(liars)) nodes.push(await mesh.startImpostor(id));
    const following = await followersThere();
    const before = programs.length;
    const others = [...following];
    for (const one of staleToTheEnd) others.push(await deploy(one.product, one));
    // So many services at twice that would leave them too little of two processors.
    const light = { perSecond: 10 };
    const allow = { faults: [{ kind: 'authority-rotation', federated: true }], write: false, load: light };
    const { code, report, history, stderr } = await gate(
      'forced',
      { ...target, nodes: [...nodes.map((node) => ({ ...node, uptake: '2s' })), ...others], allow },
      ...['--only', 'forced-rotation'],
    );
    mesh.stopImpostors();
    endSince(before);
    t.strictSame([code, report.verdict, report.troubles], [1, 'fail', []], stderr);
    for (const { name } of target.nodes)
      for (const { id } of report.clauses) comesTo(t, judged(history, id, name), /^pass/, `${name} is right`);
    for (const [id, [clause, reason]] of Object.entries(liars)) comesTo(t, judged(history, clause, id), reason, id);
    for (const { name } of following)
      for (const { id } of report.clauses)
        comesTo(t, judged(history, id, name), holds, `${name} follows what SPIRE renews: ${id}`);
    for (const { id, breaks } of staleToTheEnd)
      for (const { id: clause } of report.clauses)
        comesTo(t, judged(history, clause, id), breaks.includes(clause) ? /^fail/ : /^(?!fail)/, `${id}: ${clause}`);
    const steps = history.flatMap((entry) => (entry.kind === 'authority' ? [entry.state] : []));
    t.strictSame(steps, ['prepared', 'activated', 'tainted', 'followed', 'revoked']);
    t.match(report.left, [{ what: /^a new authority of x0tta6bl4\.mesh/ }]);
    const left = await run('doctor', '--target', 'forced.yaml', '--json');
    t.notMatch(left.stdout, /tainted/, 'nothing is left half done');
  },
);

await t.test(
  'servers that nobody tells of their new files are found, and nothing is revoked',
  { skip: toldNothing.length === 0 && 'there is neither spiffe-helper nor a server that reads files' },
  async (t) => {
    const nodes = [...target.nodes];
    const before = programs.length;
    for (const one of toldNothing) nodes.push(await deploy(one.product, one));
    const allow = { faults: [{ kind: 'authority-rotation', federated: true }], write: false, load };
    const { code, report, history, stderr } = await gate(
      'stale',
      { ...target, nodes: nodes.map((node) => ({ uptake: '2s', ...node })), allow },
      ...['--only', 'forced-rotation'],
    );
    t.ok(code === 1 || code === 3, stderr);
    for (const { id } of toldNothing)
      comesTo(
        t,
        judged(history, 'mesh/rotation/new-svid-presented', id),
        new RegExp(`^fail: ${id} still showed an SVID of the old authority`),
        'it goes on with the SVID of its first day',
      );
    for (const { name } of target.nodes)
      comesTo(t, judged(history, 'mesh/rotation/new-svid-presented', name), /^pass/, `${name} is right`);
    t.match(
      report.troubles[0]?.message ?? '',
      /-never-reloads had not renewed .* the old authority is not revoked: .*Left: authority \w+ is tainted/,
    );
    const left = await run('doctor', '--target', 'stale.yaml');
    t.match(left.stdout, /tainted and not revoked, by run .*spire-server localauthority x509 revoke -authorityID/);
    using api = connectServerApi(admin());
    const { old } = await api.getX509AuthorityState();
    await api.revokeX509Authority(old!.authorityId);
    endSince(before);
  },
);

// What each right has to decide at least of each service that is made of software that never heard of Assay, and lets no one make it call.
const rights = [
  { title: 'by reading alone', allow: { faults: [], write: false }, atLeast: 20 },
  {
    title: 'with an authority of the run',
    allow: { faults: [], write: ['tokens', 'svids', { authority: { federated: true } }] },
    atLeast: 42,
  },
  {
    title: 'with a fault',
    allow: {
      faults: [{ kind: 'authority-rotation', federated: true }],
      write: ['tokens', 'svids', { authority: { federated: true } }],
    },
    atLeast: 48,
  },
] as const;

for (const { title, allow, atLeast } of rights)
  await t.test(`${title}, ${atLeast} clauses and more are decided of each service`, async (t) => {
    const nodes = await followersThere();
    const name = title.replaceAll(' ', '-');
    const mesh: TargetText = {
      ...target,
      nodes: [...nodes],
      allow: { ...allow, faults: [...allow.faults], write: allow.write && [...allow.write], load },
    };
    const { report, history } = await gate(name, mesh);
    t.strictSame(report.troubles, []);
    const checked = JSON.parse((await run('target', 'check', `${name}.yaml`, '--json')).stdout) as {
      readonly decidable: readonly string[];
    };
    for (const { name: service } of nodes) {
      const own = buildReport(historyOfNode(history, service), clauses).clauses;
      const decided = own.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail').map(({ id }) => id);
      const product = followers.find(({ id }) => service.startsWith(id))!;
      t.strictSame(
        own.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id),
        allow.write === false ? [] : (product.takesOdd ?? []),
        `${service} is right, as far as it can be`,
      );
      t.ok(decided.length >= atLeast, `${decided.length} of ${service}`);
      t.strictSame(
        decided.filter((id) => !checked.decidable.includes(id)),
        [],
        'nothing is decided of it that was not told beforehand',
      );
    }
  });

const getsThrough = `const [host, port] = process.argv.at(-1).split(':');
const s = require('tls').connect({ host, port, rejectUnauthorized: false }, () => process.exit(0));
s.on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 1000);`;

await t.test(
  'an outage that owners make by command is proven, felt by nobody who is right, and healed whatever becomes of the run',
  async (t) => {
    const programs = processesOf(/assay-([\w-]+)\/probe/.exec(target.workloadApi)![1]!).map((pid) => ({
      pid,
      command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0'),
    }));
    const server = programs.find(({ command }) => command.some((word) => word.includes('spire-server')))?.pid;
    const proxies = programs.find(({ command }) => command[0]?.endsWith('toxiproxy'))!.command;
    const said = (flag: string) => proxies[proxies.indexOf(flag) + 1];
    const toxiproxy = `http://${said('-host')}:${said('-port')}`;
    const enabled = async (proxy: string) => (await readProxy({ toxiproxy, proxy })).enabled;
    const commands = {
      cut: ['sh', '-c', `kill -STOP ${server}`],
      heal: ['sh', '-c', `kill -CONT ${server}`],
      reaches: [process.execPath, '-e', getsThrough, target.spireServer.address],
    };
    const allow = (change: object) => ({
      ...{ write: false, load },
      faults: [{ kind: 'partition', nodes: ['node-001', 'node-002'], ...commands, ...change }],
    });
    const right = await gate('cut', { ...target, allow: allow({}) }, '--only', 'commanded-partition');
    for (const { name } of target.nodes)
      comesTo(
        t,
        judged(right.history, 'mesh/partition/short-requests-survive', name),
        /^pass/,
        `${name} does not feel it`,
      );
    t.match(right.report.scenarios[0]?.faults, [
      {
        target: 'node-001',
        provenBy: /`reaches` ended with exit code 1, and got through before/,
        healedProvenBy: /gets through again/,
      },
      { target: 'node-002' },
    ]);
    const idle = await gate('idle', { ...target, allow: allow({ cut: ['true'] }) }, '--only', 'commanded-partition');
    t.equal(idle.code, 3, 'what cuts nothing shows nothing');
    t.match(idle.report.troubles[0]?.message ?? '', /partition of node-00\d is in force: not within/);
    const byProxy = (nodes: readonly string[]) => ({ kind: 'partition', nodes, toxiproxy, proxy: '{node}' });
    const lent = await gate(
      'lent',
      { ...target, syncInterval: '1s', allow: { write: false, load, faults: [byProxy(['node-001', 'node-002'])] } },
      ...['--only', 'commanded-partition'],
    );
    for (const { name } of target.nodes)
      comesTo(
        t,
        judged(lent.history, 'mesh/partition/short-requests-survive', name),
        /^pass/,
        `${name} does not feel it, by toxiproxy`,
      );
    t.match(lent.report.scenarios[0]?.faults, [
      {
        target: 'node-001',
        provenBy:
          /^\S+ closes every connection, and let through to the server before; the server answers beside it; that the agent of node-00\d takes /,
        healedProvenBy: /^a server shakes hands at/,
      },
      { target: 'node-002' },
    ]);
    t.match(JSON.stringify(lent.report.run.target), '"proxy":"{node}"', 'the report says which right was used');
    const both = { ...allow({ nodes: ['node-001'] }) };
    both.faults.push(byProxy(['node-002']) as never);
    const path = place.write('cut-and-killed', { ...target, allow: both });
    const child = place.start(
      ['gate', '--target', path, '--only', 'commanded-partition', '--quiet', '--out', join(dir, 'out-killed')],
      'ignore',
    );
    const state = () => /\) (\S)/.exec(readFileSync(`/proc/${server}/stat`, 'latin1'))?.[1];
    await eventually(
      'the server is stopped, and a link is cut',
      async () => state() === 'T' && !(await enabled('node-002')),
      {
        withinMs: 60_000,
        everyMs: 20,
      },
    );
    child.kill('SIGKILL');
    await eventually(
      'a guardian heals what a killed run broke',
      async () => state() !== 'T' && (await enabled('node-002')),
      {
        withinMs: 20_000,
        everyMs: 20,
      },
    );
    const unknown = await run(
      'gate',
      '--target',
      place.write('unknown', { ...target, allow: allow({ nodes: ['nobody'] }) }),
      '--quiet',
    );
    t.equal(unknown.code, 2);
    t.match(
      unknown.stderr,
      /allow\.faults\[0\]\.nodes\[0\]: "nobody" is no node of this file; there are node-001, node-002/,
    );
  },
);

// Of the same ID, and let in by the probe's: what differs is how each comes.
const services = new Map<string, OwnedService>();
const byFile = (file: keyof ReturnType<typeof ofService>) => ofService(dir, '{node}')[file];

/** The right ones that are restarted and paused, and those that are wrong for a moment. */
async function rightAnd(...impostors: readonly string[]): Promise<TargetText['nodes']> {
  const { 'assay-go-node': go } = await locateTools(['assay-go-node'], { onProgress() {} });
  const commands: Readonly<Record<string, readonly string[]>> = {
    reference: [process.execPath, rightNode],
    'go-spiffe': [go.path],
    ...Object.fromEntries(impostors.map((id) => [id, [process.execPath, impostorNode, id]])),
  };
  const all = Object.entries(commands).map(async ([name, command]) => {
    const one = services.get(name) ?? (await mesh.startService(name, command));
    services.set(name, one);
    return { ...one.node, uptake: '2s' };
  });
  return Promise.all(all);
}

/** What a clause says of an impostor is what its catalogue wants. */
function isCaught(t: Test, history: readonly Entry[], id: string): void {
  const { breaks, reason } = impostors.find((one) => one.id === id)!;
  const { verdict, reason: said } = told(history, breaks, id);
  t.equal(verdict, 'fail', `${id}: ${said}`);
  t.match(said.replaceAll(id, 'NODE'), reason, id);
}

await t.test('services that their owners restart come back as themselves, or are caught', async (t) => {
  const wrong = ['restart-in-the-clear', 'restart-asks-nobody', 'restart-packed-certificate'];
  const nodes = await rightAnd(...wrong);
  // They are wrong for a moment after each start: this one was not their owner's restart.
  await sleep(2 * wrongForMs);
  const restart = (change: object) => ({
    ...{ write: false, load: { perSecond: 20 } },
    faults: [{ kind: 'restart', run: ['sh', byFile('restart')], within: '20s', ...change }],
  });
  const names = nodes.map(({ name }) => name);
  const { code, report, history, stderr } = await gate(
    'restarted',
    { ...target, nodes: [...target.nodes.slice(0, 1), ...nodes], allow: restart({ nodes: names }) },
    ...['--only', 'commanded-restart'],
  );
  t.strictSame([code, report.verdict, report.troubles], [1, 'fail', []], stderr);
  for (const right of ['reference', 'go-spiffe'])
    for (const { id } of report.clauses) comesTo(t, judged(history, id, right), /^pass/, `${right} is right`);
  for (const id of wrong) isCaught(t, history, id);
  comesTo(
    t,
    judged(history, 'mesh/restart/comes-back', 'node-001'),
    /^skipped: the target file gives no command for a restart of node-001/,
    'nobody said that it may be restarted',
  );
  t.match(report.scenarios[0]?.faults?.[0], {
    ...{ kind: 'restart', target: 'reference', withinMs: 20_000 },
    ...{ provenBy: /; it was let in right before/, healedProvenBy: /it is let in/ },
  });
  const [right] = nodes;
  const never = await gate(
    'not-restarted',
    { ...target, nodes: [right], allow: restart({ nodes: ['reference'], run: ['true'], within: '1s' }) },
    ...['--only', 'commanded-restart'],
  );
  t.equal(never.code, 3, 'what is never seen away tells nothing');
  t.match(
    never.report.troubles[0]?.message,
    /restart of reference: it was never seen away in 1 s .*behind a proxy or a balancer/,
  );
  const failed = await gate(
    'restart-failed',
    { ...target, nodes: [right], allow: restart({ nodes: ['reference'], run: ['false'] }) },
    ...['--only', 'commanded-restart'],
  );
  t.equal(failed.code, 3);
  t.match(failed.report.troubles[0]?.message, /restart of reference: `run` \(false …\) ended with exit code 1/);
});

await t.test(
  'services that their owners pause wake as themselves, or are caught, and none is left paused',
  async (t) => {
    const nodes = await rightAnd('pause-opens');
    const pause = {
      ...{ kind: 'pause', nodes: nodes.map(({ name }) => name), for: '2s' },
      cut: ['sh', '-c', `kill -STOP "$(cat ${byFile('pid')})"`],
      heal: ['sh', '-c', `kill -CONT "$(cat ${byFile('pid')})"`],
      reaches: ['sh', '-c', `"$0" -e "$1" "$(cat ${byFile('address')})"`, process.execPath, getsThrough],
    };
    const allow = { write: false, load: { perSecond: 20 }, faults: [pause] };
    const { code, report, history, stderr } = await gate(
      'paused',
      { ...target, nodes, allow },
      ...['--only', 'commanded-pause'],
    );
    t.strictSame([code, report.verdict, report.troubles], [1, 'fail', []], stderr);
    for (const right of ['reference', 'go-spiffe'])
      for (const { id } of report.clauses) comesTo(t, judged(history, id, right), /^pass/, `${right} is right`);
    isCaught(t, history, 'pause-opens');
    const { state } = services.get('reference')!;
    const path = place.write('paused-and-killed', {
      ...target,
      nodes: nodes.slice(0, 1),
      allow: { ...allow, faults: [{ ...pause, nodes: ['reference'], for: '60s' }] },
    });
    const child = place.start(
      ['gate', '--target', path, '--only', 'commanded-pause', '--quiet', '--out', join(dir, 'out-paused-and-killed')],
      'ignore',
    );
    await eventually('the service is paused', () => state() === 'T', { withinMs: 60_000, everyMs: 20 });
    child.kill('SIGKILL');
    await eventually('a guardian resumes what a killed run paused', () => state() !== 'T', {
      withinMs: 20_000,
      everyMs: 20,
    });
    t.not(state(), 'T');
  },
);

await t.test(
  'a look at it over time sees its SVIDs renewed by their own clocks, and who cannot bear that',
  async (t) => {
    const short = await gate('short', target, '--watch', '4s', '--only', 'watch');
    t.equal(short.code, 3);
    t.match(
      judged(short.history, 'mesh/rotation/requests-survive', 'node-001'),
      /^inconclusive: node-001 showed no new SVID in 4 s; the one that it shows lives for 60 min, .*--watch \d+m would see it/,
    );
    using api = connectServerApi(admin());
    const entries = await api.listEntries();
    await api.updateEntries(
      entries.map((entry) => ({ ...entry, x509TtlSeconds: entry.spiffeId === mesh.probe ? 50 : 20 })),
    );
    const following = await followersThere();
    const nodes = [...target.nodes, ...following, await mesh.startImpostor('rotation-loses-some')];
    const { code, report, history, stderr } = await gate(
      'watched',
      { ...target, nodes, allow: { faults: [], write: false, load } },
      ...['--watch', '40s', '--only', 'watch'],
    );
    mesh.stopImpostors();
    t.strictSame([code, report.verdict], [1, 'fail'], stderr);
    for (const { name } of [...target.nodes, ...following])
      for (const { id } of report.clauses) comesTo(t, judged(history, id, name), holds, `${name} is right: ${id}`);
    const [clause, reason] = liars['rotation-loses-some'];
    comesTo(t, judged(history, clause, 'rotation-loses-some'), reason, 'it loses some when it is renewed');
  },
);

await t.test('it is for meshes that run already, and for times', async (t) => {
  const own = await run('gate', '--watch', '5m');
  t.equal(own.code, 2);
  t.match(own.stderr, /--watch: is for a mesh that runs already.*--target FILE/);
  const odd = await run('gate', '--target', 'mesh.yaml', '--watch', 'long');
  t.equal(odd.code, 2);
  t.match(odd.stderr, /--watch.*a time up to 24h is wanted, as 90s, 35m or 2h/);
});

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { parse, stringify } from 'yaml';
import { mintIdentity } from '../../fixtures/probes/issue-identity.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { diesWithUs } from '../../fixtures/run/dies-with-us.ts';
import { findOnPath } from '../../fixtures/toolchain/find.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { historyOfNode } from '../../src/reading/one-node.ts';
import { buildReport, type ClauseReport } from '../../src/report/report.ts';
import { pem } from '../../src/svid/x509/pem.ts';
import { makePlace, project, readHistory, startCli } from '../cli-run.ts';
import { products } from '../products.ts';
import { buildGoService } from '../products/go-service.ts';
import { listens } from '../products/listens.ts';
import { names, type Deployment, type Place } from '../products/product.ts';
import { freePort } from '../../fixtures/run/free-port.ts';

// Software of others, deployed as its manual says with SVIDs of a real SPIRE, and in the wrong ways that people really ship: judged from outside, by a
// target file and nothing else.

t.setTimeout(1_200_000);

// By its absolute path, or by its name: servers are not on every PATH.
const path = [env.PATH, '/usr/sbin', '/usr/bin'].join(delimiter);
const isHere = (program: string) =>
  program.startsWith('/') ? existsSync(program) : findOnPath(program, { ...env, PATH: path }) !== undefined;

interface Deployed {
  readonly id: string;
  readonly product: (typeof products)[number];
  readonly breaks: readonly string[];
  readonly deploy: (place: Place) => Deployment;
}
const namesOf = (takesAny: true | undefined) => (takesAny ? names : []);
// Some of them, while working on those: ASSAY_PRODUCTS=envoy-sds,go
const wanted = (id: string) => (env.ASSAY_PRODUCTS ?? '').split(',').some((start) => id.startsWith(start));
const all = products
  .flatMap((product): Deployed[] => [
    { id: product.id, product, breaks: namesOf(product.pinsNothing), deploy: product.right },
    ...product.wrong.map((one) => ({
      ...{ ...one, product },
      breaks: [...one.breaks, ...namesOf(one.takesAnyName ?? product.pinsNothing)],
    })),
  ])
  .filter(({ id }) => wanted(id));
const goService = await buildGoService();
const whyLacking = ({ needs, builds }: Deployed['product']) =>
  builds && 'whyNot' in goService ? goService.whyNot : isHere(needs) ? undefined : `${needs} is not on this machine`;
const chosen = all.filter(({ product }) => whyLacking(product) === undefined);
/** A word of a command, where the program that it may name is. */
const placed = (word: string) => ('path' in goService && word === goService.program ? goService.path : word);

interface TargetText {
  readonly trustDomain: string;
  readonly workloadApi: string;
  readonly spireServer: { readonly address: string; readonly admin: string };
  readonly nodes: readonly { readonly allows: readonly string[] }[];
}

await using home = makePlace();
const target = join(home.dir, 'mesh.yaml');
const mesh = startCli(home, ['mesh', 'up', '--target', target]);
const dir = mkdtempSync(join(tmpdir(), 'products-'));
// Those that do not run as root have to reach their files.
chmodSync(dir, 0o755);
const running: ChildProcess[] = [];
async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function endServices(): Promise<void> {
  // Some have processes of their own, which they end when they are asked to.
  for (const child of running) child.kill('SIGTERM');
  await Promise.race([Promise.all(running.map(gone)), sleep(5_000)]);
  for (const child of running.splice(0)) child.kill('SIGKILL');
}

/** Ends all that was started; the folders go with it. */
async function end(): Promise<void> {
  mesh.child.kill('SIGTERM');
  await endServices();
  await mesh.ended;
  rmSync(dir, { recursive: true, force: true });
}
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
await eventually('the mesh is up', () => existsSync(target), {
  withinMs: 120_000,
  signal: new AbortController().signal,
});
const up = parse(readFileSync(target, 'utf8')) as TargetText;
const probe = up.nodes[0]!.allows.find((id) => id.endsWith('/assay-probe'))!;
using api = connectServerApi(up.spireServer.admin.slice('unix://'.length));
const { authorities } = await api.getBundle();
const bundle = authorities.map(({ der }) => pem('CERTIFICATE', der)).join('');

/** Deploys it with an SVID of its own, and gives where it is. */
async function deploy({ id, product, deploy }: Deployed) {
  // The agent tells processes apart by their user, who is that of the probe.
  const spiffeId = product.asksWorkloadApi ? probe : `spiffe://${up.trustDomain}/service/${id}`;
  const own = join(dir, id);
  mkdirSync(own);
  const file = (name: string) => join(own, name);
  const place: Place = {
    ...{ dir: own, port: await freePort(), behind: await freePort(), allowed: probe },
    ...{ cert: file('svid.pem'), key: file('svid.pem.key'), bundle: file('bundle.pem') },
    ...{ workloadApi: up.workloadApi, spiffeId },
  };
  const { files = {}, commands, user, dial } = deploy(place);
  const svid = product.asksWorkloadApi ? undefined : await mintIdentity(api, spiffeId, () => undefined);
  const given = svid && { 'svid.pem': svid.cert, 'svid.pem.key': svid.key, 'bundle.pem': bundle };
  for (const [name, text] of Object.entries({ ...given, ...files })) writeFileSync(file(name), text);
  const as = user === undefined ? undefined : idsOf(user);
  if (as !== undefined) for (const name of ['.', ...readdirSync(own)]) chownSync(file(name), as.uid, as.gid);
  const log = join(dir, `${id}.log`);
  for (const command of commands) {
    const words = command.map(placed) as [string, ...string[]];
    const [program, ...args] = as === undefined ? diesWithUs(words) : words;
    const child = spawn(program!, args, {
      cwd: own,
      env: { ...home.env, PATH: path, NODE_PATH: join(project, 'node_modules') },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...as,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => writeFileSync(log, chunk, { flag: 'a' }));
    running.push(child);
  }
  await eventually(`${id} listens`, () => listens(place.port), {
    ...{ withinMs: 60_000, everyMs: 100, signal: new AbortController().signal, lookAt: log },
  }).catch((error: unknown) => {
    throw new Error(existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : 'it said nothing', { cause: error });
  });
  return {
    ...{ name: id, address: `127.0.0.1:${place.port}`, spiffeId, allows: [probe] },
    ...{ protocol: product.protocol, ...product.speech, ...(dial && { dial: dial.map(placed) }) },
  };
}

function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout));
  return { uid: uid!, gid: gid! };
}

// In two parts, so that each has the machine to itself: those that are given files, and those that ask the Workload API. A second ID of the mesh is
// that of a node of its own.
const histories = new Map<string, ReturnType<typeof readHistory>>();
for (const part of [
  chosen.filter(({ product }) => !product.asksWorkloadApi),
  chosen.filter(({ product }) => product.asksWorkloadApi),
]) {
  if (part.length === 0) continue;
  const nodes = await Promise.all(part.map(deploy));
  const file = join(home.dir, `products-${histories.size}.yaml`);
  writeFileSync(file, stringify({ ...up, nodes: [up.nodes[0], ...nodes], allow: { write: ['svids'] } }));
  const gate = startCli(home, ['gate', '--target', file, '--json', '--quiet']);
  const ended = await gate.ended;
  t.comment(`the gate on ${nodes.length} services took ${(ended.tookMs / 1_000).toFixed(1)} s`);
  const history = readHistory(ended.out);
  for (const { id } of part) histories.set(id, history);
  await endServices();
}

const ofNodes = new Set<string>(clauses.filter(({ roles }) => roles.length > 0).map(({ id }) => id));
const inWords = ({ id, verdict, reason }: ClauseReport) => `${id}: ${verdict}: ${reason}`;

for (const { id, product, breaks } of all) {
  const skip = whyLacking(product) ?? false;
  await t.test(
    breaks.length === 0 ? `${id} passes as its manual has it` : `${id} breaks ${breaks.join(' and ')}`,
    { skip },
    async (t) => {
      const told = buildReport(historyOfNode(histories.get(id)!, id), clauses).clauses.filter((one) =>
        ofNodes.has(one.id),
      );
      const having = (...verdicts: readonly string[]) => told.filter(({ verdict }) => verdicts.includes(verdict));
      t.strictSame(
        having('fail')
          .map((one) => one.id)
          .toSorted(),
        breaks.toSorted(),
        having('fail').map(inWords).join('\n'),
      );
      t.strictSame(having('inconclusive').map(inWords), []);
      t.comment(`${id}: ${having('pass').length} held`);
      assert.ok(having('pass', 'fail').length >= 7, told.map(inWords).join('\n'));
    },
  );
}
await end();

// What the reference node costs beside a bare server of `node:https`: npm run bench:node -- [--rounds N]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';
import { standUpMesh, type StandingMesh } from '../../api/stand-up-mesh.ts';
import { hostPort } from '../../src/host-port.ts';
import { writeNodeCost, type CostOf } from './result.ts';

const usage = `usage: npm run bench:node -- [--rounds N]

Stands up two meshes of SPIRE, one of the reference node and one of a bare server of node:https that checks the chain, pins the same ID and answers the same
bytes. In each of N rounds (10) both are called in turn: by new connections with one request each, and by requests on connections that stand. Prints the
processor time that the kernel counted for either, and keeps it in scripts/node-cost/result.json. Exit code 1 where the reference node takes more than a
tenth more. Wants a machine that does nothing else.`;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, help: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
if (values.help || !Number.isSafeInteger(rounds) || rounds < 1) {
  console.error(usage);
  process.exit(2);
}

const connections = 500;
const standing = 8;
const requestsEach = 400;
const atOnce = 4;
const mostMore = 0.1;

/** A node that is called, and the processor time that it has taken so far, in milliseconds. */
interface Called {
  readonly tls: ConnectionOptions;
  readonly spiffeId: string;
  cpuMs(): number;
}

async function called(mesh: StandingMesh): Promise<Called> {
  const [node] = mesh.nodes;
  const { cert, key } = await mesh.callerIdentity();
  const ca = [...(await mesh.authorities())];
  const pid = pidListening(node!.address);
  return {
    tls: { ...hostPort(node!.address), cert, key, ca, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined },
    spiffeId: node!.spiffeId,
    cpuMs: () => cpuMsOf(pid),
  };
}

/** The process that was told to listen there. */
function pidListening(address: string): number {
  const told = `ASSAY_LISTEN=${address}`;
  const found = readdirSync('/proc').find((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(told);
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error(`no process was told to listen at ${address}`);
  return Number(found);
}

/** Source: proc(5), /proc/pid/schedstat of each thread: nanoseconds on a processor. */
function cpuMsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1e6,
    0,
  );
}

const ask = (close: boolean) => `GET /hello HTTP/1.1\r\nhost: mesh\r\n${close ? 'connection: close\r\n' : ''}\r\n`;

function open({ tls, spiffeId }: Called): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(tls, () => {
      if (socket.getPeerCertificate().subjectaltname === `URI:${spiffeId}`) resolve(socket);
      else reject(new Error('somebody else answers'));
    });
    socket.once('error', reject);
  });
}

/** One request; resolves with the answer's last byte. */
function request(socket: TLSSocket, close: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!text.includes('}')) return;
      socket.off('data', onData).off('error', reject);
      if (text.startsWith('HTTP/1.1 200')) resolve();
      else reject(new Error(text.slice(0, 80)));
    };
    socket.on('data', onData).on('error', reject);
    socket.write(ask(close));
  });
}

async function perHandshakeMs(node: Called): Promise<number> {
  const before = node.cpuMs();
  const worker = async () => {
    for (let nth = 0; nth < connections / atOnce; nth++) {
      const socket = await open(node);
      await request(socket, true);
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (node.cpuMs() - before) / connections;
}

async function perRequestMs(node: Called): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: standing }, () => open(node)));
  const before = node.cpuMs();
  await Promise.all(
    sockets.map(async (socket) => {
      for (let nth = 0; nth < requestsEach; nth++) await request(socket, false);
    }),
  );
  const took = node.cpuMs() - before;
  for (const socket of sockets) socket.destroy();
  return took / (standing * requestsEach);
}

const out = mkdtempSync(join(tmpdir(), 'assay-node-cost-'));
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
const bareCommand = [process.execPath, join(import.meta.dirname, 'bare-node.ts')];
const bareNode = { command: bareCommand, implementation: 'a bare server of node:https' };
await using reference = await standUpMesh({ out: join(out, 'reference') });
await using bare = await standUpMesh({ out: join(out, 'bare'), node: bareNode });
const [ours, theirs] = [await called(reference), await called(bare)];

/** Of shares, which may be below zero, as well as of times. */
function median(all: readonly number[]): number {
  const sorted = all.toSorted((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Both in turn, and in the other order the next time. */
async function measured(of: (node: Called) => Promise<number>): Promise<CostOf> {
  // What is compiled when it is first called is compiled by then.
  for (const node of [ours, theirs]) await of(node);
  const pairs: { readonly ours: number; readonly theirs: number }[] = [];
  for (let nth = 0; nth < rounds; nth++) {
    const order = nth % 2 === 0 ? [ours, theirs] : [theirs, ours];
    const [one, other] = [await of(order[0]!), await of(order[1]!)];
    pairs.push(nth % 2 === 0 ? { ours: one, theirs: other } : { ours: other, theirs: one });
  }
  const more = pairs.map((pair) => pair.ours / pair.theirs - 1);
  return {
    referenceMs: median(pairs.map((pair) => pair.ours)),
    bareMs: median(pairs.map((pair) => pair.theirs)),
    moreBy: median(more),
    between: [Math.min(...more), Math.max(...more)],
  };
}

const handshake = await measured(perHandshakeMs);
const perRequest = await measured(perRequestMs);
const result = {
  ...{ date: new Date().toISOString().slice(0, 10), cores: availableParallelism(), rounds },
  ...{ handshake, request: perRequest },
};
writeNodeCost(result);
console.log(JSON.stringify(result, null, 2));
if ([handshake, perRequest].some(({ moreBy }) => moreBy > mostMore)) process.exitCode = 1;

import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fixtures/faults/fault.ts';
import { pause as pauseKind } from '../fixtures/faults/kinds/pause.ts';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import type { Run } from '../fixtures/run/run.ts';
import type { Target, TargetNode } from '../fixtures/target/target.ts';
import { reference, type Behaviour } from '../mesh/node/behaviour.ts';
import { Identity, type SvidSource } from '../mesh/node/identity.ts';
import { Metrics } from '../mesh/node/metrics.ts';
import { startMtlsServer } from '../mesh/node/server.ts';
import type { X509Context } from '../spiffe/workload-api.ts';
import { forgeAuthority, type Authority } from '../src/svid/x509/forge.ts';
import type { Coming } from './coming.ts';

/** What such a service does otherwise, by when it last came. Asked anew each time that it is started. */
export type ChangeOfService = (coming: Coming) => Partial<Behaviour> | Promise<Partial<Behaviour>>;

const trustDomain = 'door.mesh';
// A pause outlasts it, and by more than clocks may differ: what was good before is not good after it.
const svidLivesMs = 3_000;
const renewedEveryMs = 1_000;
const pausedMs = 14_500;
// Long enough to be seen away.
const awayMs = 800;
const backWithinMs = 4_000;
const uptakeMs = 2_500;

/** A service as others run it, which can be restarted and paused: the reference node, with SVIDs of an authority of its own. */
export async function startRightService(
  { recorder }: Run,
  change: ChangeOfService = () => ({}),
): Promise<Target & AsyncDisposable> {
  const authority = await forgeAuthority({ trustDomain });
  const [id, probe] = ['service', 'probe'].map((name) => `spiffe://${trustDomain}/${name}`) as [string, string];
  const listen = { host: '127.0.0.1', port: await freePort() };
  const name = 'restarted';
  let asleep: Sleeper | undefined;
  const start = async (cameMs?: number) => {
    asleep = sleeper(cameMs);
    const made = await change(asleep.coming);
    return startService({ listen, authority, id, allow: new Set([probe]) }, made, asleep);
  };
  // It has run for long when somebody comes to judge it.
  let running = await start(-Infinity);
  recorder.record({
    ...{ kind: 'node', node: name, mesh: trustDomain, spiffeId: id, judged: true, uptakeMs },
    ...{ svidTtlSeconds: svidLivesMs / 1_000, syncIntervalMs: renewedEveryMs, implementation: 'a service of its own' },
  });
  const address = `${listen.host}:${listen.port}`;
  const node: TargetNode = {
    name,
    address,
    peerAddress: address,
    spiffeId: id,
    allows: [probe],
    judged: true,
    uptakeMs,
  };
  const fault: Fault = {
    ...{ kind: pauseKind, target: name, leaves: `${name}, for as long as this process lives`, byHand: 'true' },
    inject: () => Promise.resolve(asleep!.sleep()),
    proveInForce: () => Promise.resolve('it was told to'),
    heal: () => Promise.resolve(asleep!.wake()),
    look: () => Promise.resolve({ gone: !asleep!.sleeps(), seen: 'it was told to' }),
    lost: () => Promise.resolve(undefined),
  };
  return {
    ...{
      name: trustDomain,
      trustDomain,
      nodes: [{ ...node, lacks: { client: 'it is not made to call' } }],
      planes: [],
    },
    ...{ probeIds: { own: probe, federated: undefined }, harnessHost: '127.0.0.1', lacks: {}, callsPerSecond: 20 },
    probeIdentity: () => issueIdentity(authority, probe, { notAfter: endOfLife() }),
    authorities: () => Promise.resolve([authority.certificatePem]),
    timing: { svidTtlSeconds: svidLivesMs / 1_000, syncIntervalMs: renewedEveryMs, cacheReloadMs: 1_000, uptakeMs },
    commanded: [{ kind: pauseKind.kind, node: name, fault, holdMs: pausedMs }],
    restarts: [
      {
        ...{ node: name, withinMs: backWithinMs, byHand: 'true' },
        async run() {
          await running[Symbol.asyncDispose]();
          await sleep(awayMs);
          running = await start();
        },
      },
    ],
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
    },
  };
}

const endOfLife = () => new Date(Date.now() + svidLivesMs);

interface Place {
  readonly listen: { readonly host: string; readonly port: number };
  readonly authority: Authority;
  readonly id: string;
  readonly allow: ReadonlySet<string>;
}

/** Starts it; it listens when it holds its first SVID, as the reference node does. */
async function startService(
  { listen, authority, id, allow }: Place,
  change: Partial<Behaviour>,
  asleep: Sleeper,
): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const behaviour: Behaviour = { ...reference, ...change };
  const issue = async (): Promise<X509Context> => {
    const svid = await authority.issue({
      ...{ spiffeId: id, notBefore: new Date(Date.now() - 10_000), notAfter: endOfLife() },
    });
    const one = { spiffeId: id, chain: svid.chain, privateKeyPkcs8: svid.privateKeyDer, hint: '' };
    return { svids: [one], bundles: new Map([[trustDomain, [authority.certificate.der]]]) };
  };
  const source: SvidSource = ({ onUpdate }) => {
    // A stream that waits for whoever sleeps gives what is newest.
    const give = () => void (asleep.sleeps() ? undefined : issue().then(onUpdate));
    const renewing = setInterval(give, renewedEveryMs);
    give();
    return { [Symbol.dispose]: () => clearInterval(renewing) };
  };
  const identity = starting.use(new Identity(source, behaviour));
  await identity.ready();
  const entrance: Behaviour['entrance'] = (tls, http) => asleep.before(behaviour.entrance(tls, http));
  starting.use(await startMtlsServer(listen, identity, allow, { ...behaviour, entrance }, new Metrics()));
  const owned = starting.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What of a service stands still, as if its process had been stopped: connections are taken by the kernel, and nobody looks at them. */
interface Sleeper {
  readonly coming: Coming;
  sleep(): void;
  wake(): void;
  sleeps(): boolean;
  /** The entrance through which connections come while it is awake. */
  before(server: Server): Server;
}

/** @param cameMs - when it came; left out: when it listens */
function sleeper(cameMs: number | undefined): Sleeper {
  let since: Date | undefined;
  let sleeps = false;
  let inner: Server | undefined;
  const waiting: Socket[] = [];
  const open = new Set<Socket>();
  return {
    coming: {
      sinceMs: () => (cameMs === undefined ? 0 : performance.now() - cameMs),
      asleepSince: () => since,
    },
    sleep() {
      sleeps = true;
      since = new Date();
    },
    wake() {
      if (!sleeps) return;
      sleeps = false;
      cameMs = performance.now();
      for (const socket of waiting.splice(0)) inner?.emit('connection', socket);
    },
    sleeps: () => sleeps,
    before(server) {
      inner = server;
      const outer = createServer((socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket)).on('error', () => {});
        if (sleeps) waiting.push(socket);
        else server.emit('connection', socket);
      });
      outer.once('listening', () => (cameMs ??= performance.now()));
      // Whoever ends takes its connections along.
      outer.once('close', () => waiting.splice(0));
      const close = outer.close.bind(outer);
      outer.close = (done) => {
        const closing = close(done);
        for (const socket of open) socket.destroy();
        return closing;
      };
      return outer;
    },
  };
}

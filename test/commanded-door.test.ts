import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import type { Fault } from '../fixtures/faults/fault.ts';
import { pause } from '../fixtures/faults/kinds/pause.ts';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import { tcp } from '../fixtures/probes/protocols/tcp.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import type { CommandedFault, CommandedRestart, Target, TargetNode } from '../fixtures/target/target.ts';
import { messageOf } from '../src/errors.ts';
import type { Entry, History } from '../src/history.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { commandedPause } from '../scenarios/commanded-pause.ts';
import { commandedRestart } from '../scenarios/commanded-restart.ts';
import { runScenario, type Scenario } from '../scenarios/scenario.ts';

// Small servers, restarted and paused as they are by owners, behind what stands before them in meshes of others.

t.setTimeout(120_000);
t.jobs = 3;

const trustDomain = 'door.mesh';
const [probeId, id] = [`spiffe://${trustDomain}/probe`, `spiffe://${trustDomain}/svc`];
const authority = await forgeAuthority({ trustDomain });
const notAfter = new Date(Date.now() + 3_600_000);
const [svid, probe] = await Promise.all([id, probeId].map((one) => issueIdentity(authority, one, { notAfter })));

// What is given up for a moment is bound again: nobody who connects out from the usual one may have taken the port meanwhile.
const host = '127.0.0.2';

interface Server {
  /** Gives the server up, with all that is connected. */
  stop(): Promise<void>;
  /** How many connections came, whoever they were of. */
  came(): number;
}

const hello = JSON.stringify({ self: id, peer: probeId });
const http = (socket: tls.TLSSocket) =>
  void socket.once('data', () =>
    socket.end(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${hello.length}\r\nConnection: close\r\n\r\n${hello}`,
    ),
  );

async function listening(server: net.Server, port: number): Promise<Server> {
  const open = new Set<net.Socket>();
  let came = 0;
  server.on('connection', (socket: net.Socket) => {
    came++;
    open.add(socket);
    socket.on('error', () => {}).once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
    came: () => came,
  };
}

/** The right one, but for a change of its TLS or of what it says. */
function serve(port: number, change: tls.TlsOptions = {}, talk = http): Promise<Server> {
  const right = {
    ...{ cert: svid!.cert, key: svid!.key, ca: [authority.certificatePem] },
    ...{ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' as const },
  };
  const server = tls.createServer({ ...right, ...change }, (socket) => {
    socket.on('error', () => {});
    talk(socket);
  });
  server.on('tlsClientError', () => {});
  return listening(server, port);
}

/** Serves whoever comes. */
const anybody: tls.TlsOptions = { requestCert: false, rejectUnauthorized: false, ca: undefined };

/** What stands before instances: each connection is dealt to one of them; one that takes nobody is left as `absent` says. */
function dealt(port: number, to: () => number | undefined, absent: (socket: net.Socket) => void): Promise<Server> {
  const server = net.createServer((socket) => {
    const behind = to();
    if (behind === undefined) return absent(socket);
    const other = net.connect(behind, host, () => socket.pipe(other).pipe(socket));
    other.on('error', () => absent(socket)).on('close', () => socket.destroy());
    socket.on('close', () => other.destroy());
  });
  return listening(server, port);
}

interface Change {
  readonly target?: Partial<Target>;
  readonly node?: Partial<TargetNode>;
  readonly uptakeAssumed?: true;
}

/** What a scenario comes to at one service: a line for each clause, what it threw, and its history. */
async function went(scenario: Scenario, port: number, { target = {}, node = {}, uptakeAssumed }: Change) {
  const dir = mkdtempSync(join(tmpdir(), 'door-test-'));
  const recorder = openRecorder(dir);
  const timing = { svidTtlSeconds: 3_600, syncIntervalMs: 1_000, cacheReloadMs: 1_000, uptakeMs: 1_000 };
  recorder.record({
    ...{ kind: 'node', node: 'svc', mesh: trustDomain, spiffeId: id, judged: true, uptakeMs: 1_000 },
    ...{ svidTtlSeconds: 3_600, syncIntervalMs: 1_000, implementation: 'i', ...(uptakeAssumed && { uptakeAssumed }) },
  });
  const address = `${host}:${port}`;
  const on: Target = {
    ...{ name: trustDomain, trustDomain, planes: [], lacks: {}, timing, harnessHost: '127.0.0.1', callsPerSecond: 20 },
    probeIds: { own: probeId, federated: undefined },
    probeIdentity: () => Promise.resolve(probe!),
    authorities: () => Promise.resolve([authority.certificatePem]),
    nodes: [
      {
        ...{ name: 'svc', address, peerAddress: address, spiffeId: id, allows: [probeId], judged: true },
        ...{ uptakeMs: 1_000, lacks: { client: 'no' }, ...node },
      },
    ],
    ...target,
  };
  const load = {
    ...{ light: true as const, during: () => {}, fitted: Promise.resolve(), refresh: () => Promise.resolve() },
    ...{ fitAgain: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() },
  };
  let threw = '';
  try {
    const { signal } = new AbortController();
    await runScenario(scenario, { target: on, load, recorder, signal, othersDone: Promise.resolve() });
  } catch (error) {
    threw = `${(error as Error).name}: ${messageOf(error)}`;
  }
  recorder.close();
  rmSync(dir, { recursive: true });
  const history: History = recorder.history;
  const [refuses, isBack] = scenario.clauses.map((clause) => {
    const { verdict, reason } = clause.judge(history, clause);
    return `${verdict}: ${reason}`;
  });
  return { threw, refuses: refuses!, isBack: isBack!, history };
}

const restartBy = (run: () => Promise<void>, withinMs = 8_000): Partial<Target> => ({
  restarts: [{ node: 'svc', withinMs, byHand: 'restart svc', run } satisfies CommandedRestart],
});

/** A pause that is told to be in force from its injection to its heal. */
function pauseBy(on: () => unknown, off: () => unknown, holdMs: number): Partial<Target> {
  let isOn = false;
  const fault: Fault = {
    ...{ kind: pause, target: 'svc', leaves: 'svc', byHand: 'resume svc', lost: () => Promise.resolve(undefined) },
    async inject() {
      isOn = true;
      await on();
    },
    proveInForce: () => Promise.resolve('told'),
    async heal() {
      await off();
      isOn = false;
    },
    look: () => Promise.resolve({ gone: !isOn, seen: 'told' }),
  };
  return { commanded: [{ kind: 'pause', node: 'svc', fault, holdMs } satisfies CommandedFault] };
}

const marks = (history: readonly Entry[]) =>
  history.flatMap((entry) => (entry.kind === 'fault' ? [entry.state as string] : []));

const tests: Readonly<Record<string, (t: Test) => Promise<void>>> = {
  async 'a service that goes some time after the command was run'(t) {
    const port = await freePort(host);
    let server = await serve(port);
    const { threw, refuses, isBack, history } = await went(commandedRestart, port, {
      target: restartBy(async () => {
        await sleep(500);
        await server.stop();
        await sleep(1_000);
        server = await serve(port);
      }),
    });
    t.equal(threw, '');
    t.match(refuses, /^pass/);
    t.match(isBack, /^pass/);
    const healed = history.find((entry) => entry.kind === 'fault' && entry.state === 'healed');
    const injected = history.find((entry) => entry.kind === 'fault' && entry.state === 'injected');
    t.ok(healed!.atMs - injected!.atMs > 1_500, 'it is not back before it was away');
    await server.stop();
  },
  async 'a right service behind a proxy that closes while nobody is behind it'(t) {
    const [port, behind] = [await freePort(host), await freePort(host)];
    let server = await serve(behind);
    const proxy = await dealt(
      port,
      () => behind,
      (socket) => socket.destroy(),
    );
    const { threw, refuses, isBack } = await went(commandedRestart, port, {
      target: restartBy(async () => {
        await sleep(300);
        await server.stop();
        await sleep(600);
        server = await serve(behind);
      }, 2_000),
    });
    t.match(threw, /^FixtureError: restart of svc: it was never seen away in 2 s from the command on: behind a proxy/);
    t.match(refuses, /^inconclusive/);
    t.match(isBack, /^inconclusive/);
    await Promise.all([proxy.stop(), server.stop()]);
  },
  async 'several behind one address'(t) {
    const [port, one, other] = [await freePort(host), await freePort(host), await freePort(host)];
    let first = await serve(one);
    const second = await serve(other);
    // The kernel's own dealing: a port is closed for those who are dealt to the one that is away.
    let isAway = false;
    let front: Server | undefined;
    const open = async () =>
      (front = await dealt(
        port,
        () => (Math.random() < 0.5 && !isAway ? one : other),
        (socket) => socket.destroy(),
      ));
    await open();
    let over = false;
    const flapping = async () => {
      while (!over) {
        await front?.stop();
        front = undefined;
        await sleep(300);
        await open();
        await sleep(300);
      }
    };
    let flaps: Promise<void> | undefined;
    const { threw, refuses, isBack } = await went(commandedRestart, port, {
      target: restartBy(async () => {
        isAway = true;
        await first.stop();
        flaps = flapping();
        await sleep(3_000);
        first = await serve(one, anybody);
      }),
    });
    over = true;
    await flaps;
    t.match(threw, /several stand behind its address/);
    t.match([refuses, isBack].join('\n'), /^inconclusive.*\ninconclusive/);
    await Promise.all([front?.stop(), first.stop(), second.stop()]);
  },
  async 'a fallback that speaks TLS 1.2 and serves anybody'(t) {
    const port = await freePort(host);
    let server = await serve(port);
    const { refuses } = await went(commandedRestart, port, {
      target: restartBy(async () => {
        await server.stop();
        await sleep(500);
        server = await serve(port, { ...anybody, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
        await sleep(1_000);
        await server.stop();
        await sleep(20);
        server = await serve(port);
      }),
    });
    t.match(refuses, /^fail: svc as server: .*: accepted, wanted refused/);
    await server.stop();
  },
  async 'a service of bytes that says nothing'(t) {
    const silent = (socket: tls.TLSSocket) => void socket.resume();
    const port = await freePort(host);
    let server = await serve(port, {}, silent);
    const { threw, refuses, isBack } = await went(commandedRestart, port, {
      node: { protocol: tcp() },
      target: restartBy(async () => {
        await server.stop();
        await sleep(800);
        server = await serve(port, {}, silent);
      }),
    });
    t.equal(threw, '');
    t.match(refuses, /^skipped: the target file does not say what is sent there \(send\)/);
    t.match(isBack, /^pass/);
    await server.stop();
  },
  async 'a service that takes fewer calls than are allowed'(t) {
    const port = await freePort(host);
    let left = 2;
    const server = await serve(port, {}, (socket) => (left-- > 0 ? http(socket) : void socket.destroy()));
    let isRun = false;
    const { threw } = await went(commandedRestart, port, {
      target: restartBy(() => Promise.resolve(void (isRun = true))),
    });
    await server.stop();
    t.match(threw, /turns the probe away before anything is done, at 20 calls a second/);
    t.notOk(isRun);
  },
  async 'one of several is paused, and the others answer'(t) {
    const [port, one, other] = [await freePort(host), await freePort(host), await freePort(host)];
    const servers = await Promise.all([serve(one), serve(other)]);
    let isPaused = false;
    let turn = 0;
    const front = await dealt(
      port,
      () => (turn++ % 2 === 1 ? other : isPaused ? undefined : one),
      () => {},
    );
    const target = pauseBy(
      () => (isPaused = true),
      () => {},
      1_000,
    );
    const { threw, refuses, isBack } = await went(commandedPause, port, { target });
    t.match(threw, /the probe is let in all the same .*: it is not this service that is paused, or not all/);
    t.match([refuses, isBack].join('\n'), /^inconclusive.*\ninconclusive/);
    await Promise.all([...servers, front].map((server) => server.stop()));
  },
  async 'a service that wakes and refuses everybody for a while'(t) {
    const port = await freePort(host);
    let server = await serve(port);
    const target = pauseBy(
      () => server.stop(),
      async () => void (server = await serve(port, { ca: undefined })),
      300,
    );
    const { threw, refuses, isBack, history } = await went(commandedPause, port, { target, uptakeAssumed: true });
    t.equal(threw, '');
    t.match(refuses, /^inconclusive: could not tell: svc as server: the right identity: refused, wanted accepted/);
    t.match(isBack, /^inconclusive: .*\(uptake\)/);
    t.strictSame(marks(history), ['injected', 'in-force', 'healing', 'healed']);
    await server.stop();
  },
  async 'a pause that is too short to be seen'(t) {
    const port = await freePort(host);
    const server = await serve(port);
    let isPaused = false;
    const target = pauseBy(
      () => (isPaused = true),
      () => {},
      300,
    );
    const { refuses } = await went(commandedPause, port, { target: { ...target, callsPerSecond: 2 } });
    t.match(refuses, /^skipped: svc would be paused for 300 ms \(for\), too short for 3 calls .* 1500 ms are wanted/);
    t.notOk(isPaused);
    await server.stop();
  },
  async 'calls come no more often than is allowed'(t) {
    const port = await freePort(host);
    const server = await serve(port);
    const atMs = performance.now();
    await went(commandedRestart, port, {
      target: { ...restartBy(() => Promise.reject(new Error('no such unit'))), callsPerSecond: 4 },
    });
    const perSecond = (1_000 * server.came()) / (performance.now() - atMs);
    t.ok(server.came() > 8 && perSecond <= 5, `${server.came()} calls, ${perSecond} a second`);
    await server.stop();
  },
};

await Promise.all(Object.entries(tests).map(([title, test]) => t.test(title, { buffered: true }, test)));

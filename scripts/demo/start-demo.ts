import { join } from 'node:path';
import { allOrNone } from '../../fixtures/run/all-or-none.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import type { Run } from '../../fixtures/run/run.ts';
import { describeExit, type Program, type Runtime } from '../../fixtures/runtime/runtime.ts';
import { startMeshHost, type MeshHost } from '../../fixtures/spire/mesh-host.ts';
import { startSpireServer, type SpireServer } from '../../fixtures/spire/spire-server.ts';
import { pem } from '../../src/svid/x509/pem.ts';
import { root } from '../docs/places.ts';

export const trustDomain = 'example.org';
export const serviceNames = ['frontend', 'backend', 'api'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** What a demo is made of. */
export interface DemoSpec {
  readonly run: Run;
  readonly runtime: Runtime;
  /** Paths of the programs. */
  readonly tools: Readonly<Record<'spire-server' | 'spire-agent', string>>;
  readonly svidTtlSeconds: number;
  /** host:port of the page. */
  readonly web: string;
}

/** A service that runs, on a host of its own. */
export interface DemoService {
  readonly name: ServiceName;
  readonly spiffeId: string;
  readonly node: MeshHost;
  /** host:port of its mTLS listener; nobody calls frontend, so that it has none. */
  readonly address: string;
  /** http://host:port of its admin listener. */
  readonly admin: string;
  readonly program: Program;
}

/** Three services, each with its agent, and the SPIRE server that vouches for them. */
export interface Demo extends AsyncDisposable {
  readonly spire: SpireServer;
  readonly services: Readonly<Record<ServiceName, DemoService>>;
  /** http://host:port/ */
  readonly page: string;
}

/**
 * Seconds between two rotations of an SVID that lives for so long. SPIRE dates an SVID back by ten seconds, and renews it at half of the life that this
 * makes; its agent looks each half second here.
 *
 * Source: SPIRE 1.15.3, NotBeforeCushion in pkg/server/credtemplate, and pkg/common/rotationutil.
 */
export function rotatesEverySeconds(svidTtlSeconds: number): number {
  return (svidTtlSeconds - 10) / 2;
}

const cacheReloadMs = 500;
const syncIntervalMs = 500;
const readyWithinMs = 30_000;

/** Starts a real SPIRE server, and for each service an agent of its own, an entry and a process; waits until all serve. */
export async function startDemo(spec: DemoSpec): Promise<Demo> {
  await using starting = new AsyncDisposableStack();
  const { run, runtime, tools } = spec;
  const spire = starting.use(
    await startSpireServer(runtime, tools['spire-server'], {
      ...{ name: 'spire', trustDomain, agentTtlSeconds: 3_600, cacheReloadMs, requirePqKem: false, auditLog: false },
    }),
  );
  const { authorities } = await spire.api.getBundle();
  const bootstrapBundlePem = authorities.map(({ der }) => pem('CERTIFICATE', der)).join('');
  const nodes = await allOrNone(
    serviceNames.map((name) =>
      startMeshHost({
        ...{ run, runtime, spire, trustDomain, bootstrapBundlePem, name, syncIntervalMs, requirePqKem: false },
        ...{ spireAgent: tools['spire-agent'], svidTtlSeconds: spec.svidTtlSeconds, joinTokenTtlSeconds: 300 },
        ...{ service: name, below: '/', ports: ['mtls', 'admin'], federatesWith: [] },
        serverAddress: spire.host.peerAddress('api'),
      }),
    ),
    starting,
  );
  const nodeOf = (name: ServiceName) => nodes[serviceNames.indexOf(name)]!;
  const own: Readonly<Record<ServiceName, readonly string[]>> = {
    frontend: ['--backend', nodeOf('backend').host.peerAddress('mtls'), '--web', spec.web],
    backend: ['--api', nodeOf('api').host.peerAddress('mtls')],
    api: ['--data', join(nodeOf('api').host.dir, 'notes.sqlite')],
  };
  const [frontend, backend, api] = await allOrNone(
    serviceNames.map((name) => startProcess(name, nodeOf(name), own[name], runtime.signal)),
    starting,
  );
  const services = { frontend: frontend!, backend: backend!, api: api! };
  const owned = starting.move();
  return { spire, services, page: `http://${spec.web}/`, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function startProcess(
  name: ServiceName,
  node: MeshHost,
  own: readonly string[],
  signal: AbortSignal,
): Promise<DemoService & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const { host, agent, spiffeId } = node;
  const [address, adminAddress] = [host.address('mtls'), host.address('admin')];
  const program = starting.use(
    await host.run({
      ...{ name: 'service', vital: true },
      command: [
        ...[process.execPath, join(root, 'cli/bin.js'), 'mesh', 'service', name, ...own],
        ...['--listen', host.listenAddress('mtls'), '--admin', host.listenAddress('admin')],
      ],
      env: { SPIFFE_ENDPOINT_SOCKET: `unix://${agent.socketPath}`, SPIFFE_TRUST_DOMAIN: trustDomain },
    }),
  );
  const admin = `http://${adminAddress}`;
  await eventually(`${name} serves`, async () => (await fetch(`${admin}/ready`)).ok, {
    ...{ withinMs: readyWithinMs, everyMs: 50, lookAt: program.logPath, signal },
    unless: () => {
      const exit = program.exit();
      return exit && `it ${describeExit(exit)}; its last words:\n${program.tail()}\n`;
    },
  });
  const owned = starting.move();
  return { name, spiffeId, node, address, admin, program, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

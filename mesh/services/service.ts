import { createServer, type Server } from 'node:http';
import { messageOf } from '../../src/errors.ts';
import { SpiffeController, type MeshListener } from '../controller.ts';
import type { MtlsConnection } from '../mtls-connection.ts';
import { reference } from '../node/behaviour.ts';
import { cipherSuites, withCipherSuites } from '../node/cipher-suites.ts';
import { parseHostPort } from '../node/contract.ts';
import type { SvidSource } from '../node/identity.ts';
import { startServiceAdmin, type HealthChecks } from '../observability/admin.ts';
import { certificateHealth, meshHealth, policyHealth, type Health, type Policy } from '../observability/health.ts';
import type { Log } from '../observability/log.ts';
import { MeshMetrics, type ServedRequest } from '../observability/metrics.ts';
import { observe } from '../observability/observe.ts';
import { askPeers } from './ask-peers.ts';
import { PeerClient, type Peer } from './peer-client.ts';
import { serveRoutes, type Routes } from './routes.ts';
import { followState, type ServiceState } from './service-state.ts';

/** Where and as whom a service runs. */
export interface ServiceOptions {
  readonly trustDomain: string;
  /** Where its identity comes from: the Workload API at `unix:///path`, or another source. */
  readonly identity: string | SvidSource;
  /** host:port of its mTLS listener; port 0 stands for any that is free. */
  readonly listen: string;
  /** host:port of its admin listener, on loopback. */
  readonly admin: string;
  /** Exact SPIFFE IDs of those who may call. Nobody: it opens no mTLS listener. */
  readonly allow: readonly string[];
  /** Left out: all three of TLS 1.3. */
  readonly cipherSuites?: readonly string[];
  readonly log: Log;
  /** Ends its start. */
  readonly signal?: AbortSignal;
}

/** What is each service's own. */
export interface ServiceParts {
  /** `backend`: its SPIFFE ID is spiffe://TRUST-DOMAIN/backend. */
  readonly name: string;
  /** The service that it rests on. */
  readonly calls?: Peer;
  /** What it answers beside `GET /hello` and `GET /mesh`. */
  routes(next: PeerClient | undefined): Routes;
  /** What else is to be open before it is ready. It ends with the service. */
  opens?(service: Opened): Promise<AsyncDisposable>;
}

/** A service as those see it who come to it another way than by mTLS. */
export interface Opened {
  readonly next: PeerClient | undefined;
  /** Of this service and those behind it. */
  state(): Promise<ServiceState>;
  /** A request has come. The service ends when those that came have ended. */
  began(): void;
  /** It was answered, or is waited for no more. */
  ended(request: ServedRequest): void;
}

/** A service of the mesh that holds its identity and serves. Disposing it ends it, when what is under way was answered. */
export interface Service extends Opened, AsyncDisposable {
  readonly spiffeId: string;
  /** host:port of its mTLS listener; undefined where it has none. */
  readonly address: string | undefined;
  /** host:port of its admin listener. */
  readonly adminAddress: string;
}

// As long as a call of a peer may take, and a little longer.
const drainMs = 5_000;
const drainEveryMs = 20;

/** What a service is made of. */
interface Core {
  readonly name: string;
  readonly spiffeId: string;
  readonly controller: SpiffeController;
  readonly metrics: MeshMetrics;
  readonly opened: Opened;
  readonly life: { isServing: boolean; underWay: number };
}

/**
 * Starts a service of the mesh. Its admin listener is there at once; then it waits for its identity, for as long as the signal allows.
 *
 * @throws TypeError on options that make no sense, Error where the identity is another's or an address cannot be bound, and the signal's reason
 */
export async function startService(options: ServiceOptions, parts: ServiceParts): Promise<Service> {
  await using starting = new AsyncDisposableStack();
  const { log, signal } = options;
  const core = coreOf(options, parts);
  const { spiffeId, controller, metrics, opened, life } = core;
  starting.use(controller);
  const admin = starting.use(
    await startServiceAdmin(
      parseHostPort(options.admin, 'admin', 0),
      checksOf(core, policyOf(options, parts)),
      metrics,
    ),
  );
  log('starting', { expects: spiffeId, admin: admin.address });
  await controller.initialize({}, signal);
  refuseOthersIdentity(core);
  const listener = options.allow.length === 0 ? undefined : await listen(core, options, parts);
  if (listener !== undefined) starting.use(listener);
  if (parts.opens !== undefined) starting.use(await parts.opens(opened));
  starting.defer(() => drained(life));
  life.isServing = true;
  log('ready', { listen: listener?.address ?? '' });
  const owned = starting.move();
  return {
    ...opened,
    spiffeId,
    address: listener?.address,
    adminAddress: admin.address,
    async [Symbol.asyncDispose]() {
      if (life.isServing) log('stopping', { why: messageOf(signal?.reason ?? 'asked to'), underWay: life.underWay });
      life.isServing = false;
      listener?.stopTaking();
      await owned.disposeAsync();
    },
  };
}

function coreOf(
  { trustDomain, identity, cipherSuites: suites = cipherSuites, log }: ServiceOptions,
  parts: ServiceParts,
): Core {
  const { name, calls } = parts;
  const spiffeId = `spiffe://${trustDomain}/${name}`;
  const controller = new SpiffeController({
    ...{ trustDomain, behaviour: withCipherSuites(reference, suites) },
    ...(typeof identity === 'string' ? { endpointSocket: identity } : { source: identity }),
  });
  const metrics = new MeshMetrics(() => {
    const held = controller.identity.current;
    return held && { spiffeId: held.spiffeId, notAfter: held.leaf.notAfter };
  });
  const own = followState(controller, { service: name, spiffeId }, observe(controller, metrics, log));
  const next = calls && clientOf(controller, calls, metrics, log);
  const life = { isServing: false, underWay: 0 };
  const opened: Opened = {
    ...{ next, state: () => wholeState(own, next), began: () => void (life.underWay += 1) },
    ended(request) {
      life.underWay -= 1;
      metrics.served(request);
    },
  };
  return { name, spiffeId, controller, metrics, opened, life };
}

function policyOf({ allow, cipherSuites: suites = cipherSuites }: ServiceOptions, { calls }: ServiceParts): Policy {
  return { allow, calls: calls === undefined ? [] : [calls.spiffeId], cipherSuites: suites };
}

function checksOf({ spiffeId, controller, opened, life }: Core, policy: Policy): HealthChecks {
  const certificate = () => certificateHealth(controller, spiffeId, new Date());
  const whole = (): Health => {
    const held = certificate();
    if (!held.ok) return held;
    return life.isServing
      ? { ok: true, reason: 'it serves' }
      : { ok: false, reason: 'it does not serve yet, or no more' };
  };
  return {
    '/ready': whole,
    '/health': whole,
    '/health/certificate': certificate,
    '/health/mesh': async () => meshHealth(controller, await askPeers(opened.next), new Date()),
    '/health/policy': () => policyHealth(controller, spiffeId, policy),
  };
}

/** @throws Error that names both */
function refuseOthersIdentity({ name, spiffeId, controller }: Core): void {
  const held = controller.getIdentity().spiffeId;
  if (held !== spiffeId)
    throw new Error(
      `this process is handed the identity ${held}, and ${name} is ${spiffeId}: see to the selectors of its registration entry`,
    );
}

function listen(
  core: Core,
  { listen: address, allow, log }: ServiceOptions,
  parts: ServiceParts,
): Promise<MeshListener> {
  const { controller, metrics } = core;
  // Connections of callers that end soon, for an SVID on one of both sides: the next answer on one says that it is the last.
  const expiring = new WeakSet<object>();
  const http = httpOf(core, parts, log, expiring);
  return controller.listen({ address, allow }, (connection) => {
    connection
      .once('close', metrics.connected('server'))
      .once('expiring', () => expiring.add(connection))
      .on('error', () => {
        /* the peer's business; http ends what it had of it */
      });
    http.emit('connection', connection);
  });
}

function httpOf(
  { controller, opened, life }: Core,
  parts: ServiceParts,
  log: Log,
  expiring: { has(socket: object): boolean },
): Server {
  const routes: Routes = {
    'GET /hello': ({ peer }) => ({ body: { self: controller.getIdentity().spiffeId, peer } }),
    'GET /mesh': async () => ({ body: await opened.state() }),
    ...parts.routes(opened.next),
  };
  const listener = serveRoutes(routes, {
    peerOf: ({ socket }) => peerOf(socket),
    began: opened.began,
    ended(request, peer) {
      opened.ended(request);
      const { method, route, status, seconds } = request;
      log('request', { peer, method, route, status, ms: Math.round(seconds * 1e6) / 1e3 });
    },
    defect: (route, error) => log('defect', { route, why: messageOf(error) }),
    isLast: ({ socket }) => !life.isServing || expiring.has(socket),
  });
  return createServer({ keepAliveTimeout: 60_000, maxHeaderSize: 8_192 }, listener);
}

/** HTTP takes any stream for its connection. */
function peerOf(socket: object): string {
  return (socket as MtlsConnection).peerSpiffeId;
}

function clientOf(controller: SpiffeController, peer: Peer, metrics: MeshMetrics, log: Log): PeerClient {
  return new PeerClient(controller, peer, {
    connected: () => metrics.connected('client'),
    failed(route, why) {
      metrics.callFailed(peer.spiffeId);
      log('call.failed', { expects: peer.spiffeId, route, why });
    },
  });
}

async function wholeState(own: () => ServiceState, next: PeerClient | undefined): Promise<ServiceState> {
  if (next === undefined) return own();
  const behind = await next.body({ method: 'GET', path: '/mesh' }).then(
    (body) => body as ServiceState,
    (error: unknown) => ({ spiffeId: next.peer.spiffeId, trouble: messageOf(error) }),
  );
  return { ...own(), next: behind };
}

/** Resolves when nothing is under way any more, and after five seconds whatever is. */
function drained(life: { readonly underWay: number }): Promise<void> {
  const untilMs = performance.now() + drainMs;
  return new Promise((resolve) => {
    const look = () => {
      if (life.underWay === 0 || performance.now() >= untilMs) resolve();
      else setTimeout(look, drainEveryMs);
    };
    look();
  });
}

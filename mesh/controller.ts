import { EventEmitter } from 'node:events';
import type { TLSSocket } from 'node:tls';
import type { ServerApi } from '../spiffe/server-api.ts';
import { parseEndpointSocket } from '../spiffe/workload-api.ts';
import { messageOf } from '../src/errors.ts';
import { hostPortText, type HostPort } from '../src/host-port.ts';
import type { TrustBundles } from '../src/svid/bundle.ts';
import { findSpiffeId, isTrustDomain, parseSpiffeId } from '../src/svid/spiffe-id.ts';
import { alarmAt } from './alarm.ts';
import { prove, type Attestation, type BootstrapAgent } from './attestation.ts';
import { IdentityLostError, MtlsConnection, type Link } from './mtls-connection.ts';
import { reference, type Behaviour } from './node/behaviour.ts';
import { parseHostPort } from './node/contract.ts';
import { connectMtls, RefusedError, type DialResult } from './node/dial.ts';
import type { Held } from './node/held.ts';
import { shownBy, type Handshake } from './node/handshake.ts';
import { Identity, type SvidSource } from './node/identity.ts';
import { startMtlsListener } from './node/listener.ts';
import { judgePeer, presentedChain } from './node/peer.ts';
import { register, type RegistrationAudit, type Workload } from './registration.ts';

/** The means of a controller. A node that is handed its identity by an agent needs none of them. */
export interface SpiffeControllerOptions {
  /** Left out: that of the first SVID. */
  readonly trustDomain?: string;
  /** `unix:///path` or `tcp://ip:port`. Left out: SPIFFE_ENDPOINT_SOCKET. */
  readonly endpointSocket?: string;
  /** Where identities come from instead of the Workload API, as from files. */
  readonly source?: SvidSource;
  /** Starts the local agent, for the strategies by which an agent attests itself. */
  readonly bootstrapAgent?: BootstrapAgent;
  /** For those entitled to register, which a mesh node is not: what `connectServerApi` gives for the admin socket of the SPIRE server. */
  readonly registrar?: Pick<ServerApi, 'createEntries'>;
  /** Hears of each registration, also of those that are refused. */
  readonly audit?: RegistrationAudit;
  readonly behaviour?: Behaviour;
}

/** What a controller tells by itself. */
export interface SpiffeControllerEvents {
  /** There is a new SVID, the first one included. Connections that are open stay so. */
  rotated: [Held];
  /** The authorities have changed by which peers are judged. */
  bundle: [TrustBundles];
  /** Four fifths of the life of the SVID are over, and no newer one has come; until when it lives. */
  expiring: [Date];
  /** There is no SVID any more, since it was withdrawn or has ended; why. All connections of the controller have ended. */
  lost: [reason: string];
  /** The agent was not reached, or what it said could not be read. It is asked again, after 50 ms at first and after a second at most. */
  trouble: [Error];
  /** A handshake of `listen` or `establishMtlsConnection` has ended, well or not. */
  handshake: [Handshake];
}

/** A listener of a controller. */
export interface MeshListener extends AsyncDisposable {
  /** host:port where it listens. */
  readonly address: string;
  /** Takes no more connections; those that it took stay open. */
  stopTaking(): void;
  /** Takes no more connections, and ends those that it took. */
  close(): Promise<void>;
}

/**
 * What a mesh node does with SPIFFE, in the calls of the deployment document: it obtains an identity, keeps it fresh, and speaks mutual TLS 1.3 with
 * peers whose exact SPIFFE IDs it was told. `close` ends all of it.
 */
export class SpiffeController extends EventEmitter<SpiffeControllerEvents> implements AsyncDisposable {
  readonly #options: SpiffeControllerOptions;
  readonly #behaviour: Behaviour;
  readonly #closing = new AbortController();
  readonly #connections = new Set<MtlsConnection>();
  readonly #listeners = new Set<MeshListener>();
  #identity: Identity | undefined;
  #last: Held | undefined;
  #alarms: readonly Disposable[] = [];

  /** @throws TypeError when the trust domain or the endpoint socket is none */
  constructor(options: SpiffeControllerOptions = {}) {
    super();
    const { trustDomain, endpointSocket } = options;
    if (trustDomain !== undefined && !isTrustDomain(trustDomain))
      throw new TypeError(
        `trustDomain: ${JSON.stringify(trustDomain)} is no name of a trust domain; wanted is one such as example.org, without spiffe://`,
      );
    if (endpointSocket !== undefined) parseEndpointSocket(endpointSocket);
    this.#options = options;
    this.#behaviour = options.behaviour ?? reference;
  }

  /**
   * Obtains an identity, and waits for it: for an agent that is away, and for an entry that is not there yet, for as long as the signal allows.
   * Meanwhile `trouble` says what is missing.
   *
   * @throws TypeError on a strategy without its means, Error when the SVID is of another trust domain, the signal's reason, and Error when closed
   */
  async initialize(attestation: Attestation = {}, signal?: AbortSignal): Promise<void> {
    this.#open();
    await prove(attestation, this.#options.bootstrapAgent);
    const { signal: closing } = this.#closing;
    const { spiffeId } = await this.identity.ready(signal === undefined ? closing : AbortSignal.any([signal, closing]));
    const { trustDomain } = parseSpiffeId(spiffeId);
    const wanted = this.#options.trustDomain;
    if (wanted !== undefined && trustDomain !== wanted)
      throw new Error(`initialize: the local agent is of trust domain ${trustDomain}, not ${wanted}`);
  }

  /** Follows the Workload API from the first look at it. */
  get identity(): Identity {
    if (this.#identity !== undefined) return this.#identity;
    this.#open();
    return (this.#identity = new Identity(this.#options.source ?? this.#workloadApi(), this.#behaviour)
      .on('rotated', (held) => this.#take(held))
      .on('withdrawn', (reason) => this.#lose(`withdrawn: ${reason}`))
      .on('trouble', (error) => this.emit('trouble', error)));
  }

  /**
   * Makes a registration entry, by least privilege: one that would hand an identity to more than one workload is refused unless it says `force`.
   *
   * @returns the id of the entry
   * @throws LeastPrivilegeError, TypeError on a workload that no entry can name, and the server's refusal
   */
  registerWorkload(workload: Workload): Promise<string> {
    const { trustDomain, registrar, audit = () => undefined } = this.#options;
    return register(workload, { trustDomain, registrar, audit });
  }

  /**
   * A connection to that peer only. What it promises while identities rotate, {@link MtlsConnection} says.
   *
   * @param peer - `withinMs` is for each time that it connects, and for how long it tries again at a boundary; 5000 unless told
   * @throws TypeError, RefusedError, network errors, or when no SVID is held
   */
  async establishMtlsConnection(peer: {
    peerSpiffeId: string;
    /** host:port */
    address: string;
    withinMs?: number;
  }): Promise<MtlsConnection> {
    const { peerSpiffeId, address, withinMs = 5_000 } = peer;
    const allow = idsOf('peerSpiffeId', [peerSpiffeId]);
    const to = parseHostPort(address, 'address');
    const open = async (ending: AbortSignal): Promise<Link> => {
      const held = this.getIdentity();
      const signal = AbortSignal.any([ending, AbortSignal.timeout(withinMs)]);
      const now = () => this.getIdentity();
      const connecting = connectMtls(to, peerSpiffeId, held, allow, this.#behaviour, withinMs, now, signal);
      const socket = await this.#observed(connecting, to, peerSpiffeId);
      socket.setTimeout(0);
      return { socket, peerSpiffeId, peerChain: presentedChain(socket), ownNotAfter: held.leaf.notAfter };
    };
    return this.#carry(await open(this.#closing.signal), allow, withinMs, open);
  }

  /**
   * Takes connections of the peers that are allowed, by their exact SPIFFE IDs, and refuses everyone else.
   *
   * @param to - `address` is host:port, where port 0 stands for any that is free
   * @throws TypeError, and Error when the address cannot be bound or no SVID is held
   */
  async listen(
    to: { address: string; allow: readonly string[] },
    onConnection: (connection: MtlsConnection) => void,
  ): Promise<MeshListener> {
    this.getIdentity();
    const allow = idsOf('allow', to.allow);
    const where = parseHostPort(to.address, 'address', 0);
    const accepted = (socket: TLSSocket, peerSpiffeId: string, peerChain: Link['peerChain']): void => {
      // Its handshake was under way when the controller was closed.
      if (this.#closing.signal.aborted) return void socket.destroy();
      const own = socket.getX509Certificate()?.validToDate;
      const ownNotAfter = own ?? this.getIdentity().leaf.notAfter;
      onConnection(this.#carry({ socket, peerSpiffeId, peerChain, ownNotAfter }, allow, 0));
    };
    const inner = await startMtlsListener(where, this.identity, allow, this.#behaviour, {
      accepted,
      handshake: (ended) => this.emit('handshake', ended),
    });
    if (this.#closing.signal.aborted) await inner[Symbol.asyncDispose]();
    this.#open();
    const close = async () => {
      this.#listeners.delete(listener);
      await inner[Symbol.asyncDispose]();
    };
    const listener: MeshListener = {
      address: hostPortText({ host: where.host, port: inner.bound.port }),
      stopTaking: () => inner.stopTaking(),
      close,
      [Symbol.asyncDispose]: close,
    };
    this.#listeners.add(listener);
    return listener;
  }

  /** One GET /hello over such a connection; `allow` narrows who may answer. */
  dial(to: { host: string; port: number }, expect: string, allow: ReadonlySet<string>): Promise<DialResult> {
    const as = this.#identity?.current ?? this.getIdentity();
    return this.#behaviour.dial(to, expect, as, allow, this.#behaviour, 5_000, () => this.#identity?.current ?? as);
  }

  /** What is held right now. @throws Error before the first SVID, and after it was withdrawn or has ended */
  getIdentity(): Held {
    this.#open();
    const current = this.#identity?.current;
    if (current === undefined) throw new Error('no SVID is held: initialize first, or the registration was withdrawn');
    if (current.leaf.notAfter.getTime() <= Date.now())
      throw new Error(`no SVID is held: that of ${current.spiffeId} ended at ${current.leaf.notAfter.toISOString()}`);
    return current;
  }

  /** Ends listeners, connections, and what follows the Workload API. It may be called twice. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the controller was closed'));
    this.#identity?.[Symbol.dispose]();
    for (const alarm of this.#alarms) alarm[Symbol.dispose]();
    const open = [...this.#connections].map((connection) => ended(connection));
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([...open, ...[...this.#listeners].map((listener) => listener.close())]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): void {
    this.#closing.signal.throwIfAborted();
  }

  #workloadApi(): SvidSource {
    const socket = this.#options.endpointSocket ?? process.env.SPIFFE_ENDPOINT_SOCKET;
    if (socket === undefined) throw new TypeError('SPIFFE_ENDPOINT_SOCKET is not set');
    return (listener) => this.#behaviour.watch(socket, listener);
  }

  /** Tells how a handshake of ours ends. */
  async #observed(connecting: Promise<TLSSocket>, to: HostPort, peer: string): Promise<TLSSocket> {
    const startedAt = performance.now();
    const tell = (ended: Pick<Handshake, 'result' | 'peer' | 'serial' | 'suite' | 'why'>) =>
      this.emit('handshake', {
        ...{ role: 'client', remote: hostPortText(to), seconds: (performance.now() - startedAt) / 1_000 },
        ...ended,
      });
    const socket = await connecting.catch((error: unknown) => {
      tell({ result: error instanceof RefusedError ? 'refused' : 'error', why: messageOf(error) });
      throw error;
    });
    tell({ result: 'ok', peer, ...shownBy(socket, presentedChain(socket)) });
    return socket;
  }

  #carry(
    link: Link,
    allow: ReadonlySet<string>,
    reopenWithinMs: number,
    open?: (signal: AbortSignal) => Promise<Link>,
  ): MtlsConnection {
    if (this.#closing.signal.aborted) link.socket.destroy();
    this.#open();
    const connection = new MtlsConnection(link, {
      objection: (chain) => {
        const current = this.#identity?.current;
        // Withdrawn: they end for that, all of them.
        if (current === undefined) return undefined;
        const judged = judgePeer(chain, current, allow, new Date());
        return judged.ok ? undefined : judged.why;
      },
      reopenWithinMs,
      ...(open && { open }),
    });
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    return connection;
  }

  #take(held: Held): void {
    const last = this.#last;
    this.#last = held;
    if (last?.leaf.fingerprint !== held.leaf.fingerprint) {
      for (const alarm of this.#alarms) alarm[Symbol.dispose]();
      const { notBefore, notAfter } = held.leaf;
      const late = new Date(notBefore.getTime() + (notAfter.getTime() - notBefore.getTime()) * 0.8);
      this.#alarms = [
        alarmAt(late, () => this.emit('expiring', notAfter)),
        alarmAt(notAfter, () => this.#lose(`the SVID of ${held.spiffeId} ended at ${notAfter.toISOString()}`)),
      ];
      this.emit('rotated', held);
    }
    if (last === undefined || namesOf(last.bundles) !== namesOf(held.bundles)) {
      for (const connection of this.#connections) connection.review();
      this.emit('bundle', held.bundles);
    }
  }

  #lose(reason: string): void {
    if (this.#last === undefined) {
      // Nothing was held yet: an entry that is not there yet is trouble, and no loss.
      this.emit('trouble', new Error(`no SVID is issued to this process: ${reason}`));
      return;
    }
    this.#last = undefined;
    for (const alarm of this.#alarms) alarm[Symbol.dispose]();
    for (const connection of this.#connections) connection.destroy(new IdentityLostError(reason));
    this.emit('lost', reason);
  }
}

/** All authorities in a bundle, as one text. */
function namesOf(bundles: TrustBundles): string {
  return [...bundles]
    .map(([trustDomain, authorities]) =>
      [trustDomain, ...authorities.map(({ fingerprint }) => fingerprint).sort()].join(' '),
    )
    .sort()
    .join('\n');
}

function idsOf(what: string, ids: readonly string[]): ReadonlySet<string> {
  for (const id of ids)
    if ((findSpiffeId(id)?.path ?? '') === '')
      throw new TypeError(
        `${what}: ${JSON.stringify(id)} is no SPIFFE ID of a workload; wanted is spiffe://example.org/service/api, say`,
      );
  if (ids.length === 0) throw new TypeError(`${what}: nobody is named; name each peer by its SPIFFE ID`);
  return new Set(ids);
}

function ended(connection: MtlsConnection): Promise<void> {
  return new Promise((resolve) => {
    if (connection.closed) resolve();
    else connection.once('close', resolve);
  });
}

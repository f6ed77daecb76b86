import type { TLSSocket } from 'node:tls';
import type { ServerApi } from '../spiffe/server-api.ts';
import { reference, type Behaviour } from './node/behaviour.ts';
import { parseHostPort } from './node/contract.ts';
import { connectMtls, type DialResult } from './node/dial.ts';
import type { Held } from './node/held.ts';
import { Identity } from './node/identity.ts';
import { parseSpiffeId } from '../src/svid/spiffe-id.ts';

/** The means of a controller. A node that is handed its identity by an agent needs none of them. */
export interface SpiffeControllerOptions {
  /** Left out: that of the first SVID. */
  readonly trustDomain?: string;
  /** Left out: SPIFFE_ENDPOINT_SOCKET. */
  readonly endpointSocket?: string;
  /** Starts the local agent with a join token; needed for the join_token strategy only. */
  readonly bootstrapAgent?: (joinToken: string) => Promise<void>;
  /** For those entitled to register; a mesh node is not. */
  readonly registrar?: Pick<ServerApi, 'createEntries'>;
  readonly behaviour?: Behaviour;
}

/** What a mesh node does with SPIFFE, in the calls of the deployment document. */
export class SpiffeController implements Disposable {
  readonly #options: SpiffeControllerOptions;
  readonly #behaviour: Behaviour;
  #identity: Identity | undefined;

  constructor(options: SpiffeControllerOptions = {}) {
    this.#options = options;
    this.#behaviour = options.behaviour ?? reference;
  }

  /**
   * Obtains an identity: from the local agent, or after bootstrapping that with a join token.
   *
   * @throws TypeError on a strategy without its token, Error when the SVID is of another trust domain, the signal's reason in time-out
   */
  async initialize(
    attestation: { attestationStrategy?: 'join_token'; token?: string } = {},
    signal?: AbortSignal,
  ): Promise<void> {
    if (attestation.attestationStrategy === 'join_token') {
      if (!attestation.token) throw new TypeError('initialize: the join_token strategy wants a token');
      if (this.#options.bootstrapAgent === undefined)
        throw new TypeError('initialize: the join_token strategy wants bootstrapAgent, which starts the agent');
      await this.#options.bootstrapAgent(attestation.token);
    }
    const { spiffeId } = await this.identity.ready(signal);
    const { trustDomain } = parseSpiffeId(spiffeId);
    const wanted = this.#options.trustDomain;
    if (wanted !== undefined && trustDomain !== wanted)
      throw new Error(`initialize: the local agent is of trust domain ${trustDomain}, not ${wanted}`);
  }

  /** Follows the Workload API from the first look at it. */
  get identity(): Identity {
    const socket = this.#options.endpointSocket ?? process.env.SPIFFE_ENDPOINT_SOCKET;
    if (socket === undefined) throw new TypeError('SPIFFE_ENDPOINT_SOCKET is not set');
    return (this.#identity ??= new Identity(socket, this.#behaviour));
  }

  /** @throws TypeError without selectors, ID errors, and the server's refusal */
  async registerWorkload(workload: {
    spiffeId: string;
    parentId: string;
    selectors: Readonly<Record<string, string>>;
    x509TtlSeconds?: number;
    federatesWith?: string[];
    /** Of the entry; chosen by the server when absent. */
    entryId?: string;
  }): Promise<void> {
    const { trustDomain } = parseSpiffeId(workload.spiffeId);
    if (this.#options.trustDomain !== undefined && trustDomain !== this.#options.trustDomain)
      throw new TypeError(`registerWorkload: ${workload.spiffeId} is not of ${this.#options.trustDomain}`);
    // { 'unix:uid': '1000' } reads like SPIRE's own unix:uid:1000
    const selectors = Object.entries(workload.selectors).map(([key, value]) => {
      const [type, name] = key.split(':');
      return { type: type!, value: name === undefined ? value : `${name}:${value}` };
    });
    if (selectors.length === 0) throw new TypeError('registerWorkload: an entry without selectors would match nothing');
    if (this.#options.registrar === undefined)
      throw new TypeError('registerWorkload: this node is not entitled to register');
    const { spiffeId, parentId, x509TtlSeconds, federatesWith, entryId } = workload;
    await this.#options.registrar.createEntries([
      {
        ...(entryId !== undefined && { id: entryId }),
        spiffeId,
        parentId,
        selectors,
        ...(x509TtlSeconds !== undefined && { x509TtlSeconds }),
        ...(federatesWith && { federatesWith }),
      },
    ]);
  }

  /** A connection to that peer only. @throws RefusedError, network errors, or when no SVID is held */
  establishMtlsConnection(peer: { peerSpiffeId: string; address: string; withinMs?: number }): Promise<TLSSocket> {
    return connectMtls(
      parseHostPort(peer.address, 'address'),
      peer.peerSpiffeId,
      this.getIdentity(),
      new Set([peer.peerSpiffeId]),
      this.#behaviour,
      peer.withinMs ?? 5_000,
      () => this.getIdentity(),
    );
  }

  /** One GET /hello over such a connection; `allow` narrows who may answer. */
  dial(to: { host: string; port: number }, expect: string, allow: ReadonlySet<string>): Promise<DialResult> {
    const as = this.getIdentity();
    return this.#behaviour.dial(to, expect, as, allow, this.#behaviour, 5_000, () => this.#identity?.current ?? as);
  }

  /** What is held right now. @throws Error before the first SVID and after it was withdrawn */
  getIdentity(): Held {
    const current = this.#identity?.current;
    if (current === undefined) throw new Error('no SVID is held: initialize first, or the registration was withdrawn');
    return current;
  }

  [Symbol.dispose](): void {
    this.#identity?.[Symbol.dispose]();
  }
}

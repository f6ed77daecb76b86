import type { IncomingMessage, RequestListener, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server as TcpServer } from 'node:net';
import type { ConnectionOptions, Server as TlsServer, TLSSocket, TlsOptions } from 'node:tls';
import { watchX509Context, type X509Context } from '../../spiffe/workload-api.ts';
import { dialHello } from './dial.ts';
import type { Held } from './held.ts';
import { judgePeer, type PeerJudgement } from './peer.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';

/** What `GET /hello` tells: the SPIFFE IDs of this node and of the authenticated caller. */
export interface Hello {
  readonly self: string | null;
  readonly peer: string | null;
}

/**
 * The decisions of a mesh node, apart from its plumbing. The reference node's are here; an impostor is made from them by one change, and so is
 * a conformer of another style.
 */
export interface Behaviour {
  /** TLS settings of the listener for what is held now. */
  readonly serverTls: (held: Held) => TlsOptions;
  /** TLS settings of a connection that we open. */
  readonly clientTls: (held: Held) => ConnectionOptions;
  readonly judgeClient: (
    chain: readonly Certificate[],
    held: Held,
    allow: ReadonlySet<string>,
    at: Date,
    resumed: boolean,
  ) => PeerJudgement;
  readonly judgeServer: (
    chain: readonly Certificate[],
    held: Held,
    allow: ReadonlySet<string>,
    expect: string,
    at: Date,
  ) => PeerJudgement;
  /** How the Workload API is followed. */
  readonly watch: typeof watchX509Context;
  /** What becomes of an update of the Workload API; undefined leaves everything as it is. */
  readonly update: (context: X509Context, before: X509Context | undefined) => X509Context | undefined;
  /** What a new SVID does to the listener. */
  readonly rotate: (listener: Listener, next: Held) => void;
  /** The answer to `GET /ready`, by what is held and whether the listener stands. */
  readonly ready: (held: Held | undefined, serving: boolean) => boolean;
  /** What becomes of trouble with the Workload API, such as a stream that broke. */
  readonly trouble: (error: Error) => void;
  /** What comes between SIGTERM and the end. */
  readonly stopping: () => Promise<void>;
  /** Where connections come in. TLS hands on to `http` what was accepted. */
  readonly entrance: (tls: TlsServer, http: HttpServer) => TcpServer;
  /** Answers `GET /hello` of a peer that was accepted. */
  readonly answer: (hello: Hello, response: ServerResponse, request: IncomingMessage) => void;
  /** Turns a peer away whose handshake is complete, and who was judged to be none. */
  readonly refuse: (socket: TLSSocket) => void;
  /** One call to a peer. */
  readonly dial: typeof dialHello;
  /** The admin listener, of what answers by the node contract. */
  readonly admin: (byContract: RequestListener) => RequestListener;
}

/** The mTLS listener of a running node. */
export interface Listener {
  readonly entrance: TcpServer;
  /** Those that were accepted and are open. */
  readonly connections: ReadonlySet<TLSSocket>;
  /** New connections are met with this from now on. */
  renew(held: Held): void;
}

// The TLS library would judge by the bundle of the moment when a handshake began. What a peer shows is judged by us when the handshake
// ends, before any application data, by the bundle of that moment: so nobody is turned away for an authority that arrived meanwhile.
const strict = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', rejectUnauthorized: false } as const;

/**
 * The decisions of the reference node: TLS 1.3 and nothing older, exact SPIFFE IDs, and each peer judged by what is held at that
 * moment.
 */
export const reference: Behaviour = {
  serverTls: (held) => ({ ...strict, key: held.keyPem, cert: held.certPem, requestCert: true }),
  clientTls: (held) => ({ ...strict, key: held.keyPem, cert: held.certPem }),
  // A resumed session skips the certificate check of TLS: the SVID in the ticket is judged again, by now's bundle and clock.
  judgeClient: (chain, held, allow, at) => judgePeer(chain, held, allow, at),
  judgeServer: (chain, held, allow, expect, at) => {
    const judged = judgePeer(chain, held, allow, at);
    return judged.ok && judged.spiffeId !== expect
      ? { ok: false, why: `not-expected: ${judged.spiffeId} answered where ${expect} was wanted` }
      : judged;
  },
  watch: watchX509Context,
  update: (context) => context,
  rotate: (listener, next) => listener.renew(next),
  ready: (held, serving) => serving && held !== undefined,
  trouble: (error) => console.error(error.message),
  stopping: () => Promise.resolve(),
  entrance: (tls) => tls,
  answer: (hello, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(hello));
  },
  refuse: (socket) => socket.destroy(),
  dial: dialHello,
  admin: (byContract) => byContract,
};

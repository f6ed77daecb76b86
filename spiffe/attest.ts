import type { Socket } from 'node:net';
import { createSecureContext, type PeerCertificate } from 'node:tls';

import {
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  type StatusObject,
  status,
} from '@grpc/grpc-js';

import { hostPortText } from '../src/host-port.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { readCertificate } from '../src/svid/x509/read.ts';
import { codeName, openClient } from './grpc/client.ts';
import { loadProto } from './grpc/load.ts';
import { fromMessage } from './server-api/messages.ts';
import type { SvidMessage } from './server-api/svids.ts';
import { serverId } from './server-id.ts';

/** An attestation by join token that is to be tried. */
export interface JoinTokenAttestation {
  /** `host:port` of the server's TCP endpoint. */
  readonly address: string;
  /** The name alone. */
  readonly trustDomain: string;
  /** The bundle that the server is authenticated by. */
  readonly authoritiesDer: readonly Uint8Array[];
  readonly token: string;
  /** PKCS#10, DER. The server takes its public key and names the agent itself. */
  readonly csrDer: Uint8Array;
  readonly withinMs: number;
}

/**
 * What became of an attestation. `refused` is the server's own answer, `code` its gRPC code name; `unknown` is
 * everything else: no connection, a server that is not the trust domain's, a broken stream, no answer in time. No text holds the token.
 */
export type AttestOutcome =
  | {
      readonly outcome: 'attested';
      readonly chain: readonly Uint8Array[];
      /** Ends in the token: spent, but never for a report. */ readonly spiffeId: string;
    }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string }
  | { readonly outcome: 'unknown'; readonly message: string };

interface AttestRequest {
  readonly params: {
    readonly data: { readonly type: string; readonly payload: Uint8Array };
    readonly params: { readonly csr: Uint8Array };
  };
}

interface AttestResponse {
  readonly result?: { readonly svid: SvidMessage | null };
  readonly challenge?: Uint8Array;
}

const attestAgent = loadProto('spire-agent.proto')<AttestRequest, AttestResponse>(
  'spire.api.server.agent.v1.Agent',
  'AttestAgent',
);

/** An agent that is connected to the server and has not said yet who it is. Disposing ends the connection. */
export interface ConnectedAgent extends Disposable {
  /** host:port of its end of the connection, as the server names it; undefined where no connection came about. */
  readonly from: string | undefined;
  /** Begins an attestation, so that no more than the token is left to be sent. */
  begin(ask: Pick<JoinTokenAttestation, 'token' | 'csrDer' | 'withinMs'>): Attestation;
}

/** An attestation that has begun. */
export interface Attestation {
  /** Presents the token. To be called once. */
  present(): Promise<AttestOutcome>;
}

/**
 * Connects as a new agent does, over TLS without a client certificate, and waits until the connection stands, or cannot be made: what is
 * presented then says so. The connection serves one attestation after the other.
 *
 * The server spends the token before it looks at the request, so a refused one may be spent too. Whoever loses a race for
 * a token is refused with INVALID_ARGUMENT, now and then INTERNAL. A server with its rate limit on answers one a second.
 *
 * Source: SPIRE 1.15, pkg/agent/attestor/node (the payload is the token's text) and pkg/server/api/agent/v1.
 */
export async function connectAgent(
  to: Pick<JoinTokenAttestation, 'address' | 'trustDomain' | 'authoritiesDer' | 'withinMs'>,
): Promise<ConnectedAgent> {
  let from: string | undefined;
  const client = openClient(
    to.address,
    noting(serverCredentials(to), (socket) => {
      from = ownEnd(socket);
    }),
    // The server's SVID names no host, and an IP address is no server name.
    { 'grpc.ssl_target_name_override': to.trustDomain },
  );
  await untilTried(client.getChannel(), new Date(Date.now() + to.withinMs));
  return {
    get from() {
      return from;
    },
    begin: (ask) => beginAttestation(client, { ...to, ...ask }),
    [Symbol.dispose]: () => client.close(),
  };
}

function beginAttestation(client: Client, ask: JoinTokenAttestation): Attestation {
  const outcome = Promise.withResolvers<AttestOutcome>();
  const stream: ClientDuplexStream<AttestRequest, AttestResponse> = client.makeBidiStreamRequest(
    attestAgent.path,
    attestAgent.encode,
    attestAgent.decode,
    { deadline: Date.now() + ask.withinMs },
  );
  stream.on('data', (response) => outcome.resolve(outcomeOfResponse(response)));
  stream.on('error', () => {}); // 'status' says the same, and more
  stream.on('status', (end: StatusObject) => outcome.resolve(outcomeOfStatus(end, ask)));
  return {
    async present() {
      stream.write({
        params: { data: { type: 'join_token', payload: Buffer.from(ask.token) }, params: { csr: ask.csrDer } },
      });
      try {
        return await outcome.promise;
      } finally {
        stream.end();
      }
    },
  };
}

/** Waits until the channel is connected or has failed to be; whoever calls over it then is told why. */
async function untilTried(channel: ReturnType<Client['getChannel']>, deadline: Date): Promise<void> {
  const { READY, TRANSIENT_FAILURE, SHUTDOWN } = connectivityState;
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === READY || state === TRANSIENT_FAILURE || state === SHUTDOWN || Date.now() >= deadline.getTime())
      return;
    // Past the deadline it hands an error over: the call will say it.
    await new Promise<void>((resolve) => {
      channel.watchConnectivityState(state, deadline, () => resolve());
    });
  }
}

/** The same credentials; `note` is handed each socket that they are used on. */
function noting(credentials: ChannelCredentials, note: (socket: Socket) => void): ChannelCredentials {
  const noted = Object.create(credentials) as ChannelCredentials;
  noted._createSecureConnector = (...ask) => {
    const connector = credentials._createSecureConnector(...ask);
    return {
      connect(socket) {
        note(socket);
        return connector.connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  };
  return noted;
}

function ownEnd({ localAddress, localPort }: Socket): string | undefined {
  if (localAddress === undefined || localPort === undefined) return undefined;
  return hostPortText({ host: localAddress, port: localPort });
}

function serverCredentials({
  trustDomain,
  authoritiesDer,
}: Pick<JoinTokenAttestation, 'trustDomain' | 'authoritiesDer'>): ChannelCredentials {
  const context = createSecureContext({
    ca: authoritiesDer.map((der) => pem('CERTIFICATE', der)),
    // A bundle's authority is an anchor even where another one signed it.
    allowPartialTrustChain: true,
    minVersion: 'TLSv1.2',
  });
  const wanted = serverId(trustDomain);
  return credentials.createFromSecureContext(context, {
    checkServerIdentity(_host: string, { raw }: PeerCertificate) {
      const { uriSans } = readCertificate(raw);
      return uriSans.length === 1 && uriSans[0] === wanted
        ? undefined
        : new Error(`server is ${uriSans.join(', ') || 'without a URI SAN'}, wanted ${wanted}`);
    },
  });
}

function outcomeOfResponse({ result, challenge }: AttestResponse): AttestOutcome {
  if (result?.svid) return { outcome: 'attested', chain: result.svid.certChain, spiffeId: fromMessage(result.svid.id) };
  return {
    outcome: 'unknown',
    message: challenge
      ? 'the server asks for a challenge response, which a join token has none of'
      : 'the answer holds no SVID',
  };
}

function outcomeOfStatus(
  { code, details, metadata }: StatusObject,
  { address, token }: JoinTokenAttestation,
): AttestOutcome {
  const message = `AttestAgent at ${address}: ${codeName(code)}: ${details}`.replaceAll(token, '[join token]');
  // grpc-js makes statuses of its own for broken connections and the like, with the same codes; only a server's comes with HTTP headers.
  const answered = metadata.get('content-type').length > 0;
  const definite = answered && code !== status.OK && code !== status.CANCELLED && code !== status.DEADLINE_EXCEEDED;
  return definite ? { outcome: 'refused', code: codeName(code), message } : { outcome: 'unknown', message };
}

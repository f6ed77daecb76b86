import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import type { HostPort } from '../../src/host-port.ts';
import type { Identity } from './identity.ts';
import { startMtlsListener } from './listener.ts';
import type { Metrics } from './metrics.ts';

/** The node's service on its mTLS listener: HTTP/1.1 for peers that the behaviour accepts, nothing for anyone else. */
export async function startMtlsServer(
  listen: HostPort,
  identity: Identity,
  allow: ReadonlySet<string>,
  behaviour: Behaviour,
  metrics: Metrics,
): Promise<AsyncDisposable> {
  const peers = new WeakMap<Socket, string>();
  const serve: RequestListener = (request, response) => {
    const current = identity.current;
    if (request.method !== 'GET' || request.url !== '/hello') {
      response.writeHead(404).end();
      return;
    }
    behaviour.answer({ self: current?.spiffeId ?? null, peer: peers.get(request.socket) ?? null }, response, request);
  };
  const http: Server = createHttpServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 60_000, maxHeaderSize: 8_192 },
    serve,
  );
  return startMtlsListener(listen, identity, allow, behaviour, {
    accepted(socket, spiffeId) {
      peers.set(socket, spiffeId);
      http.emit('connection', socket);
    },
    handshake: ({ result }) => metrics.handshake('server', result === 'ok'),
    entrance: (tls) => behaviour.entrance(tls, http),
  });
}

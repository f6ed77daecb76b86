import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Behaviour, Listener } from './behaviour.ts';
import type { HostPort } from '../../src/host-port.ts';
import type { Identity } from './identity.ts';
import type { Metrics } from './metrics.ts';
import { presentedChain, rememberChain } from './peer.ts';

/**
 * The mTLS listener: HTTP/1.1 for peers that the behaviour accepts, nothing for anyone else.
 *
 * A rotation swaps the secure context for new connections, and with it the key of session tickets; a connection in flight keeps its own.
 */
export async function startMtlsServer(
  listen: HostPort,
  identity: Identity,
  allow: ReadonlySet<string>,
  behaviour: Behaviour,
  metrics: Metrics,
): Promise<AsyncDisposable> {
  const peers = new WeakMap<Socket, string>();
  const sockets = new Set<TLSSocket>();
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

  const first = identity.current;
  const server = createTlsServer(
    { ...(first === undefined ? {} : behaviour.serverTls(first)), handshakeTimeout: 10_000 },
    (socket) => {
      const current = identity.current;
      const chain = presentedChain(socket);
      const judged =
        current === undefined
          ? { ok: false as const, why: 'no SVID is held' }
          : behaviour.judgeClient(chain, current, allow, new Date(), socket.isSessionReused());
      socket.on('error', () => {
        /* the peer's business */
      });
      metrics.handshake('server', judged.ok);
      if (!judged.ok) {
        behaviour.refuse(socket);
        return;
      }
      rememberChain(chain);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      peers.set(socket, judged.spiffeId);
      http.emit('connection', socket);
    },
  );
  server.on('tlsClientError', () => metrics.handshake('server', false));

  const entrance = behaviour.entrance(server, http);
  const listener: Listener = {
    entrance,
    connections: sockets,
    renew: (held) => server.setSecureContext(behaviour.serverTls(held)),
  };
  identity.on('rotated', (next) => behaviour.rotate(listener, next));
  identity.on('withdrawn', () => {
    for (const socket of sockets) socket.destroy();
  });

  await new Promise<void>((resolve, reject) => {
    entrance.once('error', reject);
    entrance.listen(listen.port, listen.host, 512, resolve);
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        entrance.close(() => resolve());
      });
    },
  };
}

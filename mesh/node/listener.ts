import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { createServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { hostPortText, type HostPort } from '../../src/host-port.ts';
import { messageOf } from '../../src/errors.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import type { Behaviour, Listener } from './behaviour.ts';
import { shownBy, type Handshake } from './handshake.ts';
import type { Identity } from './identity.ts';
import { presentedChain, rememberChain, type PeerJudgement } from './peer.ts';

/** What becomes of those who connect. */
export interface Arrivals {
  /** A peer that was judged to be one of those allowed. */
  accepted(socket: TLSSocket, spiffeId: string, chain: readonly Certificate[]): void;
  /** Each handshake that ended. */
  handshake(ended: Handshake): void;
  /** Where connections come in; the TLS server itself unless told. */
  entrance?(tls: TlsServer): TcpServer;
}

/** An mTLS listener, and where it was bound. */
export interface MtlsListener extends AsyncDisposable {
  readonly bound: AddressInfo;
  /** Takes no more connections; those that are open stay. */
  stopTaking(): void;
}

/**
 * Takes connections by mutual TLS, for peers that the behaviour accepts, and turns everyone else away.
 *
 * A rotation swaps the secure context for new connections, and with it the key of session tickets; a connection in flight keeps its own.
 * When the SVID is withdrawn those that are open end.
 */
export async function startMtlsListener(
  listen: HostPort,
  identity: Identity,
  allow: ReadonlySet<string>,
  behaviour: Behaviour,
  arrivals: Arrivals,
): Promise<MtlsListener> {
  const sockets = new Set<TLSSocket>();
  const first = identity.current;
  const server = createServer(
    { ...(first === undefined ? {} : behaviour.serverTls(first)), handshakeTimeout: 10_000 },
    (socket) => {
      const current = identity.current;
      let chain: readonly Certificate[] = [];
      let judged: PeerJudgement;
      try {
        chain = presentedChain(socket);
        judged =
          current === undefined
            ? { ok: false, why: 'no SVID is held' }
            : behaviour.judgeClient(chain, current, allow, new Date(), socket.isSessionReused());
      } catch (error) {
        // OpenSSL takes more for a certificate than we do; whoever shows such a one must not end the process.
        judged = { ok: false, why: messageOf(error) };
      }
      socket.on('error', () => {
        /* the peer's business */
      });
      arrivals.handshake({
        ...{ role: 'server', ...arrivalOf(socket) },
        ...(judged.ok
          ? { result: 'ok', peer: judged.spiffeId, ...shownBy(socket, chain) }
          : { result: 'refused', why: judged.why }),
      });
      if (!judged.ok) {
        behaviour.refuse(socket);
        return;
      }
      rememberChain(chain);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      arrivals.accepted(socket, judged.spiffeId, chain);
    },
  );
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) =>
    arrivals.handshake({
      ...{ role: 'server', result: isOfTls(error) ? 'refused' : 'error', why: messageOf(error) },
      ...arrivalOf(socket),
    }),
  );

  const entrance = arrivals.entrance?.(server) ?? server;
  // Also those whose handshake is not complete, and may never be: the entrance is closed when the last of them is.
  const arrived = new Set<Socket>();
  const since = new Map<string, number>();
  entrance.on('connection', (socket: Socket) => {
    const remote = remoteOf(socket);
    arrived.add(socket);
    since.set(remote, performance.now());
    socket.once('close', () => {
      arrived.delete(socket);
      since.delete(remote);
    });
  });
  // TLS does not tell which connection it came by: the peer's address does.
  const arrivalOf = (socket: Socket): Pick<Handshake, 'seconds' | 'remote'> => {
    const remote = remoteOf(socket);
    const at = since.get(remote);
    return at === undefined ? {} : { remote, seconds: (performance.now() - at) / 1_000 };
  };
  const listener: Listener = {
    entrance,
    connections: sockets,
    renew: (held) => server.setSecureContext(behaviour.serverTls(held)),
  };
  const rotate = (next: NonNullable<Identity['current']>) => behaviour.rotate(listener, next);
  const withdraw = () => {
    for (const socket of sockets) socket.destroy();
  };
  const unfollow = () => void identity.off('rotated', rotate).off('withdrawn', withdraw);
  identity.on('rotated', rotate).on('withdrawn', withdraw);

  await new Promise<void>((resolve, reject) => {
    entrance.once('error', reject);
    entrance.listen(listen.port, listen.host, 512, resolve);
  }).catch((error: unknown) => {
    unfollow();
    throw error;
  });
  return {
    bound: entrance.address() as AddressInfo,
    stopTaking: () => void entrance.close(),
    async [Symbol.asyncDispose]() {
      unfollow();
      for (const socket of [...sockets, ...arrived]) socket.destroy();
      await new Promise<void>((resolve) => {
        entrance.close(() => resolve());
      });
    },
  };
}

function remoteOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return hostPortText({ host: remoteAddress, port: remotePort });
}

/** Whether TLS ended a handshake, and not the network or a clock. */
function isOfTls({ code = '' }: NodeJS.ErrnoException): boolean {
  return code.startsWith('ERR_SSL_');
}

import { constants } from 'node:crypto';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { Server as TlsServer, TlsOptions } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { reference, type Behaviour, type Listener } from '../../mesh/node/behaviour.ts';
import type { Held } from '../../mesh/node/held.ts';
import { pem } from '../../src/svid/x509/pem.ts';
import { authorityId } from '../../src/svid/x509/read.ts';
import type { Conformer } from '../conformer.ts';

/** Settings of its own at the listener, and on the connections that it opens unless these differ. */
const tls = (
  server: TlsOptions,
  client: Pick<TlsOptions, 'ciphers' | 'ecdhCurve' | 'ALPNProtocols'> = server,
): Partial<Behaviour> => ({
  serverTls: (held) => ({ ...reference.serverTls(held), ...server }),
  clientTls: (held) => ({ ...reference.clientTls(held), ...client }),
});

const slowMs = 50;
const coldMs = 2_000;

/** Nothing is loaded before it is needed: the first connections wait for that, as in a fresh Java virtual machine. */
function coldAtFirst(): Behaviour['entrance'] {
  let warmAt: number | undefined;
  return (tlsServer) =>
    createTcpServer({ pauseOnConnect: true }, (socket) => {
      warmAt ??= performance.now() + coldMs;
      setTimeout(() => tlsServer.emit('connection', socket), Math.max(0, warmAt - performance.now()));
    });
}

function slowly(tlsServer: TlsServer): TcpServer {
  // What its peer has sent meanwhile waits in the socket.
  return createTcpServer({ pauseOnConnect: true }, (socket) => {
    setTimeout(() => tlsServer.emit('connection', socket), slowMs);
  });
}

/** The listener at the same address, written as IPv6. */
function asMapped(tlsServer: TlsServer): TcpServer {
  const listen = tlsServer.listen.bind(tlsServer) as (...all: readonly unknown[]) => TlsServer;
  tlsServer.listen = ((port: number, host: string, ...rest: readonly unknown[]) =>
    listen(port, `::ffff:${host}`, ...rest)) as TlsServer['listen'];
  return tlsServer;
}

/** Renews its settings when the next connection comes, not when the SVID does. */
function lazily(): Partial<Behaviour> {
  let next: Held | undefined;
  let listener: Listener | undefined;
  return {
    rotate: (of, held) => {
      listener = of;
      next = held;
    },
    entrance: (tlsServer) =>
      tlsServer.prependListener('connection', () => {
        if (next !== undefined) listener?.renew(next);
        next = undefined;
      }),
  };
}

/** Sessions are kept here, and a ticket is only the name of one. */
function statefulSessions(): Partial<Behaviour> {
  const sessions = new Map<string, Buffer>();
  return {
    ...tls({ secureOptions: constants.SSL_OP_NO_TICKET }, {}),
    entrance: (tlsServer) =>
      tlsServer
        .on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
          if (sessions.size > 10_000) sessions.clear();
          sessions.set(id.toString('hex'), session);
          done();
        })
        .on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) => {
          done(null, sessions.get(id.toString('hex')) ?? null);
        }),
  };
}

const authorityOf = (held: Held) => {
  const issuer = authorityId(held.leaf);
  const own = [...held.bundles.values()].flat().find(({ subjectKeyId }) => subjectKeyId === issuer);
  return own === undefined ? '' : pem('CERTIFICATE', own.der);
};

/** Handshakes as other TLS stacks make them, or as theirs are configured. */
export const handshakeStyles: readonly Conformer[] = [
  {
    kind: 'node',
    id: 'tls-aes-256-alone',
    title: 'Speaks AES-256-GCM and no other suite',
    judgedBy: ['suites', 'rotation'],
    change: tls({ ciphers: 'TLS_AES_256_GCM_SHA384' }),
  },
  {
    kind: 'node',
    id: 'tls-chacha20-alone',
    title: 'Speaks ChaCha20-Poly1305 and no other suite',
    judgedBy: ['suites'],
    change: tls({ ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }),
  },
  {
    kind: 'node',
    id: 'tls-aes-128-first',
    title: 'Prefers AES-128-GCM, whatever its peer prefers',
    judgedBy: ['suites'],
    change: tls({
      ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384',
      honorCipherOrder: true,
    }),
  },
  {
    kind: 'node',
    id: 'tls-p-384-alone',
    title: 'Exchanges keys on P-384 alone, so that clients meet a HelloRetryRequest',
    judgedBy: ['suites', 'rotation'],
    change: tls({ ecdhCurve: 'P-384' }),
  },
  {
    kind: 'node',
    id: 'tls-p-521-alone',
    title: 'Exchanges keys on P-521 alone, so that clients meet a HelloRetryRequest',
    judgedBy: ['suites'],
    change: tls({ ecdhCurve: 'P-521' }),
  },
  {
    kind: 'node',
    id: 'tls-mlkem-alone',
    title: 'Exchanges keys by X25519MLKEM768 alone',
    judgedBy: ['suites'],
    change: tls({ ecdhCurve: 'X25519MLKEM768' }),
  },
  {
    kind: 'node',
    id: 'tls-retried-as-client',
    title: 'Offers a key share on P-521 when it calls, so that servers answer with a HelloRetryRequest',
    judgedBy: ['suites', 'rotation'],
    change: tls({}, { ecdhCurve: 'P-521:X25519' }),
  },
  {
    kind: 'node',
    id: 'tls-slow-handshakes',
    title: `Takes ${slowMs} ms more for each handshake, as server and as client`,
    judgedBy: ['suites', 'rotation', 'partition-short'],
    change: {
      entrance: slowly,
      dial: async (...call) => {
        await sleep(slowMs);
        return reference.dial(...call);
      },
    },
  },
  {
    kind: 'node',
    id: 'tls-cold-at-first',
    title: `Takes ${coldMs / 1_000} s for its first handshakes`,
    judgedBy: ['suites', 'partition-short'],
    change: { entrance: coldAtFirst() },
  },
  {
    kind: 'node',
    id: 'tls-names-its-protocol',
    title: 'Names HTTP/1.1 as its protocol (ALPN), as server and as client',
    judgedBy: ['suites'],
    change: tls({ ALPNProtocols: ['http/1.1'] }),
  },
  {
    kind: 'node',
    id: 'tls-shows-its-authority',
    title: 'Shows its authority behind its SVID, as server and as client',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    change: {
      serverTls: (held) => ({ ...reference.serverTls(held), cert: held.certPem + authorityOf(held) }),
      clientTls: (held) => ({ ...reference.clientTls(held), cert: held.certPem + authorityOf(held) }),
    },
  },
  {
    kind: 'node',
    id: 'tls-stateful-sessions',
    title: 'Keeps sessions itself, so that a ticket is only the name of one',
    judgedBy: ['suites', 'rotation'],
    change: statefulSessions(),
  },
  {
    kind: 'node',
    id: 'tls-no-tickets',
    title: 'Gives no session tickets',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    change: tls({ secureOptions: constants.SSL_OP_NO_TICKET }, {}),
  },
  {
    kind: 'node',
    id: 'tls-ends-resumption',
    title: 'Ends every connection that resumes a session',
    // Elsewhere the load resumes sessions, and counts what is ended then as lost.
    judgedBy: ['partition-long'],
    change: {
      judgeClient: (chain, held, allow, at, resumed) =>
        resumed ? { ok: false, why: 'resumed' } : reference.judgeClient(chain, held, allow, at, resumed),
    },
  },
  {
    kind: 'node',
    id: 'tls-ipv6-mapped',
    title: 'Listens on the address written as IPv6',
    judgedBy: ['suites'],
    change: { entrance: asMapped },
  },
  {
    kind: 'node',
    id: 'tls-renews-lazily',
    title: 'Takes a new SVID into its listener when the next connection comes',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    change: lazily(),
  },
];

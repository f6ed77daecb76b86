import type { AddressInfo, Socket } from 'node:net';
import { createServer, type SecureVersion, type TlsOptions } from 'node:tls';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { postQuantum } from '../src/checkers/planes.ts';
import { serverId } from '../spiffe/server-id.ts';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import type { Target } from '../fixtures/target/target.ts';

/** What else listens there. */
export interface Beside {
  /** The oldest TLS of a listener that is declared to speak 1.3 only; that when absent. */
  readonly minVersion?: SecureVersion;
  /** One more, which nobody declared. */
  readonly undeclared?: true;
}

// Others listen on the usual one, or on every address of this machine: theirs are ports of a range that is in use elsewhere.
const ownHost = '127.77.0.1';
let nextPort = 20_000 + (process.pid % 1_000) * 20;

/** A listener on the next free port, so that those of one target stand side by side. */
async function listenWith(options: TlsOptions) {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {}).end();
  });
  server.on('tlsClientError', () => {});
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  for (;;) {
    const port = nextPort++;
    const listening = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      );
      server.listen(port, ownHost, () => resolve(true));
    });
    if (!listening) continue;
    const close = () =>
      new Promise<void>((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      });
    return { host: ownHost, port: (server.address() as AddressInfo).port, close };
  }
}

/**
 * Starts a target that is a port which does what SPIRE's require_pq_kem promises: TLS 1.3 only, and only with a post-quantum key exchange.
 * No release of SPIRE is known to.
 *
 * @param groups - what it takes for the key exchange, as OpenSSL lists them: for an impostor, more than was promised
 * @param shown - the ID that it shows, for one that is not the SPIRE server; that one's when absent
 */
export async function startRightPort(
  groups = postQuantum,
  shown?: string,
  beside: Beside = {},
): Promise<Target & AsyncDisposable> {
  const trustDomain = 'port.mesh';
  const authority = await forgeAuthority({ trustDomain });
  const spiffeId = serverId(trustDomain);
  const { cert, key } = await issueIdentity(authority, shown ?? spiffeId);
  const own = await listenWith({ cert, key, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ecdhCurve: groups });
  const node = await issueIdentity(authority, `spiffe://${trustDomain}/node`);
  const further = await listenWith({
    ...{ cert: node.cert, key: node.key, minVersion: beside.minVersion ?? 'TLSv1.3' },
    ciphers: 'ALL:@SECLEVEL=0',
  });
  const undeclared = beside.undeclared === true ? await listenWith({ cert, key }) : undefined;
  const ports = [own, further, ...(undeclared ? [undeclared] : [])].map(({ port }) => port);
  const why = 'as require_pq_kem promises';
  const probe = `spiffe://${trustDomain}/probe`;
  return {
    name: 'port',
    trustDomain,
    nodes: [],
    planes: [
      { plane: 'spire-server', address: `${own.host}:${own.port}`, policy: 'tls1.3-only', why, spiffeId },
      {
        ...{ plane: 'listener', address: `${own.host}:${further.port}`, policy: 'tls1.3-only' },
        ...{ why: 'declared so', spiffeId: node.spiffeId },
      },
    ],
    scan: { hosts: [{ address: own.host, names: [own.host] }], from: Math.min(...ports), to: Math.max(...ports) },
    probeIds: { own: probe, federated: undefined },
    harnessHost: '127.0.0.1',
    lacks: {},
    probeIdentity: () => issueIdentity(authority, probe),
    authorities: () => Promise.resolve([authority.certificatePem]),
    timing: { svidTtlSeconds: 3_600, syncIntervalMs: 1_000, cacheReloadMs: 1_000, uptakeMs: 2_000 },
    async [Symbol.asyncDispose]() {
      await Promise.all([own, further, ...(undeclared ? [undeclared] : [])].map((one) => one.close()));
    },
  };
}

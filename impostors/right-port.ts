import { createServer } from 'node:tls';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { postQuantum } from '../src/checkers/planes.ts';
import { serverId } from '../spiffe/server-id.ts';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import type { Target } from '../fixtures/target/target.ts';

/**
 * Starts a target that is a port which does what SPIRE's require_pq_kem promises: TLS 1.3 only, and only with a post-quantum key exchange.
 * No release of SPIRE is known to.
 *
 * @param groups - what it takes for the key exchange, as OpenSSL lists them: for an impostor, more than was promised
 * @param shown - the ID that it shows, for one that is not the SPIRE server; that one's when absent
 */
export async function startRightPort(groups = postQuantum, shown?: string): Promise<Target & AsyncDisposable> {
  const trustDomain = 'port.mesh';
  const authority = await forgeAuthority({ trustDomain });
  const spiffeId = serverId(trustDomain);
  const { cert, key } = await issueIdentity(authority, shown ?? spiffeId);
  const server = createServer(
    { cert, key, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ecdhCurve: groups },
    (socket) => {
      socket.on('error', () => {}).end();
    },
  );
  server.on('tlsClientError', () => {});
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const why = 'as require_pq_kem promises';
  const probe = `spiffe://${trustDomain}/probe`;
  return {
    name: 'port',
    trustDomain,
    nodes: [],
    planes: [{ plane: 'spire-server', address: `127.0.0.1:${port}`, policy: 'tls1.3-only', why, spiffeId }],
    probeIds: { own: probe, federated: undefined },
    harnessHost: '127.0.0.1',
    lacks: {},
    probeIdentity: () => issueIdentity(authority, probe),
    authorities: () => Promise.resolve([authority.certificatePem]),
    timing: { svidTtlSeconds: 3_600, syncIntervalMs: 1_000, cacheReloadMs: 1_000, uptakeMs: 2_000 },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

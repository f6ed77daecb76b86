import { createServer } from 'node:tls';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import type { Target } from '../fixtures/target/target.ts';

/** Starts a target that is a port which does what SPIRE's require_pq_kem promises: TLS 1.3 only, and only with a post-quantum key exchange. No release of SPIRE is known to. */
export async function startRightPort(): Promise<Target & AsyncDisposable> {
  const trustDomain = 'port.mesh';
  const authority = await forgeAuthority({ trustDomain });
  const issue = async (spiffeId: string) => {
    const svid = await authority.issue({
      spiffeId,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
    });
    return { spiffeId, cert: svid.certificatePem, key: svid.privateKeyPem };
  };
  const { cert, key } = await issue(`spiffe://${trustDomain}/spire/server`);
  const server = createServer(
    { cert, key, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' },
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
    planes: [{ plane: 'spire-server', address: `127.0.0.1:${port}`, policy: 'tls1.3-only', why }],
    probeIds: { own: probe, federated: undefined },
    harnessHost: '127.0.0.1',
    lacks: {},
    probeIdentity: () => issue(probe),
    authorities: () => Promise.resolve([authority.certificatePem]),
    timing: { svidTtlSeconds: 3_600, syncIntervalMs: 1_000, cacheReloadMs: 1_000 },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

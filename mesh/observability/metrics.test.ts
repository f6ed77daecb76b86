import t from 'tap';
import { MeshMetrics } from './metrics.ts';

await t.test('what is counted is there under its name, in seconds, and an SVID that is gone has no end', async (t) => {
  let svid: { spiffeId: string; notAfter: Date } | undefined = {
    ...{ spiffeId: 'spiffe://example.test/api', notAfter: new Date(1_900_000_000_500) },
  };
  const metrics = new MeshMetrics(() => svid);
  const has = async (...lines: readonly string[]) => {
    const text = (await metrics.text()).split('\n');
    for (const line of lines) t.ok(text.includes(line), line);
  };
  await has(
    'mesh_mtls_handshakes_total{role="server",result="refused"} 0',
    'mesh_mtls_active_connections{role="client"} 0',
    'mesh_svid_rotations_total 0',
    'mesh_svid_expiry_timestamp_seconds{spiffe_id="spiffe://example.test/api"} 1900000000.5',
  );
  const peer = 'spiffe://example.test/web';
  metrics.handshake({ role: 'server', result: 'ok', peer, seconds: 0.004 });
  for (const why of ['not-allowed: spiffe://…', 'expired: it', 'bad-chain: there is no certificate', 'write EPROTO'])
    metrics.handshake({ role: 'server', result: 'refused', why, seconds: 1 });
  metrics.handshake({ role: 'client', result: 'error', why: 'ECONNREFUSED' });
  metrics.rotated();
  const closed = [metrics.connected('server'), metrics.connected('server')];
  closed[0]!();
  metrics.served({ method: 'GET', route: '/notes', status: 200, seconds: 0.3 });
  metrics.served({ method: 'GET', route: '/notes', status: 502, seconds: 0.3 });
  metrics.served({ method: 'GET', route: '/notes', status: 0, seconds: 0.3 });
  metrics.callFailed(peer);
  svid = undefined;
  await has(
    'mesh_mtls_handshakes_total{role="server",result="ok"} 1',
    'mesh_mtls_handshakes_total{role="server",result="refused"} 4',
    'mesh_mtls_handshakes_total{role="client",result="error"} 1',
    ...['not-allowed', 'expired', 'no-certificate', 'tls'].map(
      (reason) => `mesh_mtls_auth_failures_total{role="server",reason="${reason}"} 1`,
    ),
    'mesh_mtls_handshake_duration_seconds_count{role="server"} 1',
    'mesh_mtls_handshake_duration_seconds_bucket{le="0.005",role="server"} 1',
    'mesh_svid_rotations_total 1',
    'mesh_mtls_active_connections{role="server"} 1',
    'mesh_request_duration_seconds_bucket{le="0.5",method="GET",route="/notes",status="200"} 1',
    'mesh_request_errors_total{route="/notes"} 2',
    `mesh_call_errors_total{peer="${peer}"} 1`,
  );
  t.notMatch(await metrics.text(), /expiry_timestamp_seconds\{/);
});

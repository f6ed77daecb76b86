import { connectServerApi, SpiffeController } from '@assay-mesh/assay/mesh';

const trustDomain = 'x0tta6bl4.mesh';
{
  // Beside the SPIRE server: the node gets an ID, for this user's processes there.
  using registrar = connectServerApi('/tmp/spire-server/private/api.sock');
  await using controller = new SpiffeController({ trustDomain, registrar, audit: console.log });
  await controller.registerWorkload({
    spiffeId: `spiffe://${trustDomain}/node/node-001`,
    selectors: { 'mesh:node_id': 'node-001', 'unix:uid': '1000' },
  });
}
// On the node, as that user; the agent's socket is named here or by SPIFFE_ENDPOINT_SOCKET.
await using controller = new SpiffeController({
  trustDomain,
  endpointSocket: 'unix:///tmp/spire-agent/public/api.sock',
});
controller.on('trouble', console.error);
await controller.initialize();
console.log(controller.getIdentity().spiffeId);
const connection = await controller.establishMtlsConnection({
  peerSpiffeId: `spiffe://${trustDomain}/service/mesh-api`,
  address: 'mesh-api:8443',
});
connection.end('hello\n').pipe(process.stdout);

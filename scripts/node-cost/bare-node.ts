// What a node cannot do without, by `node:https` alone: the chain checked by OpenSSL, one ID pinned, and the same answer. It takes up what its agent
// delivers, and knows nothing of intermediates, of bundles that came meanwhile, or of sessions that outlive them.
import { createServer as createAdmin } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { readContract } from '../../mesh/node/contract.ts';
import { watchX509Context, type X509Context } from '../../spiffe/workload-api.ts';
import { pem } from '../../src/svid/x509/pem.ts';

const { endpointSocket, listen, admin, allow } = readContract(process.env);
const peers = new WeakMap<Socket, string>();
let server: Server | undefined;
let self: string | null = null;

function options({ svids: [svid], bundles }: X509Context): ServerOptions {
  return {
    key: pem('PRIVATE KEY', svid!.privateKeyPkcs8),
    cert: svid!.chain.map((der) => pem('CERTIFICATE', der)).join(''),
    ca: [...bundles.values()].flat().map((der) => pem('CERTIFICATE', der)),
    ...{ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
  };
}

watchX509Context(endpointSocket, {
  onUpdate(context) {
    self = context.svids[0]!.spiffeId;
    if (server !== undefined) {
      server.setSecureContext(options(context));
      return;
    }
    server = createServer(options(context), (request, response) => {
      if (request.method !== 'GET' || request.url !== '/hello') {
        response.writeHead(404).end();
        return;
      }
      const hello = { self, peer: peers.get(request.socket) ?? null };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(hello));
    });
    server.keepAliveTimeout = 60_000;
    server.on('secureConnection', (socket: TLSSocket) => {
      const peer = /^URI:(\S+)$/.exec(socket.getPeerCertificate().subjectaltname ?? '')?.[1];
      if (peer === undefined || !allow.has(peer)) socket.destroy();
      else peers.set(socket, peer);
    });
    server.listen(listen.port, listen.host);
  },
  onWithdrawn() {
    server?.closeAllConnections();
  },
});
createAdmin((request, response) => {
  response.writeHead(request.url === '/ready' && server?.listening === true ? 200 : 503).end();
}).listen(admin.port, admin.host);
process.once('SIGTERM', () => process.exit(0));

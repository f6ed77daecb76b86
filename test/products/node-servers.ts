import {
  keyPossession,
  foreignDomain,
  anonymous,
  weak,
  expectedPeer,
  oldTls,
  oldTlsAsClient,
  selfSigned,
  strangers,
  type Deployment,
  type Place,
  type Product,
} from './product.ts';

/** A program that answers HTTP in the clear, for what stands in front of it. */
export const served = (port: number) =>
  `import { createServer } from 'node:http';
createServer((_, response) => response.end('served')).listen(${port}, '127.0.0.1');
`;

interface Settings {
  readonly rejects?: boolean;
  readonly asks?: boolean;
  readonly minimum?: string;
  readonly pins?: boolean;
}

const optionsOf = ({ cert, key, bundle }: Place, { rejects = true, asks = true, minimum = 'TLSv1.3' }: Settings) =>
  `{ cert: readFileSync('${cert}'), key: readFileSync('${key}'), ca: readFileSync('${bundle}'), requestCert: ${asks}, rejectUnauthorized: ${rejects}, minVersion: '${minimum}' }`;

const isAllowed = ({ allowed }: Place, { pins = true }: Settings) =>
  pins ? `(socket.getPeerCertificate()?.subjectaltname ?? '') === 'URI:${allowed}'` : 'true';

const https =
  (settings: Settings = {}) =>
  (place: Place): Deployment => ({
    files: {
      'service.mjs': `import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
createServer(${optionsOf(place, settings)}, ({ socket }, response) => {
  if (${isAllowed(place, settings)}) response.end('served');
  else response.writeHead(403).end();
}).listen(${place.port}, '127.0.0.1');
`,
    },
    commands: [[process.execPath, `${place.dir}/service.mjs`]],
  });

export const nodeHttps: Product = {
  id: 'node-https',
  title: 'An HTTPS service in Node.js',
  cannot: 'It reads files. A service that takes its SVID from the Workload API may use `@assay-mesh/assay/mesh`.',
  protocol: 'http',
  needs: process.execPath,
  right: https(),
  wrong: [
    {
      id: 'node-ca-only',
      title: 'checks who signed, and no ID',
      breaks: [],
      takesAnyName: true,
      deploy: https({ pins: false }),
    },
    {
      id: 'node-rejects-nobody',
      title: '`rejectUnauthorized: false`, and the ID is read from whatever was shown',
      breaks: [...strangers, selfSigned],
      deploy: https({ rejects: false }),
    },
    {
      id: 'node-asks-nobody',
      title: '`requestCert: false`',
      breaks: [anonymous, ...strangers, selfSigned, foreignDomain, keyPossession],
      takesAnyName: true,
      deploy: https({ asks: false, pins: false }),
    },
    {
      id: 'node-tls12',
      title: '`minVersion: TLSv1.2`, its default',
      breaks: [oldTls, weak],
      deploy: https({ minimum: 'TLSv1.2' }),
    },
  ],
};

/** A service that calls others, too, by a program that does so once. */
const calling =
  ({ rejects = true, minimum = 'TLSv1.3', pins = true }: Settings = {}) =>
  (place: Place): Deployment => {
    const { dir, cert, key, bundle } = place;
    const deployment = https()(place);
    return {
      ...deployment,
      files: {
        ...deployment.files,
        'call.mjs': `import { readFileSync } from 'node:fs';
import { get } from 'node:https';
const [, , host, port, expect] = process.argv;
const options = {
  host, port, path: '/', agent: false, minVersion: '${minimum}', rejectUnauthorized: ${rejects},
  cert: readFileSync('${cert}'), key: readFileSync('${key}'), ca: readFileSync('${bundle}'),
  checkServerIdentity: () => undefined,
};
const call = get(options, (response) => process.exit(response.statusCode === 200 ? 0 : 2));
call.on('socket', (socket) => socket.once('secureConnect', () => {
  const { subjectaltname } = socket.getPeerCertificate();
  if (${pins ? "subjectaltname !== 'URI:' + expect" : 'false'}) call.destroy(new Error(host + ':' + port + ' is ' + subjectaltname));
}));
call.on('error', ({ code, message }) => {
  console.error(message);
  process.exit(code === 'ECONNREFUSED' ? 2 : 1);
});
`,
      },
      dial: [process.execPath, `${dir}/call.mjs`, '{host}', '{port}', '{expect}'],
    };
  };

export const nodeCaller: Product = {
  id: 'node-caller',
  title: 'A service in Node.js that calls others',
  protocol: 'http',
  needs: process.execPath,
  right: calling(),
  wrong: [
    {
      id: 'caller-ca-only',
      title: 'checks who signed, and no ID',
      breaks: [expectedPeer],
      takesAnyName: true,
      deploy: calling({ pins: false }),
    },
    {
      id: 'caller-rejects-nobody',
      title: '`rejectUnauthorized: false`, and the ID is read from whatever was shown',
      breaks: [...strangers, selfSigned],
      deploy: calling({ rejects: false }),
    },
    {
      id: 'caller-tls12',
      title: '`minVersion: TLSv1.2`, its default',
      breaks: [oldTlsAsClient],
      deploy: calling({ minimum: 'TLSv1.2' }),
    },
  ],
};

const websocket =
  (settings: Settings = {}) =>
  (place: Place): Deployment => ({
    files: {
      'service.mjs': `import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
createServer(${optionsOf(place, settings)}, (_, response) => response.writeHead(426).end())
  .on('upgrade', ({ headers }, socket) => {
    if (!(${isAllowed(place, settings)})) return socket.end('HTTP/1.1 403 Forbidden\\r\\ncontent-length: 0\\r\\n\\r\\n');
    const accept = createHash('sha1').update(headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\nsec-websocket-accept: ' + accept + '\\r\\n\\r\\n');
  })
  .listen(${place.port}, '127.0.0.1');
`,
    },
    commands: [[process.execPath, `${place.dir}/service.mjs`]],
  });

export const nodeWebsocket: Product = {
  id: 'node-websocket',
  title: 'A WebSocket in Node.js',
  protocol: 'websocket',
  speech: { path: '/feed' },
  needs: process.execPath,
  right: websocket(),
  wrong: [
    {
      id: 'websocket-rejects-nobody',
      title: '`rejectUnauthorized: false`, and the ID is read from whatever was shown',
      breaks: [...strangers, selfSigned],
      deploy: websocket({ rejects: false }),
    },
  ],
};

/** grpc-js leaves the versions to the flags of Node. */
const grpc =
  ({ checks = true, pins = true, flags = ['--tls-min-v1.3'] } = {}) =>
  ({ dir, port, cert, key, bundle, allowed }: Place): Deployment => ({
    files: {
      'service.cjs': `const { readFileSync } = require('node:fs');
const { Server, ServerCredentials, status } = require('@grpc/grpc-js');
const health = {
  Check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value) => value,
    requestDeserialize: (value) => value,
    responseSerialize: (value) => value,
    responseDeserialize: (value) => value,
  },
};
const server = new Server();
server.addService(health, {
  Check: (call, callback) => {
    const san = call.getAuthContext?.().sslPeerCertificate?.subjectaltname ?? '';
    if (${pins ? `san === 'URI:${allowed}'` : 'true'}) callback(null, Buffer.from([8, 1]));
    else callback({ code: status.PERMISSION_DENIED, details: 'not allowed' });
  },
});
const credentials = ServerCredentials.createSsl(readFileSync('${bundle}'), [{ private_key: readFileSync('${key}'), cert_chain: readFileSync('${cert}') }], ${checks});
server.bindAsync('127.0.0.1:${port}', credentials, (error) => { if (error) throw error; });
`,
    },
    commands: [[process.execPath, ...flags, `${dir}/service.cjs`]],
  });

export const grpcJs: Product = {
  id: 'grpc-js',
  title: 'A gRPC service in Node.js',
  protocol: 'grpc',
  needs: process.execPath,
  right: grpc(),
  wrong: [
    {
      id: 'grpc-ca-only',
      title: 'checks who signed, and no ID',
      breaks: [],
      takesAnyName: true,
      deploy: grpc({ pins: false }),
    },
    {
      id: 'grpc-checks-nobody',
      title: '`checkClientCertificate` is false',
      breaks: [anonymous, ...strangers, selfSigned, foreignDomain, keyPossession],
      takesAnyName: true,
      deploy: grpc({ checks: false, pins: false }),
    },
    {
      id: 'grpc-default-versions',
      title: 'no flags: TLS 1.2 is taken by default',
      breaks: [oldTls, weak],
      deploy: grpc({ flags: [] }),
    },
  ],
};

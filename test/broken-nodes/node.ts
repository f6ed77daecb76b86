// node.ts HOW: a mesh node that breaks the node contract in the one way that HOW names.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, get, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { pem } from '../../src/svid/x509/pem.ts';
import { watchX509Context, type X509Context } from '../../spiffe/workload-api.ts';

const listen = address('ASSAY_LISTEN');
const admin = address('ASSAY_ADMIN');

function address(name: string): { host: string; port: number } {
  const [host = '', port] = (process.env[name] ?? '').split(':');
  return { host, port: Number(port) };
}

function startAdmin(serve: RequestListener, at = admin): void {
  createHttpServer(serve).listen(at.port, at.host);
}

const ready: RequestListener = (request, response) =>
  void response.writeHead(request.url === '/ready' ? 200 : 501).end();

/** mTLS with the SVID of this node, each request answered by `answer`. */
async function startMtls(answer: (socket: TLSSocket) => void): Promise<void> {
  const first = Promise.withResolvers<X509Context>();
  watchX509Context(process.env.SPIFFE_ENDPOINT_SOCKET ?? '', {
    onWithdrawn: () => undefined,
    onUpdate(context) {
      first.resolve(context);
      server?.setSecureContext(identity(context));
    },
  });
  const identity = ({ svids: [svid] }: X509Context) => ({
    cert: svid?.chain.map((der) => pem('CERTIFICATE', der)).join(''),
    key: pem('PRIVATE KEY', svid!.privateKeyPkcs8),
  });
  let server: ReturnType<typeof createTlsServer> | undefined = undefined;
  const context = await first.promise;
  server = createTlsServer(
    { ...identity(context), requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' },
    (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    },
  );
  server.listen(listen.port, listen.host);
}

/** A right node in a process of its own, behind an admin listener that answers /dial itself. */
function behindAdmin(dial: RequestListener): void {
  const hidden = { host: admin.host, port: admin.port + 12_000 };
  const main = fileURLToPath(new URL('../../mesh/node/main.ts', import.meta.url));
  const node = spawn(process.execPath, [main], {
    stdio: 'inherit',
    env: { ...process.env, ASSAY_ADMIN: `${hidden.host}:${hidden.port}` },
  });
  node.once('exit', (code) => process.exit(code ?? 1));
  process.once('SIGTERM', () => node.kill());
  startAdmin((request, response) => {
    if (request.url === '/dial') return dial(request, response);
    get({ ...hidden, path: request.url }, (inner) => void response.writeHead(inner.statusCode ?? 500).end()).once(
      'error',
      () => response.writeHead(503).end(),
    );
  });
}

const ways: Record<string, () => void | Promise<void>> = {
  // The port is taken by itself, which is as good as by somebody else.
  'port-taken': () => {
    createTcpServer().listen(listen.port, listen.host, () => createTcpServer().listen(listen.port, listen.host));
  },
  'never-ready': () => startAdmin((_request, response) => void response.writeHead(503).end()),
  'admin-elsewhere': () => startAdmin(ready, { host: admin.host, port: admin.port + 12_000 }),
  'no-listener': () => startAdmin(ready),
  hangs: () => {
    startAdmin((request, response) => {
      if (request.url === '/ready') response.writeHead(200).end();
    });
    createTcpServer((socket) => socket.on('error', () => undefined)).listen(listen.port, listen.host);
  },
  'dial-garbage': () => behindAdmin((_request, response) => void response.end('{"outcome":"perhaps"}')),
  'dial-endless': () =>
    behindAdmin((_request, response) => {
      const more = () => {
        while (response.write('x'.repeat(10_000)));
        response.once('drain', more);
      };
      more();
    }),
  'dial-not-offered': () => behindAdmin((_request, response) => void response.writeHead(501).end()),
  'hello-garbage': async () => {
    await startMtls((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{nonsense!}'));
    startAdmin(ready);
  },
  'hello-endless': async () => {
    await startMtls((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write('x'.repeat(10_000)));
        socket.once('drain', more);
      };
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n');
      more();
    });
    startAdmin(ready);
  },
  // Whatever it is asked it answers with what stands in the file that it was started with, a secret a line.
  'tells-secrets': async () => {
    const all = JSON.parse(readFileSync(process.argv[3] ?? '', 'utf8')) as string[];
    for (const secret of all) console.log(`it is ${secret}`);
    for (const secret of all) console.error(JSON.stringify({ msg: 'it is', secret }));
    let next = 0;
    const one = () => all[next++ % all.length]!;
    await startMtls((socket) => {
      console.log(`asked, and says ${one()}`);
      const body = next % 2 === 0 ? JSON.stringify({ self: one(), peer: one() }) : one();
      const head = `HTTP/1.1 200 OK\r\nauthorization: ${one().replaceAll(/\s+/g, ' ')}\r\ncontent-length: ${Buffer.byteLength(body)}`;
      socket.end(`${head}\r\n\r\n${body}`);
    });
    startAdmin((request, response) => {
      if (request.url === '/ready') return void response.writeHead(200).end(one());
      response.writeHead(200).end(JSON.stringify({ outcome: 'refused', peer: one(), detail: one() }));
    });
  },
};

const way = ways[process.argv[2] ?? ''];
if (way === undefined) throw new TypeError(`usage: node.ts ${Object.keys(ways).join('|')}`);
await way();

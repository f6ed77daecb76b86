import { connect, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { existsSync } from 'node:fs';
import { connect as createUnixConnection } from 'node:net';
import { eventually } from '../../fixtures/run/eventually.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';

const service = '/spire.api.server.localauthority.v1.LocalAuthority';

/** The admin socket of a server that signs with a new authority as soon as it is prepared: activation comes with it, and says so later. */
export async function activateOnPrepare(socketPath: string, realPath: string): Promise<void> {
  await eventually('the server opens its admin socket', () => existsSync(realPath), { withinMs: 30_000 });
  const upstream = connect('http://localhost', { createConnection: () => createUnixConnection(realPath) });
  const api = connectServerApi(realPath);
  let prepared: Buffer | undefined;
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders & { ':path'?: string }) => {
    const path = headers[':path'];
    stream.on('error', () => {});
    if (path === `${service}/ActivateX509Authority` && prepared !== undefined) {
      answer(stream, prepared);
      return;
    }
    const onward = upstream.request(headers);
    onward.on('error', () => stream.destroy());
    stream.pipe(onward);
    const parts: Buffer[] = [];
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    onward.on('response', (received) => {
      head = received;
    });
    onward.on('trailers', (received) => {
      trailers = received;
    });
    onward.on('data', (part: Buffer) => parts.push(part));
    onward.on(
      'end',
      () =>
        void (async () => {
          const body = Buffer.concat(parts);
          if (path === `${service}/PrepareX509Authority` && trailers['grpc-status'] === '0') {
            await api.activateX509Authority((await api.getX509AuthorityState()).prepared!.authorityId);
            prepared = body;
          }
          respond(stream, head, body, trailers);
        })(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(socketPath, resolve);
  });
}

function answer(stream: ServerHttp2Stream, body: Buffer): void {
  stream.resume();
  respond(stream, { ':status': '200', 'content-type': 'application/grpc' }, body, { 'grpc-status': '0' });
}

function respond(
  stream: ServerHttp2Stream,
  head: IncomingHttpHeaders,
  body: Buffer,
  trailers: IncomingHttpHeaders,
): void {
  if (stream.destroyed) return;
  stream.respond(head, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

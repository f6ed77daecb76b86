import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import t from 'tap';
import { keyProbeOf, withoutItsKey } from '../fixtures/probes/key-probe.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import { openRun } from '../fixtures/run/run.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { hostPort } from '../src/host-port.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';

t.setTimeout(120_000);

const { 'assay-key-probe': program } = await locateTools(['assay-key-probe'], { onProgress() {} });
const out = mkdtempSync(join(tmpdir(), 'assay-test-'));
const recorder = openRecorder(out);
const run = openRun(newRunId(new Date()), out, recorder, new AbortController().signal);
t.after(() => {
  recorder.discard();
  for (const dir of [out, run.dir]) rmSync(dir, { recursive: true, force: true });
});

const spiffeId = 'spiffe://example.test/web';
async function issue(rsa?: true) {
  const authority = await forgeAuthority({ trustDomain: 'example.test' });
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + 600_000)];
  const svid = await authority.issue({ spiffeId, notBefore, notAfter, ...(rsa && { change: { rsa } }) });
  return { spiffeId, cert: svid.certificatePem, key: svid.privateKeyPem };
}
const identity = await issue();

const answer = (body: string, status = '200 OK') =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
const hello = answer(JSON.stringify({ self: spiffeId, peer: spiffeId }));

async function listening(server: Server): Promise<AsyncDisposable & { readonly address: string }> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((closed) => server.close(closed));
    },
  };
}

function answering(serve: (socket: TLSSocket) => void, options: TlsOptions = {}) {
  const { cert, key } = identity;
  const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
  });
  return listening(server.on('tlsClientError', () => {}));
}

for (const [kind, shown] of [
  ['EC', identity],
  ['RSA', await issue(true)],
] as const) {
  await t.test(`a right server lets in who holds the ${kind} key, and nobody else`, async (t) => {
    await using probe = keyProbeOf(run, program.path);
    await using server = await answering((socket) => socket.end(hello));
    const right = await probe.ask(server, shown);
    t.strictSame(
      [right.outcome, right.named, right.server?.[0]?.uriSans],
      ['accepted', spiffeId, [spiffeId]],
      right.how,
    );
    const wrong = await probe.ask(server, withoutItsKey(shown));
    t.equal(wrong.outcome, 'refused');
    t.match(wrong.how, /^alert: /);
  });
}

await t.test('what is neither an answer nor a refusal tells nothing', async (t) => {
  await using probe = keyProbeOf(run, program.path);
  const ends: readonly [how: RegExp, outcome: string, serve: (socket: TLSSocket) => void][] = [
    [/^closed/, 'refused', (socket) => socket.destroy()],
    [/not 200: 404/, 'unknown', (socket) => socket.end(answer('', '404 Not Found'))],
    [/something that is no JSON/, 'unknown', (socket) => socket.end(answer('hello'))],
    [/^closed in the middle/, 'unknown', (socket) => socket.end(hello.slice(0, -10))],
  ];
  for (const [how, outcome, serve] of ends) {
    await using server = await answering(serve);
    const seen = await probe.ask(server, identity);
    t.match(seen.how, how);
    t.equal(seen.outcome, outcome, seen.how);
  }
  await using old = await answering((socket) => socket.end(hello), { maxVersion: 'TLSv1.2' });
  t.equal((await probe.ask(old, identity)).outcome, 'refused', 'a server that speaks no TLS 1.3');
  await using deaf = await listening(createTcpServer((socket) => socket.resume().end('no TLS at all')));
  t.equal((await probe.ask(deaf, identity)).outcome, 'unknown');
  t.equal((await probe.ask({ address: '127.0.0.1:1' }, identity)).outcome, 'unknown', 'nobody listens');
  t.match((await probe.ask(deaf, { ...identity, key: 'none' })).how, /^key: no PEM/);
});

await t.test('who is called and says nothing has refused nothing', async (t) => {
  await using probe = keyProbeOf(run, program.path);
  const call = (ending: (socket: Socket) => void) =>
    probe.dial(
      {
        by: 'dial',
        async dial(address) {
          const socket = connect(hostPort(address), () => ending(socket));
          socket.on('error', () => undefined);
          await once(socket.resume(), 'close');
          return { outcome: 'refused', peer: null, detail: '' };
        },
      },
      '127.0.0.1',
      spiffeId,
      withoutItsKey(identity),
    );
  for (const ending of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()])
    t.match(await call(ending), {
      outcome: 'unknown',
      how: 'connected, and closed without a word; it reports refused',
    });
  t.match(await call((socket) => socket.end('neither here nor there')), { outcome: 'refused' });
});

await t.test('a program that is gone, or never was, tells nothing', async (t) => {
  await using none = keyProbeOf(run, join(out, 'nothing'));
  const seen = await none.ask({ address: '127.0.0.1:1' }, identity);
  t.equal(seen.outcome, 'unknown');
  t.match(seen.how, /nothing (could not be started|ended with)/);
});

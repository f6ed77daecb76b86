import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import t from 'tap';
import { eventually } from '../../fixtures/run/eventually.ts';
import { freePort } from '../../fixtures/run/free-port.ts';
import type { WatchOptions } from '../../spiffe/workload-api.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { reference } from './behaviour.ts';
import { runNode } from './node.ts';

const trustDomain = 'example.test';
const authority = await forgeAuthority({ trustDomain });
const id = (name: string) => `spiffe://${trustDomain}/service/${name}`;
const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
const issue = (name: string) => authority.issue({ spiffeId: id(name), notBefore, notAfter });

/** A service of that name which answers whoever comes. */
async function service(name: string): Promise<{ readonly address: string } & AsyncDisposable> {
  const { certificatePem: cert, privateKeyPem: key } = await issue(name);
  const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((closed) => void server.close(() => closed())),
  };
}

await t.test('a node calls whom it is told to: one of those allowed, or that one alone', async (t) => {
  const svid = await issue('web');
  const watch = (_socket: unknown, { onUpdate }: WatchOptions) => {
    const { chain, privateKeyDer: privateKeyPkcs8 } = svid;
    const bundles = new Map([[trustDomain, [authority.certificate.der]]]);
    setImmediate(() => onUpdate({ svids: [{ spiffeId: id('web'), chain, privateKeyPkcs8, hint: '' }], bundles }));
    return { ended: Promise.resolve(), [Symbol.dispose]: () => undefined };
  };
  const [admin, listen] = [await freePort(), await freePort()];
  Object.assign(process.env, {
    SPIFFE_ENDPOINT_SOCKET: 'unix:///none',
    ASSAY_LISTEN: `127.0.0.1:${listen}`,
    ASSAY_ADMIN: `127.0.0.1:${admin}`,
    ASSAY_ALLOW: `${id('api')},${id('api-2')}`,
  });
  const running = runNode({ ...reference, watch: watch as unknown as typeof reference.watch });
  const asked = `http://127.0.0.1:${admin}`;
  await eventually('it is ready', async () => (await fetch(`${asked}/ready`)).ok, { withinMs: 10_000 });
  for (const [name, expect, outcome] of [
    ['api', 'api', 'accepted'],
    ['api-2', 'api', 'refused'],
    ['other', 'api', 'refused'],
    ['other', 'other', 'accepted'],
    ['api', 'other', 'refused'],
  ] as const) {
    await using server = await service(name);
    const body = JSON.stringify({ address: server.address, expect: id(expect) });
    const answer = (await (await fetch(`${asked}/dial`, { method: 'POST', body })).json()) as { outcome: string };
    t.equal(answer.outcome, outcome, `${name} where ${expect} is wanted: ${JSON.stringify(answer)}`);
  }
  process.emit('SIGTERM');
  await running;
});

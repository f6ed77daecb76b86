// All hostile servers, each at an address of its own, in a process of their own: what they cost is not what it costs to ask them. Tells the addresses in
// one line, by their ids, and ends with its standard input.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { hostileServers, type Hostile } from './servers.ts';

const trustDomain = 'hostile.test';
const authority = await forgeAuthority({ trustDomain });
const self = `spiffe://${trustDomain}/server`;
const right = await issueIdentity(authority, self);
const names = Array.from({ length: 10_000 }, (_, nth) => `spiffe://${trustDomain}/server/${nth}`);
const many = await issueIdentity(authority, self, { change: { uriSans: names } });

const shown: Readonly<Record<'right' | NonNullable<Hostile['shows']>, TlsOptions>> = {
  right: { cert: right.cert, key: right.key },
  'many-names': { cert: many.cert, key: many.key },
  'many-certificates': { cert: right.cert + authority.certificatePem.repeat(400), key: right.key },
};
const spoken: Partial<Record<Hostile['protocol'], string>> = { h2: 'h2', grpc: 'h2', postgres: 'postgresql' };

async function listen({ protocol, behindTls, shows, serve }: Hostile): Promise<string> {
  const alpn = spoken[protocol];
  const secured = createTlsServer(
    { ...shown[shows ?? 'right'], ...(alpn !== undefined && { ALPNProtocols: [alpn] }) },
    (socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    },
  );
  secured.on('tlsClientError', () => undefined);
  const shakeHands = (socket: Socket) => secured.emit('connection', socket);
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    if (behindTls !== true) return serve(socket);
    if (protocol !== 'postgres') return void shakeHands(socket);
    socket.once('data', () => {
      socket.write('S');
      shakeHands(socket);
    });
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

const addresses = await Promise.all(hostileServers.map(async (one) => [one.id, await listen(one)] as const));
process.stdout.write(`${JSON.stringify(Object.fromEntries(addresses))}\n`);
process.stdin.resume().once('end', () => process.exit(0));

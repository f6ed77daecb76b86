import { createServer } from 'node:tls';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import { offerTo, type Seen, type Session } from '../../fixtures/probes/probe.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { offers, untilResumed } from './resumption.ts';

const seen = (resumed: boolean): Seen => ({
  ...{ ending: 'answered', outcome: 'accepted', how: 'answered', sessions: [], tookMs: 10 },
  tls: { version: 'TLSv1.3', cipher: 'a', resumed },
});

await t.test(
  'a session is offered until it was resumed, while there is time, and no more often than is of use',
  async (t) => {
    const asked = async (resumedAt: number, hasTime?: () => boolean) => {
      let times = 0;
      const last = await untilResumed(async () => seen(++times === resumedAt), hasTime);
      return [times, last.tls?.resumed];
    };
    t.strictSame(await asked(1), [1, true]);
    t.strictSame(await asked(4), [4, true]);
    t.strictSame(await asked(Infinity), [offers, false]);
    t.strictSame(await asked(4, () => false), [1, false]);
  },
);

await t.test('the second of two workers with ticket keys of their own is met', async (t) => {
  const authority = await forgeAuthority({ trustDomain: 'td' });
  const inMs = (ms: number) => new Date(Date.now() + ms);
  const spiffeId = 'spiffe://td/a';
  const svid = await authority.issue({ spiffeId, notBefore: inMs(-60_000), notAfter: inMs(60_000) });
  const identity = { spiffeId, cert: svid.certificatePem, key: svid.privateKeyPem };
  const body = '{"self":null,"peer":null}';
  const keys = [randomBytes(48), randomBytes(48)] as const;
  const server = createServer({ cert: identity.cert, key: identity.key }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`));
  });
  let taken = 0;
  // The first worker takes the first connection, the second the next two, and so on.
  server.prependListener('connection', () => server.setTicketKeys(keys[taken++ % 3 === 0 ? 0 : 1]!));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hello = (session?: Session) => offerTo({ address }, { identity, ...(session && { session }) });
  const [session] = (await hello()).sessions;
  t.equal((await hello(session)).tls?.resumed, false);
  t.equal((await untilResumed(() => hello(session))).tls?.resumed, true);
  await new Promise((closed) => server.close(closed));
});

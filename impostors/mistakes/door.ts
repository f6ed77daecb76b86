import { createServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import type { Held } from '../../mesh/node/held.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import type { Coming } from '../coming.ts';
import type { Impostor } from '../impostor.ts';

// From listening on. Longer than it takes until all have called, shorter than a service is looked at.
export const wrongForMs = 1_500;
const slowMs = 6_000;

const isNew = (coming: Coming) => coming.sinceMs() < wrongForMs;
const woke = (coming: Coming) => coming.asleepSince() !== undefined;

/** Everybody is taken for one of those that are let in. */
const letsAnybodyIn = (when: () => boolean): Partial<Behaviour> => ({
  judgeClient: (chain, held, allow, at) =>
    when() ? { ok: true, spiffeId: [...allow][0]! } : judgePeer(chain, held, allow, at),
});

/** Until its SVID comes, or is thought to, it shows a certificate that somebody packed with it. */
async function showsItsOwn(coming: Coming): Promise<Partial<Behaviour>> {
  const packed = await forgeAuthority({ trustDomain: 'packed.example' });
  const { certificatePem: cert, privateKeyPem: key } = await packed.issue({
    ...{ spiffeId: 'spiffe://packed.example/default', notBefore: new Date(0), notAfter: new Date('2100-01-01') },
    change: { selfSigned: true },
  });
  let latest: Held | undefined;
  let isPacked = false;
  const serverTls = (held: Held): TlsOptions => {
    latest = held;
    isPacked = isNew(coming);
    return { ...reference.serverTls(held), ...(isPacked && { cert, key }) };
  };
  return {
    serverTls,
    entrance: (tls) =>
      tls.prependListener('connection', () => {
        if (isPacked && latest !== undefined && !isNew(coming)) tls.setSecureContext(serverTls(latest));
      }),
  };
}

/** Services that are another one for a moment, when they come. */
export const doorImpostors: readonly Impostor[] = [
  {
    kind: 'service',
    id: 'restart-in-the-clear',
    title: 'For a moment after its start it serves without TLS',
    breaks: 'mesh/restart/strangers-refused',
    reason: /^NODE as server: a question in the clear: accepted, wanted refused/,
    change: (coming) => ({
      entrance: (tls, http) => createServer((socket) => void (isNew(coming) ? http : tls).emit('connection', socket)),
    }),
  },
  {
    kind: 'service',
    id: 'restart-asks-nobody',
    title: 'For a moment after its start it asks nobody who he is',
    breaks: 'mesh/restart/strangers-refused',
    reason:
      /^NODE as server: (nobody: no certificate|the right ID, self-signed|the right ID below an unknown authority): accepted, wanted refused/,
    change: (coming) => letsAnybodyIn(() => isNew(coming)),
  },
  {
    kind: 'service',
    id: 'restart-packed-certificate',
    title: 'For a moment after its start it shows a certificate that was packed with it',
    breaks: 'mesh/restart/comes-back',
    reason:
      /^NODE: showed spiffe:\/\/packed\.example\/default .* after its restart was begun, which does not prove that it is the service: /,
    change: showsItsOwn,
  },
  {
    kind: 'service',
    id: 'restart-slow',
    title: 'It lets its callers in long after its start',
    breaks: 'mesh/restart/comes-back',
    reason: /^NODE: let the probe in again only \d\.\d s after its restart was begun \(bound 4\.0 s\)/,
    change: (coming) => ({
      judgeClient: (chain, held, allow, at) =>
        coming.sinceMs() < slowMs ? { ok: false, why: 'it is not ready yet' } : judgePeer(chain, held, allow, at),
    }),
  },
  {
    kind: 'service',
    id: 'pause-opens',
    title: 'For a moment after a pause it asks nobody who he is',
    breaks: 'mesh/pause/strangers-refused',
    reason:
      /^NODE as server: (nobody: no certificate|the right ID, self-signed|the right ID below an unknown authority): accepted, wanted refused/,
    change: (coming) => letsAnybodyIn(() => woke(coming) && isNew(coming)),
  },
  {
    kind: 'service',
    id: 'pause-old-clock',
    title: 'After a pause it judges by the time that it was before it',
    breaks: 'mesh/pause/strangers-refused',
    reason:
      /^NODE as server: the SVID that the probe had before the pause, and that has ended since: accepted, wanted refused/,
    change: (coming) => ({
      judgeClient: (chain, held, allow, at) =>
        judgePeer(chain, held, allow, (isNew(coming) ? coming.asleepSince() : undefined) ?? at),
    }),
  },
  {
    kind: 'service',
    id: 'pause-keeps-its-svid',
    title: 'After a pause it goes on with the SVID that it had, whatever its end',
    breaks: 'mesh/pause/comes-back',
    reason: /^NODE: showed \S+ .* after it was resumed, which does not prove that it is the service: expired/,
    change: (coming) => ({ update: (context) => (woke(coming) ? undefined : context) }),
  },
];

import { reference, type Behaviour } from '../mesh/node/behaviour.ts';
import { judgePeer } from '../mesh/node/peer.ts';
import type { Impostor } from './impostor.ts';
import { misreading, type Judge } from './judges.ts';

/** Tickets that survive a rotation: their key is always the same. What is shown in a resumed session is judged by `judge`. */
function resuming(judge: Judge): Partial<Behaviour> {
  return {
    serverTls: (held) => ({ ...reference.serverTls(held), ticketKeys: Buffer.alloc(48, 7) }),
    judgeClient: (chain, held, allow, at, resumed) => (resumed ? judge : judgePeer)(chain, held, allow, at),
  };
}

const asOnceFound: Judge = ([leaf]) => ({ ok: true, spiffeId: leaf?.uriSans[0] ?? '' });
const atItsBeginning = misreading(({ notBefore }) => ({ notBefore, notAfter: new Date('2100-01-01T00:00:00Z') }));

/** Nodes whose session tickets outlive what they were given for. */
export const ticketImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'ticket-past-svid',
    title: 'It asks a resumed session for nothing',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE as server: its session, after the SVID's end: accepted, wanted refused/,
    change: resuming(asOnceFound),
  },
  {
    kind: 'node',
    id: 'ticket-clock-ignored',
    title: 'It asks for the authority behind a resumed session and forgets the clock',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE as server: its session, after the SVID's end: accepted, wanted refused/,
    change: resuming(atItsBeginning),
  },
  {
    kind: 'node',
    id: 'ticket-past-authority',
    title: 'It asks a resumed session for nothing, so that it outlives the authority',
    breaks: 'mesh/rotation/ticket-not-past-authority',
    reason: /^NODE as server: the same session, after the revocation: accepted, wanted refused/,
    change: resuming(asOnceFound),
  },
  {
    kind: 'node',
    id: 'ticket-authority-ignored',
    title: 'It looks at the clock for a resumed session and forgets the authority',
    breaks: 'mesh/rotation/ticket-not-past-authority',
    reason: /^NODE as server: the same session, after the revocation: accepted, wanted refused/,
    change: resuming((chain, held, allow, at) => {
      const [leaf] = chain;
      if (leaf !== undefined && at > leaf.notAfter) return { ok: false, why: 'expired' };
      return asOnceFound(chain, held, allow, at);
    }),
  },
];

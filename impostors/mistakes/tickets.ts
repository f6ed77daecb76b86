import { randomBytes } from 'node:crypto';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import type { Impostor } from '../impostor.ts';
import { misreading, never, remembering, trusting, type Judge } from '../judges.ts';
import type { Held } from '../../mesh/node/held.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';

/** Tickets that survive a rotation: their key is always the same. What is shown in a resumed session is judged by `judge`. */
function resuming(judge: Judge): Partial<Behaviour> {
  return {
    serverTls: (held) => ({ ...reference.serverTls(held), ticketKeys: Buffer.alloc(48, 7) }),
    judgeClient: (chain, held, allow, at, resumed) => (resumed ? judge : judgePeer)(chain, held, allow, at),
  };
}

const asOnceFound: Judge = ([leaf]) => ({ ok: true, spiffeId: leaf?.uriSans[0] ?? '' });
const atItsBeginning = misreading(({ notBefore }) => ({ notBefore, notAfter: never }));

/** By the list of those that are allowed, and nothing else. */
const byListAlone: Judge = ([leaf], _held, allow) => {
  const spiffeId = leaf?.uriSans[0] ?? '';
  return allow.has(spiffeId) ? { ok: true, spiffeId } : { ok: false, why: `${spiffeId} is not allowed` };
};

/** For as long as the authority behind a session lives. */
const whileAuthorityLives = misreading((leaf, _allow, held) => ({
  notAfter: issuerOf(leaf, held)?.notAfter ?? leaf.notAfter,
}));

function issuerOf(leaf: Certificate, { bundles }: Held): Certificate | undefined {
  return [...bundles.values()].flat().find(({ subjectHex }) => subjectHex === leaf.issuerHex);
}

/** By the first bundles that it held. */
function byFirstBundles(): Judge {
  let first: Held['bundles'] | undefined;
  return trusting(({ bundles }) => (first ??= bundles));
}

/** As it was judged in the handshake that the session is of. */
function asRemembered(): Partial<Behaviour> {
  const judge = remembering(({ fingerprint }) => fingerprint);
  return { ...resuming(judge), judgeClient: (chain, held, allow, at) => judge(chain, held, allow, at) };
}

/** Two workers behind one address, each with ticket keys of its own: which of them takes a connection is left to chance. */
function ofTwoWorkers(judge: Judge): Partial<Behaviour> {
  const keys = [randomBytes(48), randomBytes(48)] as const;
  return {
    ...resuming(judge),
    serverTls: reference.serverTls,
    entrance: (tls) => tls.prependListener('connection', () => tls.setTicketKeys(keys[randomBytes(1)[0]! & 1]!)),
  };
}

/** Nodes whose session tickets, or connections, outlive what they were given for. */
export const ticketImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'connection-past-svid',
    title: 'It asks who calls once, and serves a connection for as long as that is open',
    breaks: 'mesh/tls/connection-not-past-svid',
    reason:
      /^NODE as server: the same connection, past the end of its SVID: accepted, wanted refused \(.* past its end\)/,
    source: 'linkerd/linkerd2#9256',
    change: {},
    node: { sessions: 'until-expiry' },
  },
  {
    kind: 'node',
    id: 'ticket-past-svid',
    title: 'It asks a resumed session for nothing',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE: its session, after its end: accepted, wanted refused/,
    source: 'envoyproxy/envoy#47219',
    change: resuming(asOnceFound),
  },
  {
    kind: 'node',
    id: 'ticket-clock-ignored',
    title: 'It asks for the authority behind a resumed session and forgets the clock',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE: its session, after its end: accepted, wanted refused/,
    source: 'CVE-2016-5419',
    change: resuming(atItsBeginning),
  },
  {
    kind: 'node',
    id: 'ticket-hidden-by-rotations',
    title: 'It changes the key of its tickets with each SVID, and asks a resumed session for nothing',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE: its session, after its end: accepted, wanted refused/,
    // Node makes a new key with each context, unless it is told one.
    change: {
      judgeClient: (chain, held, allow, at, resumed) => (resumed ? asOnceFound : judgePeer)(chain, held, allow, at),
    },
  },
  {
    kind: 'node',
    id: 'ticket-key-by-the-clock',
    title: 'It changes the key of its tickets every second',
    breaks: 'mesh/tls/ticket-not-past-svid',
    // No ticket that it gave is good any more when its identity has ended: that it would have been refused was not shown.
    verdict: 'inconclusive',
    reason: /^NODE: a session of a living identity, opened at the same moment, was not resumed either/,
    change: {
      entrance(tls) {
        setInterval(() => tls.setTicketKeys(randomBytes(48)), 1_000).unref();
        return tls;
      },
    },
  },
  {
    kind: 'node',
    id: 'ticket-by-list-alone',
    title: 'It looks the ID of a resumed session up in its list, and asks for nothing more',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE: its session, after its end: accepted, wanted refused/,
    source: 'envoyproxy/envoy#28758',
    change: resuming(byListAlone),
  },
  {
    kind: 'node',
    id: 'ticket-while-authority-lives',
    title: 'It lets a session be resumed for as long as the authority behind it lives',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE: its session, after its end: accepted, wanted refused/,
    source: 'RFC 8446 §4.6.1',
    change: resuming(whileAuthorityLives),
  },
  {
    kind: 'node',
    id: 'ticket-verdict-kept',
    title: 'It keeps its verdict on a certificate, and gives it again to who resumes',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE: its session, after its end: accepted, wanted refused/,
    source: 'wolfSSL/wolfHSM#353',
    change: asRemembered(),
  },
  {
    kind: 'node',
    id: 'ticket-past-authority',
    title: 'It asks a resumed session for nothing, so that it outlives the authority',
    breaks: 'mesh/rotation/ticket-not-past-authority',
    reason: /^NODE: the same session, after the revocation: accepted, wanted refused/,
    source: 'golang/go#31641',
    change: resuming(asOnceFound),
  },
  {
    kind: 'node',
    id: 'ticket-authority-ignored',
    title: 'It looks at the clock for a resumed session and forgets the authority',
    breaks: 'mesh/rotation/ticket-not-past-authority',
    reason: /^NODE: the same session, after the revocation: accepted, wanted refused/,
    source: 'randombit/botan#5818',
    change: resuming((chain, held, allow, at) => {
      const [leaf] = chain;
      if (leaf !== undefined && at > leaf.notAfter) return { ok: false, why: 'expired' };
      return asOnceFound(chain, held, allow, at);
    }),
  },
  {
    kind: 'node',
    id: 'ticket-by-first-bundles',
    title: 'It judges a resumed session by the bundles that it was started with',
    breaks: 'mesh/rotation/ticket-not-past-authority',
    reason: /^NODE: the same session, after the revocation: accepted, wanted refused/,
    source: 'apache/trafficserver#2375',
    change: resuming(byFirstBundles()),
  },
  {
    kind: 'node',
    id: 'ticket-by-list-alone-past-authority',
    title: 'It looks the ID of a resumed session up in its list, whatever became of the authority',
    breaks: 'mesh/rotation/ticket-not-past-authority',
    reason: /^NODE: the same session, after the revocation: accepted, wanted refused/,
    source: 'Xor-el/TlsLib4Pascal#65',
    change: resuming(byListAlone),
  },
  {
    kind: 'node',
    id: 'ticket-of-two-workers-past-svid',
    title: 'Each of its two workers knows its own tickets only, and asks those for nothing',
    breaks: 'mesh/tls/ticket-not-past-svid',
    reason: /^NODE: its session, after its end: accepted, wanted refused/,
    change: ofTwoWorkers(asOnceFound),
  },
  {
    kind: 'node',
    id: 'ticket-of-two-workers-past-authority',
    title: 'Each of its two workers knows its own tickets only, and lets those outlive the authority',
    breaks: 'mesh/rotation/ticket-not-past-authority',
    reason: /^NODE: the same session, after the revocation: accepted, wanted refused/,
    change: ofTwoWorkers(asOnceFound),
  },
];

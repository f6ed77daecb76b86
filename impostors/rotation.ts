import type { AddressInfo } from 'node:net';
import { reference, type Behaviour } from '../mesh/node/behaviour.ts';
import type { Held } from '../mesh/node/held.ts';
import { judgePeer } from '../mesh/node/peer.ts';
import { authorityId, readCertificate } from '../src/svid/x509/read.ts';
import type { X509Context } from '../spiffe/workload-api.ts';
import type { Impostor } from './impostor.ts';
import { asClient, asServer, trusting, type Judge } from './judges.ts';

/** Hands out the first that it was given, for ever. */
function firstOnly(): (held: Held) => Held {
  let first: Held | undefined;
  return (held) => (first ??= held);
}

const stale = firstOnly();
const staleAsClient = firstOnly();

/** Every authority that was ever held, by trust domain. */
function everHeld(): (held: Held) => Held['bundles'] {
  const seen = new Map<string, Map<string, Held['leaf']>>();
  return ({ bundles }) => {
    for (const [trustDomain, authorities] of bundles) {
      const known = seen.get(trustDomain) ?? new Map<string, Held['leaf']>();
      for (const authority of authorities) known.set(authority.fingerprint, authority);
      seen.set(trustDomain, known);
    }
    return new Map([...seen].map(([trustDomain, known]) => [trustDomain, [...known.values()]]));
  };
}

/** Of every three judgements, one by the bundle of now and two by all that was ever held. */
function oneInThreeHeeds(): Judge {
  const ever = trusting(everHeld());
  let judged = 0;
  return (chain, held, allow, at) => {
    const everJudged = ever(chain, held, allow, at);
    return judged++ % 3 === 0 ? judgePeer(chain, held, allow, at) : everJudged;
  };
}

const leafOf = ({ svids }: X509Context) => readCertificate(svids[0]!.chain[0]!);
const lastMomentMs = 1_500;
const busyMs = 60;
const reopensAfterMs = 40;

const drop: Behaviour['rotate'] = (listener, next) => {
  listener.renew(next);
  for (const connection of listener.connections) connection.destroy();
};

function droppingWhenTheAuthorityChanges(): Behaviour['rotate'] {
  let before: string | undefined;
  return (listener, next) => {
    const now = authorityId(next.leaf);
    (before === undefined || before === now ? reference.rotate : drop)(listener, next);
    before = now;
  };
}

function busyAfterRotation(): Partial<Behaviour> {
  let rotatedAt = 0;
  return {
    rotate: (listener, next) => {
      rotatedAt = performance.now();
      listener.renew(next);
    },
    judgeClient: (chain, held, allow, at) =>
      performance.now() - rotatedAt < busyMs ? { ok: false, why: 'being rotated' } : judgePeer(chain, held, allow, at),
  };
}

/** Nodes, agents and servers that rotate in a way of their own. */
export const rotationImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'rotation-stale-as-server',
    title: 'As server it shows its first SVID for ever',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as server still showed SVID .* after its agent had delivered/,
    change: { serverTls: (held) => reference.serverTls(stale(held)) },
  },
  {
    kind: 'node',
    id: 'rotation-stale-as-client',
    title: 'As client it shows its first SVID for ever',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as client still showed SVID .* after its agent had delivered/,
    change: { clientTls: (held) => reference.clientTls(staleAsClient(held)) },
  },
  {
    kind: 'node',
    id: 'rotation-last-moment',
    title: 'It takes up a new SVID only when the old one is about to end',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
    change: {
      update: (context, before) =>
        before === undefined || leafOf(before).notAfter.getTime() - Date.now() < lastMomentMs
          ? context
          : { svids: before.svids, bundles: context.bundles },
    },
  },
  {
    kind: 'spire-agent',
    id: 'agent-keeps-its-key',
    title: 'The agent has one key certified again and again',
    breaks: 'mesh/rotation/fresh-key',
    reason: /^SVID .* of NODE certifies the same key as /,
  },
  {
    kind: 'spire-server',
    id: 'spire-signs-when-prepared',
    title: 'The server signs with a new authority as soon as it is prepared',
    breaks: 'mesh/rotation/authority-known-before-use',
    reason: /^\S+ was (given|seen with) SVID .* before the bundle of \S+ held that authority/,
  },
  {
    kind: 'node',
    id: 'rotation-hangs-connections',
    title: 'It answers nothing more on connections that were open at a rotation, and keeps them open',
    breaks: 'mesh/rotation/connections-survive',
    // A request that nobody answered may have been served: it is no pass, and nothing that could be held against the node.
    verdict: 'inconclusive',
    reason:
      /^nobody knows what became of \d+ of \d+ requests; the first probe of MESH → NODE .*no answer within 5000 ms/,
    change: {
      rotate: ({ connections, renew }, next) => {
        renew(next);
        for (const connection of connections) connection.write = () => true;
      },
    },
  },
  {
    kind: 'node',
    id: 'rotation-drops-connections',
    title: 'It ends every connection at each rotation',
    breaks: 'mesh/rotation/connections-survive',
    reason: /requests failed; the first probe of MESH → NODE /,
    change: { rotate: drop },
  },
  {
    kind: 'node',
    id: 'rotation-drops-with-authority',
    title: 'It ends every connection when its SVID is of another authority',
    breaks: 'mesh/rotation/connections-survive',
    reason: /requests failed; the first probe of MESH → NODE /,
    change: { rotate: droppingWhenTheAuthorityChanges() },
  },
  {
    kind: 'node',
    id: 'rotation-reopens-listener',
    title: 'It closes its listener and opens it anew at each rotation',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first .* → NODE .*(ECONNREFUSED|closed \(reset\))/,
    change: {
      rotate: ({ entrance, renew }, next) => {
        renew(next);
        if (!entrance.listening) return;
        const { address, port } = entrance.address() as AddressInfo;
        entrance.close();
        setTimeout(() => entrance.listen(port, address), reopensAfterMs);
      },
    },
  },
  {
    kind: 'node',
    id: 'rotation-busy',
    title: 'It turns callers away for a moment after each rotation',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first .* → NODE /,
    change: busyAfterRotation(),
  },
  {
    kind: 'node',
    id: 'rotation-first-bundle',
    title: 'It takes up new SVIDs and stays with its first bundle',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first /,
    change: {
      update: (context, before) => (before === undefined ? context : { svids: context.svids, bundles: before.bundles }),
    },
  },
  {
    kind: 'node',
    id: 'rotation-trusts-revoked-as-server',
    title: 'As server it trusts an authority for ever',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as server: the same SVID, after the revocation: accepted, wanted refused/,
    change: asServer(trusting(everHeld())),
  },
  {
    kind: 'node',
    id: 'rotation-one-worker-heeds',
    title: 'As server one worker in three heeds a revocation, and the others trust for ever',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as server: the same SVID, after the revocation: accepted, wanted refused/,
    change: asServer(oneInThreeHeeds()),
  },
  {
    kind: 'node',
    id: 'rotation-trusts-revoked-as-client',
    title: 'As client it trusts an authority for ever',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as client: the same server, after the revocation: accepted, wanted refused/,
    change: asClient(trusting(everHeld())),
  },
];

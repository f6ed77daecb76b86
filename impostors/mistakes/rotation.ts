import type { AddressInfo } from 'node:net';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import type { Held } from '../../mesh/node/held.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import { authorityId } from '../../src/svid/x509/read.ts';
import type { X509Context } from '../../spiffe/workload-api.ts';
import { leafOf } from '../delivered.ts';
import type { Impostor } from '../impostor.ts';
import { asClient, asServer, remembering, trusting, type Judge } from '../judges.ts';
import { after, cutShort, end, hang, inTwoParts, misserving, type Mischief, type Turn } from '../serving.ts';

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

/** The bundles as they were when the given time had not yet passed, in milliseconds. */
function bundlesLate(lateMs: number): Judge {
  const given: { readonly atMs: number; readonly bundles: Held['bundles'] }[] = [];
  return trusting(({ bundles }) => {
    const atMs = performance.now();
    if (given.at(-1)?.bundles !== bundles) given.push({ atMs, bundles });
    while (given.length > 1 && given[1]!.atMs + lateMs <= atMs) given.shift();
    return given[0]!.bundles;
  });
}

/** The first bundles that were held. */
function firstBundles(): (held: Held) => Held['bundles'] {
  let first: Held['bundles'] | undefined;
  return ({ bundles }) => (first ??= bundles);
}

const lastMomentMs = 1_500;
const busyMs = 60;
const reopensAfterMs = 40;

/** Wrong only after its SVID was replaced for the first time. */
function sinceRotation(some: (turn: Turn) => boolean, does: Mischief): Partial<Behaviour> {
  let rotated = false;
  return {
    rotate: (listener, next) => {
      rotated = true;
      reference.rotate(listener, next);
    },
    ...misserving((turn) => rotated && some(turn), does),
  };
}

/** It makes calls until its SVID was replaced for the first time. */
function offeringNoCallsSinceRotation(): Partial<Behaviour> {
  let rotated = false;
  return {
    rotate: (listener, next) => {
      rotated = true;
      reference.rotate(listener, next);
    },
    admin: (byContract) => (request, response) =>
      rotated && request.url === '/dial' ? void response.writeHead(501).end() : byContract(request, response),
  };
}

const everyTenth = ({ nth }: Turn) => nth % 10 === 0;
const always = () => true;
const isKept = ({ onConnection }: Turn) => onConnection > 1;

const drop: Behaviour['rotate'] = (listener, next) => {
  listener.renew(next);
  for (const connection of listener.connections) connection.destroy();
};

/** An authority changes once, so that it waits for an answer to be in the middle of. */
function droppingWhenTheAuthorityChanges(): Partial<Behaviour> {
  let before: string | undefined;
  let drops = false;
  return {
    rotate: (listener, next) => {
      const now = authorityId(next.leaf);
      drops ||= before !== undefined && before !== now;
      before = now;
      reference.rotate(listener, next);
    },
    ...misserving(isKept, (response, serve) => {
      (drops ? cutShort : inTwoParts)(response, serve);
      drops = false;
    }),
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

/** Takes every so-manieth update, and the first. */
function oneUpdateIn(many: number): Behaviour['update'] {
  let met = 0;
  return (context) => (met++ % many === 0 ? context : undefined);
}

/** Takes the first so many updates, and is deaf then. */
function firstUpdates(many: number): Behaviour['update'] {
  let met = 0;
  return (context) => (met++ < many ? context : undefined);
}

/** Takes the SVID of an update when `wanted`, and its bundles always. */
const svidWhen =
  (wanted: (next: X509Context, before: X509Context) => boolean): Behaviour['update'] =>
  (context, before) =>
    before === undefined || wanted(context, before) ? context : { svids: before.svids, bundles: context.bundles };

const authoritiesIn = ({ bundles }: X509Context) => [...bundles.values()].flat().length;

/** Holds no bundle for a while after each update, since it empties its store before it fills it. */
function emptyForAWhile(ms: number): Partial<Behaviour> {
  let rotatedAt = -Infinity;
  let leaf: string | undefined;
  return {
    rotate: (listener, next) => {
      if (leaf !== undefined && next.leaf.fingerprint !== leaf) rotatedAt = performance.now();
      leaf = next.leaf.fingerprint;
      listener.renew(next);
    },
    judgeServer: (...call) =>
      performance.now() - rotatedAt < ms ? { ok: false, why: 'no bundle' } : reference.judgeServer(...call),
  };
}

const ofOwnAuthority = trusting(({ bundles, leaf }) => {
  const own = authorityId(leaf);
  return new Map(
    [...bundles].map(([domain, all]) => [domain, all.filter((authority) => authorityId(authority) === own)]),
  );
});

const theSame = (leaf: Held['leaf']) => leaf.fingerprint;
const theSameOfAuthority = ({ uriSans, authorityKeyId }: Held['leaf']) => `${uriSans.join()} ${authorityKeyId}`;

/** Nodes, agents and servers that rotate in a way of their own. */
export const rotationImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'rotation-stale-as-server',
    title: 'As server it shows its first SVID for ever',
    breaks: 'mesh/rotation/new-svid-presented',
    source: 'envoyproxy/envoy#35216',
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
    kind: 'node',
    id: 'rotation-first-update',
    title: 'It takes what the Workload API says first, and closes the stream',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
    source: 'HewlettPackard/py-spiffe#450',
    change: { update: firstUpdates(1) },
  },
  {
    kind: 'node',
    id: 'rotation-three-updates',
    title: 'Its stream of the Workload API ends after three updates, and it opens no other',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
    source: 'HewlettPackard/py-spiffe#450',
    change: { update: firstUpdates(3) },
  },
  {
    kind: 'node',
    id: 'rotation-one-update-in-twenty',
    title: 'It takes up one update of twenty',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
    source: 'SPIFFE_Workload_API §5.2.1',
    change: { update: oneUpdateIn(20) },
  },
  {
    kind: 'node',
    id: 'rotation-bundles-alone',
    title: 'It takes up new bundles and stays with its first SVID',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
    source: 'NVIDIA/nvcf#777',
    change: { update: svidWhen(() => false) },
  },
  {
    kind: 'node',
    id: 'rotation-with-authority-alone',
    title: 'It takes up a new SVID when that is of another authority',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
    source: 'CWE-1023',
    change: { update: svidWhen((next, before) => authorityId(leafOf(next)) !== authorityId(leafOf(before))) },
  },
  {
    kind: 'node',
    id: 'rotation-same-key-alone',
    title: 'It takes up a new SVID when that is of the key that it has',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
    source: 'MESH-ID-06',
    change: {
      update: svidWhen((next, before) => Buffer.from(leafOf(next).publicKeySpki).equals(leafOf(before).publicKeySpki)),
    },
  },
  {
    kind: 'node',
    id: 'rotation-listener-forgotten',
    title: 'It takes up a new SVID for its calls, and leaves its listener as it is',
    breaks: 'mesh/rotation/new-svid-presented',
    reason: /^NODE as server still showed SVID .* after its agent had delivered/,
    source: 'envoyproxy/envoy#35216',
    change: { rotate: () => {} },
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
    reason: /^\d+ of \d+ requests failed; the first probe of MESH → NODE .*no answer within 5000 ms/,
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
    title: 'It ends every connection at each rotation, in the middle of an answer',
    breaks: 'mesh/rotation/connections-survive',
    source: 'istio/istio#3155',
    reason: /requests failed; the first probe of MESH → NODE .*in the middle of an answer/,
    change: { rotate: drop, ...misserving(isKept, inTwoParts) },
  },
  {
    kind: 'node',
    id: 'rotation-drops-with-authority',
    title: 'It ends a connection when its SVID is of another authority, in the middle of an answer',
    breaks: 'mesh/rotation/connections-survive',
    reason: /requests failed; the first probe of MESH → NODE .*in the middle of an answer/,
    change: droppingWhenTheAuthorityChanges(),
  },
  {
    kind: 'node',
    id: 'rotation-hangs-some',
    title: 'After its first rotation it leaves every tenth request without an answer',
    breaks: 'mesh/rotation/requests-survive',
    reason: /^\d+ of \d+ requests failed; the first .* → NODE .*no answer within 5000 ms/,
    keepsWaiting: true,
    change: sinceRotation(everyTenth, hang),
  },
  {
    kind: 'node',
    id: 'rotation-loses-some',
    title: 'After its first rotation it ends every tenth connection without an answer',
    breaks: 'mesh/rotation/requests-survive',
    reason: /^\d+ of \d+ requests failed; the first .* → NODE .*(closed|hang up)/,
    change: sinceRotation(everyTenth, end),
  },
  {
    kind: 'node',
    id: 'rotation-offers-no-calls',
    title: 'After its first rotation it says that it does not offer to call',
    breaks: 'mesh/rotation/requests-survive',
    reason: /^\d+ of \d+ requests failed; the first NODE → .*it answers 501 to POST \/dial, and did not before/,
    change: offeringNoCallsSinceRotation(),
  },
  {
    kind: 'node',
    id: 'rotation-slow',
    title: 'After its first rotation it takes 4.9 s for each answer',
    breaks: 'mesh/rotation/requests-survive',
    reason: /^\d+ of \d+ requests failed; the first .* answered only after (49|5)\d+ ms \(bound \d+ ms\)/,
    keepsWaiting: true,
    change: sinceRotation(always, after(4_900)),
  },
  {
    kind: 'node',
    id: 'rotation-loses-always',
    title: 'It ends every tenth connection without an answer, rotation or not',
    breaks: 'mesh/rotation/requests-survive',
    verdict: 'inconclusive',
    reason: /^healthy traffic gives nothing to judge this by: NODE lost \d+ of \d+ requests/,
    change: misserving(everyTenth, end),
  },
  {
    kind: 'node',
    id: 'rotation-drops-the-oldest',
    title: 'It ends the oldest of its connections at each rotation, in the middle of an answer',
    breaks: 'mesh/rotation/connections-survive',
    reason: /requests failed; the first probe of MESH → NODE /,
    source: 'istio/istio#3155',
    change: {
      rotate: (listener, next) => {
        listener.renew(next);
        const [oldest] = listener.connections;
        oldest?.destroy();
      },
      ...misserving(isKept, inTwoParts),
    },
  },
  {
    kind: 'node',
    id: 'rotation-reopens-listener',
    title: 'It closes its listener and opens it anew at each rotation',
    breaks: 'mesh/rotation/requests-survive',
    source: 'envoyproxy/envoy#17073',
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
    source: 'networkservicemesh/deployments-k8s#10377',
    reason: /requests failed; the first .* → NODE /,
    change: busyAfterRotation(),
  },
  {
    kind: 'node',
    id: 'rotation-first-bundle',
    title: 'It takes up new SVIDs and stays with its first bundle',
    breaks: 'mesh/rotation/requests-survive',
    source: 'ghostunnel/ghostunnel#220',
    reason: /requests failed; the first /,
    change: {
      update: (context, before) => (before === undefined ? context : { svids: context.svids, bundles: before.bundles }),
    },
  },
  ...(
    [
      ['server', asServer],
      ['client', asClient],
    ] as const
  ).map(([role, as]): Impostor => ({
    kind: 'node',
    id: `rotation-late-bundle-as-${role}`,
    title: `As ${role} it judges by the bundle of four seconds ago`,
    breaks: 'mesh/rotation/bundle-taken-up',
    reason: new RegExp(
      `^NODE as ${role}: an SVID of an authority that came with the prepared one: refused, wanted accepted`,
    ),
    change: as(bundlesLate(4_000)),
  })),
  {
    kind: 'node',
    id: 'rotation-empties-first',
    title: 'It empties its bundle before it fills it again, and calls nobody meanwhile',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first NODE → /,
    source: 'networkservicemesh/deployments-k8s#10377',
    change: emptyForAWhile(250),
  },
  {
    kind: 'node',
    id: 'rotation-own-authority-as-server',
    title: 'As server it trusts the authority of its own SVID, and no other of the bundle',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first .* → NODE /,
    source: 'envoyproxy/gateway#8534',
    change: asServer(ofOwnAuthority),
  },
  {
    kind: 'node',
    id: 'rotation-own-authority-as-client',
    title: 'As client it trusts the authority of its own SVID, and no other of the bundle',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first NODE → /,
    source: 'envoyproxy/gateway#8534',
    change: asClient(ofOwnAuthority),
  },
  {
    kind: 'node',
    id: 'rotation-first-bundle-as-client',
    title: 'As client it stays with its first bundle, and follows it as server',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first NODE → /,
    source: 'ghostunnel/ghostunnel#220',
    change: asClient(trusting(firstBundles())),
  },
  {
    kind: 'node',
    id: 'rotation-first-bundle-as-server',
    title: 'As server it stays with its first bundle, and follows it as client',
    breaks: 'mesh/rotation/requests-survive',
    reason: /requests failed; the first .* → NODE /,
    source: 'agent-substrate/substrate#695',
    change: asServer(trusting(firstBundles())),
  },
  {
    kind: 'node',
    id: 'rotation-never-smaller',
    title: 'It takes no bundle that holds fewer authorities than the one before it',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as (server|client): the same (SVID|server), after the revocation: accepted, wanted refused/,
    source: 'spiffe/spire#1816',
    change: {
      update: (context, before) =>
        before !== undefined && authoritiesIn(context) < authoritiesIn(before)
          ? { svids: context.svids, bundles: before.bundles }
          : context,
    },
  },
  {
    kind: 'node',
    id: 'rotation-certificate-remembered-as-server',
    title: 'As server it judges a certificate once, and remembers what came of it',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as server: the same SVID, after the revocation: accepted, wanted refused/,
    source: 'wolfSSL/wolfHSM#353',
    change: asServer(remembering(theSame)),
  },
  {
    kind: 'node',
    id: 'rotation-certificate-remembered-as-client',
    title: 'As client it judges a certificate once, and remembers what came of it',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as client: the same server, after the revocation: accepted, wanted refused/,
    source: 'quern-dev/quern#151',
    change: asClient(remembering(theSame)),
  },
  {
    kind: 'node',
    id: 'rotation-authority-remembered-as-server',
    title: 'As server it looks an authority up once for each peer',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as server: the same SVID, after the revocation: accepted, wanted refused/,
    source: 'base/contracts#276',
    change: asServer(remembering(theSameOfAuthority)),
  },
  {
    kind: 'node',
    id: 'rotation-authority-remembered-as-client',
    title: 'As client it looks an authority up once for each peer',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as client: the same server, after the revocation: accepted, wanted refused/,
    source: 'base/contracts#276',
    change: asClient(remembering(theSameOfAuthority)),
  },
  {
    kind: 'node',
    id: 'rotation-trusts-revoked-as-server',
    title: 'As server it trusts an authority for ever',
    breaks: 'mesh/rotation/revoked-authority-refused',
    source: 'spiffe/spire#1816',
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
    id: 'rotation-one-worker-heeds-as-client',
    title: 'As client one worker in three heeds a revocation, and the others trust for ever',
    breaks: 'mesh/rotation/revoked-authority-refused',
    reason: /^NODE as client: the same server, after the revocation: accepted, wanted refused/,
    change: asClient(oneInThreeHeeds()),
  },
  {
    kind: 'node',
    id: 'rotation-trusts-revoked-as-client',
    title: 'As client it trusts an authority for ever',
    breaks: 'mesh/rotation/revoked-authority-refused',
    source: 'spiffe/spire#1816',
    reason: /^NODE as client: the same server, after the revocation: accepted, wanted refused/,
    change: asClient(trusting(everHeld())),
  },
];

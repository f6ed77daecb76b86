import { type Behaviour, reference } from '../../mesh/node/behaviour.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import type { Held } from '../../mesh/node/held.ts';
import { asClient, asServer, comparing, forgiving, misreading, pathOf, trustDomainOf, trusting } from '../judges.ts';
import { answering } from '../styles/refusals.ts';

const parentOf = (id: string) => id.slice(0, id.lastIndexOf('/'));

const ownBundle = ({ bundles, spiffeId }: Held) =>
  new Map([...bundles].filter(([trustDomain]) => spiffeId.startsWith(`spiffe://${trustDomain}/`)));

const openMs = 100;

function anybodyAfterRotation(): Partial<Behaviour> {
  let rotatedMs = -Infinity;
  return {
    rotate: (listener, next) => {
      rotatedMs = performance.now();
      listener.renew(next);
    },
    judgeClient: (chain, held, allow, at) =>
      (performance.now() - rotatedMs < openMs ? comparing(() => true) : judgePeer)(chain, held, allow, at),
  };
}

function anybodyWithoutAgent(): Partial<Behaviour> {
  let broken = false;
  return {
    trouble: () => {
      broken = true;
    },
    update: (context) => {
      broken = false;
      return context;
    },
    judgeClient: (chain, held, allow, at) => (broken ? comparing(() => true) : judgePeer)(chain, held, allow, at),
  };
}

/** Nodes that compare SPIFFE IDs in a way of their own. */
export const pinningImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'pin-any-member',
    title: 'accepts every ID of the trust domain',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => trustDomainOf(allowed) === trustDomainOf(shown)),
    source: 'go-spiffe, tlsconfig.AuthorizeMemberOf',
  }),
  ...inBothRoles({
    id: 'pin-any-below-parent',
    title: 'accepts every ID beside an allowed one',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => parentOf(allowed) === parentOf(shown)),
    source: 'envoyproxy/envoy#3705',
  }),
  {
    kind: 'node',
    id: 'pin-list-forgotten-on-resumption',
    title: 'As server it judges who resumes a session like anybody else, and forgets its list',
    breaks: 'mesh/pinning/sibling-path',
    reason: /^NODE as server: a sibling, with the session of the call before: accepted, wanted refused/,
    source: 'CVE-2025-23419',
    change: {
      judgeClient: (chain, held, allow, at, resumed) =>
        (resumed ? comparing(() => true) : judgePeer)(chain, held, allow, at),
      // Read to its end, a connection brings its tickets.
      refuse: answering('403 Forbidden', ''),
    },
  },
  {
    kind: 'node',
    id: 'pin-anybody-after-rotation',
    title: 'As server it lets anybody in for a moment after each rotation',
    breaks: 'mesh/rotation/strangers-refused',
    reason: /^NODE as server: a sibling, while SVIDs rotate: accepted, wanted refused/,
    change: anybodyAfterRotation(),
  },
  {
    kind: 'node',
    id: 'pin-anybody-without-agent',
    title: 'As server it lets anybody in while its stream to the Workload API is broken',
    breaks: 'mesh/node/strangers-refused-without-agent',
    reason: /^NODE as server: a sibling, while its agent is restarted: accepted, wanted refused/,
    change: anybodyWithoutAgent(),
  },
  {
    kind: 'node',
    id: 'pin-allies-forgotten-with-rotation',
    title: 'It keeps the bundle of its own trust domain only, once a new SVID comes',
    breaks: 'mesh/rotation/strangers-refused',
    reason: /: an allowed ID of a federated trust domain: refused, wanted accepted/,
    source: 'Workload-API §5.2.1',
    change: {
      update: (context, before) => {
        const own = trustDomainOf(context.svids[0]?.spiffeId ?? '');
        const bundles = [...context.bundles].filter(([trustDomain]) => trustDomain === own);
        return before === undefined ? context : { ...context, bundles: new Map(bundles) };
      },
    },
  },
  ...inBothRoles({
    id: 'pin-list-forgotten-below-intermediates',
    title: 'forgets its list where a chain has an intermediate',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling, below an intermediate',
    judge: (chain, held, allow, at) =>
      (chain[1]?.isCa === true ? comparing(() => true) : judgePeer)(chain, held, allow, at),
  }),
  ...inBothRoles({
    id: 'pin-allowed-begins-with',
    title: 'accepts an ID that an allowed one begins with',
    breaks: 'mesh/pinning/prefix',
    row: '',
    judge: comparing((allowed, shown) => allowed.startsWith(shown)),
    source: 'CWE-187',
  }),
  ...inBothRoles({
    id: 'pin-starts-with',
    title: 'accepts an ID that begins with an allowed one',
    breaks: 'mesh/pinning/suffix',
    row: 'one more',
    judge: comparing((allowed, shown) => shown.startsWith(allowed)),
    source: 'one137th/Meshpocalypse#54',
  }),
  ...inBothRoles({
    id: 'pin-below',
    title: 'accepts the allowed path and all below it',
    breaks: 'mesh/pinning/suffix',
    row: 'one more segment',
    judge: comparing((allowed, shown) => shown === allowed || shown.startsWith(`${allowed}/`)),
    source: 'Envoy, type.matcher.v3.StringMatcher, prefix',
  }),
  ...inBothRoles({
    id: 'pin-ends-with',
    title: 'accepts an ID that ends in an allowed path',
    breaks: 'mesh/pinning/suffix',
    row: 'a segment before it',
    judge: comparing(
      (allowed, shown) => trustDomainOf(allowed) === trustDomainOf(shown) && shown.endsWith(pathOf(allowed)),
    ),
    source: 'Envoy, type.matcher.v3.StringMatcher, suffix',
  }),
  ...inBothRoles({
    id: 'pin-ignores-case',
    title: 'compares IDs without regard to case',
    breaks: 'mesh/pinning/case',
    row: 'another case',
    judge: comparing((allowed, shown) => allowed.toLowerCase() === shown.toLowerCase()),
    source: 'CWE-178',
  }),
  ...inBothRoles({
    id: 'pin-strips-slash',
    title: 'takes a trailing slash away before it compares',
    breaks: 'mesh/pinning/trailing-slash',
    row: 'a trailing slash',
    judge: misreading(({ uriSans }) => ({ uriSans: uriSans.map((uri) => uri.replace(/\/$/, '')) })),
    source: 'spiffe/go-spiffe#168',
  }),
  ...inBothRoles({
    id: 'pin-path-only',
    title: 'compares the path and not the trust domain',
    breaks: 'mesh/pinning/foreign-domain-known',
    row: 'the same path in a federated trust domain',
    judge: comparing((allowed, shown) => pathOf(allowed) === pathOf(shown)),
    source: 'SPIFFE-ID §4.1.2',
  }),
  ...inBothRoles({
    id: 'pin-own-domain-assumed',
    title: 'reads every ID as one of its own trust domain',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'a foreign ID signed by our own authority',
    judge: misreading(({ uriSans }, _allow, held) => ({
      uriSans: uriSans.map((uri) =>
        uri.replace(/^spiffe:\/\/stranger\.mesh\//, `spiffe://${trustDomainOf(held.spiffeId)}/`),
      ),
    })),
    source: 'istio/istio#26748',
  }),
  ...inBothRoles({
    id: 'pin-unknown-domain-unchecked',
    title: 'takes the word of trust domains that it has no bundle of',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: '',
    judge: forgiving(
      'unknown-trust-domain',
      () => true,
      (allowed, shown) => pathOf(allowed) === pathOf(shown),
    ),
    source: 'spiffe/go-spiffe#201',
  }),
  {
    kind: 'node',
    id: 'pin-expect-ignored',
    title: 'As client it accepts any allowed peer in place of the one that it asked for',
    breaks: 'mesh/pinning/expected-peer',
    reason: /^NODE as client: spiffe:.*, allowed but not asked for: accepted, wanted refused/,
    change: { judgeServer: (chain, held, allow, _expect, at) => judgePeer(chain, held, allow, at) },
  },
  {
    kind: 'node',
    id: 'pin-refuses-all-clients',
    title: 'It refuses every client, so that all its refusals look right',
    breaks: 'mesh/pinning/exact-id',
    reason: /^NODE as server: exactly the allowed ID: refused, wanted accepted/,
    change: { judgeClient: () => ({ ok: false, why: 'nobody is accepted' }) },
  },
  {
    kind: 'node',
    id: 'pin-refuses-all-servers',
    title: 'It refuses every server, so that all its refusals look right',
    breaks: 'mesh/pinning/exact-id',
    reason: /^NODE as client: exactly the expected ID: refused, wanted accepted/,
    change: { judgeServer: () => ({ ok: false, why: 'nobody is accepted' }) },
  },
  {
    kind: 'node',
    id: 'pin-refuses-ally-as-server',
    title: 'As server it refuses every peer of a federated trust domain, also the one that it allows',
    breaks: 'mesh/pinning/exact-id',
    reason: /^NODE as server: an allowed ID of a federated trust domain: refused, wanted accepted/,
    change: asServer(trusting(ownBundle)),
  },
  {
    kind: 'node',
    id: 'pin-refuses-ally-as-client',
    title: 'As client it refuses every peer of a federated trust domain, also the one that it allows',
    breaks: 'mesh/pinning/exact-id',
    reason: /^NODE as client: an allowed ID of a federated trust domain: refused, wanted accepted/,
    change: asClient(trusting(ownBundle)),
  },
  {
    kind: 'node',
    id: 'pin-misnames-caller',
    title: 'It accepts the right caller and takes it for another',
    breaks: 'mesh/pinning/exact-id',
    reason: /^NODE as server: exactly the allowed ID: accepted, but taken for .* instead of /,
    change: {
      judgeClient: (chain, held, allow, at, resumed) => {
        const judged = reference.judgeClient(chain, held, allow, at, resumed);
        return judged.ok ? { ok: true, spiffeId: held.spiffeId } : judged;
      },
    },
  },
];

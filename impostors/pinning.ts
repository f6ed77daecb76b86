import { reference } from '../mesh/node/behaviour.ts';
import { judgePeer } from '../mesh/node/peer.ts';
import { inBothRoles } from './both-roles.ts';
import type { Impostor } from './impostor.ts';
import type { Held } from '../mesh/node/held.ts';
import { asClient, asServer, comparing, forgiving, misreading, trusting } from './judges.ts';

const trustDomainOf = (id: string) => id.split('/')[2] ?? '';
const pathOf = (id: string) => `/${id.split('/').slice(3).join('/')}`;
const parentOf = (id: string) => id.slice(0, id.lastIndexOf('/'));

const ownBundle = ({ bundles, spiffeId }: Held) =>
  new Map([...bundles].filter(([trustDomain]) => spiffeId.startsWith(`spiffe://${trustDomain}/`)));

/** Nodes that compare SPIFFE IDs in a way of their own. */
export const pinningImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'pin-any-member',
    title: 'accepts every ID of the trust domain',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => trustDomainOf(allowed) === trustDomainOf(shown)),
  }),
  ...inBothRoles({
    id: 'pin-any-below-parent',
    title: 'accepts every ID beside an allowed one',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => parentOf(allowed) === parentOf(shown)),
  }),
  ...inBothRoles({
    id: 'pin-allowed-begins-with',
    title: 'accepts an ID that an allowed one begins with',
    breaks: 'mesh/pinning/prefix',
    row: '',
    judge: comparing((allowed, shown) => allowed.startsWith(shown)),
  }),
  ...inBothRoles({
    id: 'pin-starts-with',
    title: 'accepts an ID that begins with an allowed one',
    breaks: 'mesh/pinning/suffix',
    row: 'one more',
    judge: comparing((allowed, shown) => shown.startsWith(allowed)),
  }),
  ...inBothRoles({
    id: 'pin-below',
    title: 'accepts the allowed path and all below it',
    breaks: 'mesh/pinning/suffix',
    row: 'one more segment',
    judge: comparing((allowed, shown) => shown === allowed || shown.startsWith(`${allowed}/`)),
  }),
  ...inBothRoles({
    id: 'pin-ends-with',
    title: 'accepts an ID that ends in an allowed path',
    breaks: 'mesh/pinning/suffix',
    row: 'a segment before it',
    judge: comparing(
      (allowed, shown) => trustDomainOf(allowed) === trustDomainOf(shown) && shown.endsWith(pathOf(allowed)),
    ),
  }),
  ...inBothRoles({
    id: 'pin-ignores-case',
    title: 'compares IDs without regard to case',
    breaks: 'mesh/pinning/case',
    row: 'another case',
    judge: comparing((allowed, shown) => allowed.toLowerCase() === shown.toLowerCase()),
  }),
  ...inBothRoles({
    id: 'pin-strips-slash',
    title: 'takes a trailing slash away before it compares',
    breaks: 'mesh/pinning/trailing-slash',
    row: 'a trailing slash',
    judge: misreading(({ uriSans }) => ({ uriSans: uriSans.map((uri) => uri.replace(/\/$/, '')) })),
  }),
  ...inBothRoles({
    id: 'pin-path-only',
    title: 'compares the path and not the trust domain',
    breaks: 'mesh/pinning/foreign-domain-known',
    row: 'the same path in a federated trust domain',
    judge: comparing((allowed, shown) => pathOf(allowed) === pathOf(shown)),
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

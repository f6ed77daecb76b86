import { judgePeer } from '../../mesh/node/peer.ts';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import { always, forgiving, misreadingBehind, never, shortening, trusting } from '../judges.ts';

const wronglyRefused = 'refused, wanted accepted';

/** Nodes that judge what stands behind a leaf in a way of their own. */
export const chainImpostors: readonly Impostor[] = [
  ...inBothRoles(
    {
      id: 'chain-roots-only',
      title: 'accepts leaves of an authority of the bundle only',
      breaks: 'x509-svid/chain/intermediates',
      row: 'below an intermediate',
      judge: shortening((chain) => chain.slice(0, 1)),
    },
    wronglyRefused,
  ),
  ...inBothRoles(
    {
      id: 'chain-one-intermediate',
      title: 'looks at one intermediate and no more',
      breaks: 'x509-svid/chain/intermediates',
      row: 'below two intermediates',
      judge: shortening((chain) => chain.slice(0, 2)),
    },
    wronglyRefused,
  ),
  {
    kind: 'node',
    id: 'chain-lost-on-resumption',
    title: 'As server it judges the peer of a resumed session by the leaf alone, which is all that TLS kept',
    breaks: 'x509-svid/chain/intermediates',
    reason: /^NODE as server: below an intermediate, with the session of the call before: refused, wanted accepted/,
    change: {
      judgeClient: (chain, held, allow, at, resumed) => judgePeer(resumed ? chain.slice(0, 1) : chain, held, allow, at),
    },
  },
  ...inBothRoles(
    {
      id: 'chain-path-length-refused',
      title: 'refuses every intermediate with a path length',
      breaks: 'x509-svid/chain/within-path-length',
      row: 'below',
      judge: shortening((chain) => (chain.some(({ pathLength }) => pathLength !== undefined) ? [] : chain)),
    },
    wronglyRefused,
  ),
  ...inBothRoles({
    id: 'chain-path-length-ignored',
    title: 'does not look at path lengths',
    breaks: 'x509-svid/chain/path-length',
    row: 'below two intermediates, of which the upper leaves no room',
    judge: misreadingBehind(() => ({ pathLength: undefined })),
  }),
  ...inBothRoles({
    id: 'chain-path-length-only-none',
    title: 'heeds a path length only where it leaves no room at all',
    breaks: 'x509-svid/chain/path-length',
    row: 'below three intermediates, of which the highest leaves room for one',
    judge: misreadingBehind(({ pathLength }) => ({ pathLength: pathLength === 0 ? 0 : undefined })),
  }),
  ...inBothRoles({
    id: 'chain-not-after-ignored',
    title: 'does not look at the end of intermediates',
    breaks: 'x509-svid/chain/intermediate-validity',
    row: 'below an intermediate that ended',
    judge: misreadingBehind(() => ({ notAfter: never })),
  }),
  ...inBothRoles({
    id: 'chain-not-before-ignored',
    title: 'does not look at the beginning of intermediates',
    breaks: 'x509-svid/chain/intermediate-validity',
    row: 'below an intermediate that is valid from',
    judge: misreadingBehind(() => ({ notBefore: always })),
  }),
  ...inBothRoles({
    id: 'chain-any-issuer',
    title: 'does not ask whether an issuer is a CA',
    breaks: 'x509-svid/chain/intermediate-not-ca',
    row: 'below an intermediate that is no CA',
    judge: misreadingBehind(() => ({ isCa: true })),
  }),
  ...inBothRoles({
    id: 'chain-name-constraints-ignored',
    title: 'does not know name constraints',
    breaks: 'x509-svid/chain/name-constraints',
    row: 'below an intermediate for the IDs of another trust domain',
    judge: misreadingBehind(() => ({ nameConstraints: undefined })),
  }),
  ...inBothRoles({
    id: 'chain-excluded-names-ignored',
    title: 'knows the names that an intermediate may sign, and not those that it may not',
    breaks: 'x509-svid/chain/name-constraints',
    row: 'below an intermediate that is not for IDs',
    judge: misreadingBehind(({ nameConstraints }) => ({
      nameConstraints: nameConstraints && { ...nameConstraints, excluded: [] },
    })),
  }),
  ...inBothRoles({
    id: 'chain-any-authority-behind',
    title: 'lets the intermediates of every trust domain vouch for its own IDs',
    breaks: 'x509-svid/path/foreign-authority',
    row: 'the right ID below an intermediate of a federated authority',
    judge: trusting(({ bundles }, { length }) =>
      length < 2
        ? bundles
        : new Map([...bundles.keys()].map((trustDomain) => [trustDomain, [...bundles.values()].flat()])),
    ),
  }),
  ...inBothRoles({
    id: 'chain-own-root',
    title: 'trusts the root that a peer brings along',
    breaks: 'x509-svid/chain/unlinked',
    row: 'a chain that brings its own root',
    judge: trusting(({ bundles }, chain) => {
      const brought = chain.slice(1).filter(({ selfIssued }) => selfIssued);
      return new Map([...bundles].map(([trustDomain, authorities]) => [trustDomain, [...authorities, ...brought]]));
    }),
  }),
  ...inBothRoles({
    id: 'chain-known-last',
    title: 'is content when the last certificate of a chain is an authority of the bundle',
    breaks: 'x509-svid/chain/unlinked',
    row: 'a stranger with the names and key identifiers',
    judge: forgiving('unknown-authority', (_leaf, { bundles }, chain) =>
      [...bundles.values()].flat().some(({ fingerprint }) => fingerprint === chain.at(-1)?.fingerprint),
    ),
  }),
];

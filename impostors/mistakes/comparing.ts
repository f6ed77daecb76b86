import { escaped } from '../../src/escaped.ts';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import { asClient, comparing, pathOf, trustDomainOf, underOwnAuthority, type Judge } from '../judges.ts';

const segmentsOf = (id: string) => id.split('/').slice(3);
const lastOf = (id: string) => segmentsOf(id).at(-1) ?? '';
const sameDomain = (one: string, other: string) => trustDomainOf(one) === trustDomainOf(other);
const folded = (id: string) => id.replaceAll(/[^A-Za-z0-9]+/g, '-');
const asVariable = (id: string) => folded(id).replaceAll('-', '_').toUpperCase();

/** SQL's LIKE, with the name that was shown for its pattern. */
const like = (pattern: string, text: string) =>
  new RegExp(`^${escaped(pattern).replaceAll('_', '.').replaceAll('%', '.*')}$`).test(text);

const letters = new Intl.Collator('en', { sensitivity: 'base' });
const wordsAlone = new Intl.Collator('en', { ignorePunctuation: true });

/** Compares trust domains by `same`, paths rightly, and lets its own authorities vouch for both. */
const domains = (same: (own: string, shown: string) => boolean): Judge =>
  underOwnAuthority(
    (allowed, shown) => pathOf(allowed) === pathOf(shown) && same(trustDomainOf(allowed), trustDomainOf(shown)),
  );

/** Nodes that compare IDs as other software compares names. */
export const comparingImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'compare-nothing',
    title: 'lets in whoever has a chain to its bundle',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing(() => true),
    source: 'go-spiffe, tlsconfig.AuthorizeAny',
  }),
  ...inBothRoles({
    id: 'compare-32-bytes',
    title: 'compares the first 32 bytes, which is what its buffer holds',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => allowed.slice(0, 32) === shown.slice(0, 32)),
    source: 'CWE-187',
  }),
  ...inBothRoles({
    id: 'compare-length',
    title: 'refuses where a comparison in constant time throws, which it does for another length alone',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => allowed.length === shown.length && sameDomain(allowed, shown)),
    source: 'Node.js, crypto.timingSafeEqual',
  }),
  ...inBothRoles({
    id: 'compare-shape',
    title: 'checks that an ID has the shape of an allowed one, and not what stands in it',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing(
      (allowed, shown) => sameDomain(allowed, shown) && segmentsOf(allowed).length === segmentsOf(shown).length,
    ),
    source: 'envoyproxy/envoy#9264',
  }),
  ...inBothRoles({
    id: 'compare-first-segment',
    title: 'compares the first segment, as a policy for a namespace does',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => sameDomain(allowed, shown) && segmentsOf(allowed)[0] === segmentsOf(shown)[0]),
    source: 'Istio, AuthorizationPolicy, source.namespaces',
  }),
  ...inBothRoles({
    id: 'compare-without-replica',
    title: 'takes what stands behind the last dash for the number of a replica',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => allowed.replace(/-[^-/]*$/, '') === shown.replace(/-[^-/]*$/, '')),
    source: 'CWE-1023',
  }),
  ...inBothRoles({
    id: 'compare-prefix-with-star',
    title: 'reads the allowed path to its last dash as a prefix, as in /service/assay-*',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: comparing((allowed, shown) => shown.startsWith(allowed.slice(0, allowed.lastIndexOf('-') + 1))),
    source: 'kiali/kiali#5745',
  }),
  ...inBothRoles({
    id: 'compare-in-joined-list',
    title: 'looks for an ID in the text of its list, where a part of an entry is found too',
    breaks: 'mesh/pinning/prefix',
    row: '',
    judge: comparing((allowed, shown) => `,${allowed},`.includes(shown)),
    source: 'CWE-187',
  }),
  ...inBothRoles({
    id: 'compare-ancestors-too',
    title: 'accepts what stands above an allowed ID, as one who may do all that it may',
    breaks: 'mesh/pinning/prefix',
    row: 'its first segment only',
    judge: comparing((allowed, shown) => allowed === shown || allowed.startsWith(`${shown}/`)),
    source: 'SPIFFE-ID §2.2',
  }),
  ...inBothRoles({
    id: 'compare-off-by-one',
    title: 'leaves the last letter out of the comparison',
    breaks: 'mesh/pinning/prefix',
    row: 'all but its last letter',
    judge: comparing((allowed, shown) => allowed.slice(0, -1) === shown.slice(0, allowed.length - 1)),
    source: 'CWE-193',
  }),
  ...inBothRoles({
    id: 'compare-contains',
    title: 'accepts an ID that has an allowed path anywhere in it',
    breaks: 'mesh/pinning/suffix',
    row: 'one more',
    judge: comparing((allowed, shown) => sameDomain(allowed, shown) && shown.includes(pathOf(allowed))),
    source: 'Envoy, type.matcher.v3.StringMatcher, contains',
  }),
  ...inBothRoles({
    id: 'compare-unanchored-pattern',
    title: 'uses an allowed ID as a regular expression without anchors',
    breaks: 'mesh/pinning/suffix',
    row: 'one more',
    judge: comparing((allowed, shown) => new RegExp(allowed).test(shown)),
    source: 'CWE-777',
  }),
  ...inBothRoles({
    id: 'compare-attributes',
    title: 'reads a path as keys and values, and compares those that the allowed one has',
    breaks: 'mesh/pinning/suffix',
    row: 'one more segment',
    judge: comparing((allowed, shown) => {
      const [wanted, found] = [segmentsOf(allowed), segmentsOf(shown)];
      return sameDomain(allowed, shown) && wanted.every((segment, at) => found[at] === segment);
    }),
    source: 'envoyproxy/envoy#3883',
  }),
  ...inBothRoles({
    id: 'compare-last-two',
    title: 'compares the last two segments, whatever stands before them',
    breaks: 'mesh/pinning/suffix',
    row: 'a segment before it',
    judge: comparing(
      (allowed, shown) =>
        sameDomain(allowed, shown) && segmentsOf(allowed).slice(-2).join('/') === segmentsOf(shown).slice(-2).join('/'),
    ),
    source: 'istio/istio#54091',
  }),
  ...inBothRoles({
    id: 'compare-any-order',
    title: 'is content when all segments of an allowed ID are there',
    breaks: 'mesh/pinning/suffix',
    row: 'one more segment',
    judge: comparing(
      (allowed, shown) =>
        sameDomain(allowed, shown) && segmentsOf(allowed).every((segment) => segmentsOf(shown).includes(segment)),
    ),
    source: 'CWE-1023',
  }),
  ...inBothRoles({
    id: 'compare-last-segment',
    title: 'compares the last segment, as a service account without its namespace',
    breaks: 'mesh/pinning/same-name',
    row: 'the same name below another parent',
    judge: comparing((allowed, shown) => sameDomain(allowed, shown) && lastOf(allowed) === lastOf(shown)),
    source: 'istio/api#3340',
  }),
  ...inBothRoles({
    id: 'compare-suffix-with-star',
    title: 'accepts an ID that ends in the name of an allowed one, as in *assay-probe',
    breaks: 'mesh/pinning/same-name',
    row: 'the same name below another parent',
    judge: comparing((allowed, shown) => sameDomain(allowed, shown) && shown.endsWith(lastOf(allowed))),
    source: 'istio/istio#50504',
  }),
  ...inBothRoles({
    id: 'compare-any-parent',
    title: 'has an asterisk in its pattern where the parent of the name stands',
    breaks: 'mesh/pinning/same-name',
    row: 'the same name below another parent',
    judge: comparing((allowed, shown) => {
      const [, ...wanted] = segmentsOf(allowed);
      const [, ...found] = segmentsOf(shown);
      return sameDomain(allowed, shown) && wanted.join('/') === found.join('/');
    }),
    source: 'envoyproxy/gateway#8262',
  }),
  ...inBothRoles({
    id: 'compare-by-collation',
    title: 'compares by the collation of a database, for which case and accents are no difference',
    breaks: 'mesh/pinning/case',
    row: 'another case',
    judge: comparing((allowed, shown) => letters.compare(allowed, shown) === 0),
    source: 'CWE-178',
  }),
  ...inBothRoles({
    id: 'compare-lowered',
    title: 'puts an ID in lower case and takes blanks away before it looks it up',
    breaks: 'mesh/pinning/case',
    row: 'another case',
    judge: comparing((allowed, shown) => allowed === shown.toLowerCase().trim()),
    source: 'spiffe/java-spiffe#53',
  }),
  ...inBothRoles({
    id: 'compare-as-label',
    title: 'compares the labels that it makes of IDs, in which every mark is a dash',
    breaks: 'mesh/pinning/punctuation',
    row: 'an underscore for its dash',
    judge: comparing((allowed, shown) => folded(allowed) === folded(shown)),
    source: 'CWE-180',
  }),
  ...inBothRoles({
    id: 'compare-as-variable',
    title: 'looks IDs up by the names of environment variables that it makes of them',
    breaks: 'mesh/pinning/punctuation',
    row: 'an underscore for its dash',
    judge: comparing((allowed, shown) => asVariable(allowed) === asVariable(shown)),
    source: 'CWE-178',
  }),
  ...inBothRoles({
    id: 'compare-by-like',
    title: "looks IDs up by SQL's LIKE, with the shown one for the pattern",
    breaks: 'mesh/pinning/punctuation',
    row: 'an underscore for its dash',
    judge: comparing((allowed, shown) => like(shown, allowed)),
    source: 'CWE-155',
  }),
  ...inBothRoles({
    id: 'compare-words',
    title: 'compares as people sort words, without their marks',
    breaks: 'mesh/pinning/punctuation',
    row: 'an underscore for its dash',
    judge: comparing((allowed, shown) => wordsAlone.compare(allowed, shown) === 0),
    source: 'ECMA-402, Intl.Collator, ignorePunctuation',
  }),
  ...inBothRoles({
    id: 'compare-federated-alias',
    title: 'takes the trust domains whose bundles it holds for other names of its own',
    breaks: 'mesh/pinning/foreign-domain-known',
    row: 'the same path in a federated trust domain',
    judge: (chain, held, allow, at) =>
      comparing(
        (allowed, shown) =>
          allowed === shown || (held.bundles.has(trustDomainOf(shown)) && pathOf(allowed) === pathOf(shown)),
      )(chain, held, allow, at),
    source: 'istio/istio#44583',
  }),
  ...inBothRoles({
    id: 'compare-domain-skipped',
    title: 'does not validate the trust domain of what its own authority signed',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'a foreign ID signed by our own authority',
    judge: domains(() => true),
    source: 'istio/istio#30349',
  }),
  ...inBothRoles({
    id: 'compare-domain-of-issuer',
    title: 'reads the trust domain from the authority that signed, and the path from the leaf',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'a foreign ID signed by our own authority',
    judge: (chain, held, allow, at) => {
      const [leaf] = chain;
      const issuer = [...held.bundles.values()].flat().find(({ subjectHex }) => subjectHex === leaf?.issuerHex);
      const domain = trustDomainOf(issuer?.uriSans[0] ?? '');
      return underOwnAuthority((allowed, shown) => allowed === `spiffe://${domain}${pathOf(shown)}`)(
        chain,
        held,
        allow,
        at,
      );
    },
    source: 'spiffe/spiffe#42',
  }),
  ...inBothRoles({
    id: 'compare-domain-trailing-dot',
    title: 'takes the dot behind a trust domain away, as behind the name of a host',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'its trust domain with a dot behind it',
    judge: domains((own, shown) => own === shown.replace(/\.$/, '')),
    source: 'openssl/openssl#11560',
  }),
  ...inBothRoles({
    id: 'compare-subdomains',
    title: 'accepts the subdomains of a trust domain with it',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'a subdomain of its trust domain',
    judge: domains((own, shown) => own === shown || shown.endsWith(`.${own}`)),
    source: 'sigstore/fulcio#588',
  }),
  ...inBothRoles({
    id: 'compare-domain-ends',
    title: 'accepts a trust domain that ends in its own, without regard to labels',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'a subdomain of its trust domain',
    judge: domains((own, shown) => shown.endsWith(own)),
    source: 'CWE-1023',
  }),
  ...inBothRoles({
    id: 'compare-domain-contains',
    title: 'accepts a trust domain that has its own anywhere in it',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'its trust domain with a dot behind it',
    judge: domains((own, shown) => shown.includes(own)),
    source: 'sigstore/fulcio#588',
  }),
  ...inBothRoles({
    id: 'compare-domain-begins',
    title: 'accepts a trust domain that begins with its own and a dot',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'its trust domain with ',
    judge: domains((own, shown) => `${shown}.`.startsWith(`${own}.`)),
    source: 'CWE-187',
  }),
  ...inBothRoles({
    id: 'compare-first-label',
    title: 'compares the first label of a trust domain, as of the name of a cluster',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'its trust domain with ',
    judge: domains((own, shown) => own.split('.')[0] === shown.split('.')[0]),
    source: 'CWE-1023',
  }),
  ...inBothRoles({
    id: 'compare-domain-dots-match-all',
    title: 'has the dots of its trust domain in a regular expression as they are',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'its trust domain with a dash for the dot',
    judge: domains((own, shown) => new RegExp(`^${own}$`).test(shown)),
    source: 'CWE-625',
  }),
  ...inBothRoles({
    id: 'compare-cluster-local',
    title: 'reads cluster.local as another name of its own trust domain',
    breaks: 'mesh/pinning/foreign-domain-unknown',
    row: 'its path in cluster.local',
    judge: domains((own, shown) => own === shown || shown === 'cluster.local'),
    source: 'istio/istio#47027',
  }),
  {
    kind: 'node',
    id: 'compare-expected-or-allowed',
    title: 'As client it asks for the expected ID only where that is not on its list',
    breaks: 'mesh/pinning/expected-peer',
    reason: /^NODE as client: spiffe:.*, allowed but not asked for: accepted, wanted refused/,
    source: 'MESH-PIN-03',
    change: {
      judgeServer: (chain, held, allow, expect, at) =>
        comparing((wanted, shown) => wanted === shown)(chain, held, allow.has(expect) ? allow : new Set([expect]), at),
    },
  },
  {
    kind: 'node',
    id: 'compare-expected-kind',
    title: 'As client it accepts an allowed peer of the same kind as the expected one',
    breaks: 'mesh/pinning/expected-peer',
    reason: /^NODE as client: spiffe:.*, allowed but not asked for: accepted, wanted refused/,
    source: 'envoyproxy/gateway#8262',
    change: {
      judgeServer: (chain, held, allow, expect, at) => {
        const kind = [...allow, expect].filter((id) => segmentsOf(id)[0] === segmentsOf(expect)[0]);
        return comparing((wanted, shown) => wanted === shown)(chain, held, new Set(kind), at);
      },
    },
  },
  {
    kind: 'node',
    id: 'compare-expected-first-only',
    title: 'As client it asks its first peer for the expected ID, and those after it for any that is allowed',
    breaks: 'mesh/pinning/expected-peer',
    reason: /^NODE as client: spiffe:.*, allowed but not asked for: accepted, wanted refused/,
    source: 'CWE-303',
    change: expectedOnce(),
  },
];

function expectedOnce() {
  let asked = false;
  return {
    ...asClient(comparing((wanted, shown) => wanted === shown)),
    judgeServer: ((chain, held, allow, expect, at) => {
      const all = asked ? new Set([...allow, expect]) : new Set([expect]);
      asked = true;
      return comparing((wanted, shown) => wanted === shown)(chain, held, all, at);
    }) satisfies NonNullable<ReturnType<typeof asClient>['judgeServer']>,
  };
}

import * as pinning from '../../src/clauses/mesh/pinning.ts';
import { row, uriSans, type IdentityRow } from '../identity/row.ts';

/** A trust domain whose bundle nobody holds. */
export const unknownDomain = 'stranger.mesh';

/** IDs that are nearly the allowed one. */
export const rows = [
  row(pinning.siblingPath, 'a sibling: assay-other', ({ sibling }) => ({ spiffeId: sibling })),
  row(
    pinning.siblingPath,
    'a sibling, with the allowed SVID behind it',
    ({ sibling }) => ({ spiffeId: sibling, behind: 'right-svid' }),
    { beside: 'chain' },
  ),
  row(pinning.siblingPath, 'a sibling, below an intermediate', ({ sibling }) => ({ spiffeId: sibling, below: [{}] }), {
    beside: 'chain',
  }),
  // Who refuses after the handshake has given a ticket before.
  row(pinning.siblingPath, 'a sibling, with the session of the call before', ({ sibling }) => ({ spiffeId: sibling }), {
    resumed: true,
  }),
  row(pinning.prefix, 'its first segment only', ({ id, path }) => ({ spiffeId: id(path.replace(/(?<=.)\/.*$/, '')) })),
  row(pinning.prefix, 'all but its last letter', ({ right }) => ({ spiffeId: right.slice(0, -1) })),
  row(pinning.suffix, 'one more segment', ({ right }) => ({ spiffeId: `${right}/extra` })),
  row(pinning.suffix, 'one more letter', ({ right }) => ({ spiffeId: `${right}s` })),
  row(pinning.suffix, 'a segment before it', ({ id, path }) => ({ spiffeId: id(`/evil${path}`) })),
  row(pinning.sameName, 'the same name below another parent', ({ id, name }) => ({ spiffeId: id(`/other/${name}`) })),
  row(pinning.otherCase, 'another case', ({ id, path, name }) => ({
    spiffeId: id(path.slice(0, -name.length) + capitalized(name)),
  })),
  row(pinning.punctuation, 'an underscore for its dash', ({ id, path }) => ({ spiffeId: id(path.replace('-', '_')) })),
  uriSans(pinning.trailingSlash, 'a trailing slash', ({ right }) => [`${right}/`]),
  row(
    pinning.foreignDomainKnown,
    'the same path in a federated trust domain',
    ({ federatedDomain, path }) => ({ spiffeId: `spiffe://${federatedDomain}${path}` }),
    { signer: 'federated', beside: 'ally' },
  ),
  row(
    pinning.foreignDomainUnknown,
    'the same path in an unknown trust domain',
    ({ path }) => ({ spiffeId: `spiffe://${unknownDomain}${path}` }),
    { signer: 'unknown' },
  ),
  uriSans(pinning.foreignDomainUnknown, 'a foreign ID signed by our own authority', ({ path }) => [
    `spiffe://${unknownDomain}${path}`,
  ]),
  // Signed by our own authority like the one above, and near to our own name: a verifier that trusts every name below its own authority and
  // compares in a lax way is to be caught too.
  likeOwnDomain('its trust domain with a dot behind it', (own) => `${own}.`),
  likeOwnDomain('a subdomain of its trust domain', (own) => `other.${own}`),
  likeOwnDomain('its trust domain with more behind it', (own) => `${own}.other`),
  likeOwnDomain('its trust domain with a dash for the dot', (own) => own.replace('.', '-')),
  likeOwnDomain('its path in cluster.local, which meshes use for their own', () => 'cluster.local'),
];

/** Each of its words with a capital. */
const capitalized = (name: string) =>
  name.replaceAll(/(^|[-_.])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());

function likeOwnDomain(title: string, domain: (own: string) => string): IdentityRow {
  return uriSans(pinning.foreignDomainUnknown, title, ({ trustDomain, path }) => [
    `spiffe://${domain(trustDomain)}${path}`,
  ]);
}

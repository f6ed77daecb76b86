import * as pinning from '../../src/clauses/mesh/pinning.ts';
import { row, uriSans } from '../identity/row.ts';

/** A trust domain whose bundle nobody holds. */
export const unknownDomain = 'stranger.mesh';

/** IDs that are nearly the allowed one. */
export const rows = [
  row(pinning.siblingPath, 'a sibling: /service/assay-other', ({ id }) => ({ spiffeId: id('/service/assay-other') })),
  row(pinning.prefix, 'its first segment only: /service', ({ id }) => ({ spiffeId: id('/service') })),
  row(pinning.prefix, 'all but its last letter', ({ right }) => ({ spiffeId: right.slice(0, -1) })),
  row(pinning.suffix, 'one more segment', ({ right }) => ({ spiffeId: `${right}/extra` })),
  row(pinning.suffix, 'one more letter', ({ right }) => ({ spiffeId: `${right}s` })),
  row(pinning.suffix, 'a segment before it', ({ id, path }) => ({ spiffeId: id(`/evil${path}`) })),
  row(pinning.otherCase, 'another case', ({ id }) => ({ spiffeId: id('/service/Assay-Probe') })),
  uriSans(pinning.trailingSlash, 'a trailing slash', ({ right }) => [`${right}/`]),
  row(
    pinning.foreignDomainKnown,
    'the same path in a federated trust domain',
    ({ federatedDomain, path }) => ({ spiffeId: `spiffe://${federatedDomain}${path}` }),
    { signer: 'federated', besideAlly: true },
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
];

import * as chain from '../../src/clauses/x509-svid/chain.ts';
import { foreignAuthority } from '../../src/clauses/x509-svid/path.ts';
import { row, type IdentityRow, type Level } from '../identity/row.ts';

const hour = 3_600;

const accepted = (
  clause: IdentityRow['clause'],
  title: string,
  odd: IdentityRow['odd'],
  more: Partial<Pick<IdentityRow, 'resumed'>> = {},
): IdentityRow => row(clause, title, odd, { beside: 'chain', expect: 'accepted', ...more });

const refused = (
  clause: IdentityRow['clause'],
  title: string,
  odd: IdentityRow['odd'],
  signer: IdentityRow['signer'] = 'own',
): IdentityRow => row(clause, title, odd, { beside: 'chain', signer });

const below =
  (level: Level): IdentityRow['odd'] =>
  () => ({ below: [level] });

/** What stands behind a leaf: right chains, and chains that are right but for one certificate. */
export const rows = [
  accepted(chain.intermediates, 'below two intermediates', () => ({ below: [{}, {}] })),
  accepted(chain.intermediates, "below an intermediate, with the authority's own certificate behind it", () => ({
    below: [{}],
    behind: 'signer',
  })),
  accepted(chain.intermediates, 'below an intermediate, with the session of the call before', below({}), {
    resumed: true,
  }),
  accepted(chain.withinPathLength, 'below an intermediate that leaves no room for another', below({ pathLength: 0 })),
  accepted(chain.withinPathLength, 'below two intermediates, of which the upper leaves room for one', () => ({
    below: [{ pathLength: 1 }, {}],
  })),
  refused(chain.pathLength, 'below two intermediates, of which the upper leaves no room for another', () => ({
    below: [{ pathLength: 0 }, {}],
  })),
  refused(chain.pathLength, 'below three intermediates, of which the highest leaves room for one', () => ({
    below: [{ pathLength: 1 }, {}, {}],
  })),
  refused(chain.intermediateValidity, 'below an intermediate that ended a minute ago', ({ at }) => ({
    below: [{ notBefore: at(-hour), notAfter: at(-60) }],
  })),
  // Later than the rows may take: one that began meanwhile would be accepted rightly.
  refused(chain.intermediateValidity, 'below an intermediate that is valid from in two minutes', ({ at }) => ({
    below: [{ notBefore: at(120) }],
  })),
  refused(chain.intermediateIsCa, 'below an intermediate that is no CA', below({ isCa: false })),
  refused(chain.intermediateIsCa, "below somebody's SVID", ({ id }) => ({
    below: [{ isCa: false, keyUsage: ['digitalSignature'], spiffeId: id('/service/assay-other') }],
  })),
  // RFC 5280 §6.1.4 (n) has it refused. The library that most TLS in Rust rests on does not look at key usage above the leaf, and says so.
  row(chain.intermediateIsCa, 'below an intermediate whose key may only sign CRLs', below({ keyUsage: ['cRLSign'] }), {
    beside: 'chain',
    expect: 'either',
  }),
  refused(
    chain.nameConstraints,
    'below an intermediate for the IDs of another trust domain',
    below({ nameConstraints: { permitted: ['elsewhere.mesh'] } }),
  ),
  refused(
    chain.nameConstraints,
    'below an intermediate that is not for IDs of this trust domain',
    ({ trustDomain }) => ({
      below: [{ nameConstraints: { excluded: [trustDomain] } }],
    }),
  ),
  // Who does not know constraints on URIs has to refuse all that it meets.
  row(
    chain.nameConstraints,
    'below an intermediate for IDs of this trust domain',
    ({ trustDomain }) => ({ below: [{ nameConstraints: { permitted: [trustDomain] } }] }),
    { beside: 'chain', expect: 'either' },
  ),
  row(foreignAuthority, 'the right ID below an intermediate of a federated authority', below({}), {
    signer: 'federated',
    beside: 'ally-chain',
  }),
  refused(chain.unlinked, 'a chain that brings its own root', () => ({ below: [{}], behind: 'signer' }), 'stranger'),
  refused(
    chain.unlinked,
    'a stranger with the names and key identifiers of a trusted authority, whose certificate stands behind it',
    () => ({ behind: 'own-authority' }),
    'like-own',
  ),
];

import { judgePeer, type PeerJudgement } from '../../mesh/node/peer.ts';
import type { Held } from '../../mesh/node/held.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import { forgiving, remembering, trustDomainOf, trusting, type Judge } from '../judges.ts';

const all = ({ bundles }: Held) => [...bundles.values()].flat();
const ownDomain = ({ spiffeId }: Held) => trustDomainOf(spiffeId);

/** Believes what a leaf says when `vouched` does: nothing else is checked but its name. */
const believing =
  (vouched: (leaf: Certificate, held: Held) => boolean): Judge =>
  (chain, held, allow, at) => {
    const [leaf] = chain;
    const spiffeId = leaf?.uriSans[0] ?? '';
    const believed = leaf !== undefined && vouched(leaf, held) && allow.has(spiffeId) && leaf.uriSans.length === 1;
    return believed ? { ok: true, spiffeId } : judgePeer(chain, held, allow, at);
  };

/** Judges one peer in `many`, and takes the others as they come. */
function sampling(many: number): Judge {
  let met = 0;
  return (chain, held, allow, at) =>
    met++ % many === 0 ? judgePeer(chain, held, allow, at) : { ok: true, spiffeId: chain[0]?.uriSans[0] ?? '' };
}

/** Judges the first so many peers. */
function first(many: number): Judge {
  let met = 0;
  return (chain, held, allow, at) =>
    met++ < many ? judgePeer(chain, held, allow, at) : { ok: true, spiffeId: chain[0]?.uriSans[0] ?? '' };
}

/** Lets each peer have what came of the one before it. */
function late(): Judge {
  let last: PeerJudgement | undefined;
  return (chain, held, allow, at) => {
    const judged = judgePeer(chain, held, allow, at);
    const told = last ?? judged;
    last = judged;
    return told;
  };
}

/** Keeps the verdict on whoever was accepted for a while, and gives it to all who come meanwhile: they share an address. */
function forAWhile(ms: number): Judge {
  let until = 0;
  let kept: PeerJudgement | undefined;
  return (chain, held, allow, at) => {
    if (kept !== undefined && performance.now() < until) return kept;
    const judged = judgePeer(chain, held, allow, at);
    if (judged.ok) [kept, until] = [judged, performance.now() + ms];
    return judged;
  };
}

/** Nodes that believe somebody whom no authority of the right trust domain vouches for. */
export const vouchingImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'vouch-own-when-unknown',
    title: 'lets all its authorities vouch where the right ones do not',
    breaks: 'x509-svid/path/foreign-authority',
    row: 'the right ID signed by a federated authority',
    judge: (chain, held, allow, at) => {
      const judged = judgePeer(chain, held, allow, at);
      const pooled = trusting((own) => new Map([...own.bundles.keys()].map((domain) => [domain, all(own)])));
      return judged.ok ? judged : pooled(chain, held, allow, at);
    },
    source: 'spiffe/go-spiffe#201',
  }),
  ...inBothRoles({
    id: 'vouch-own-for-federated',
    title: 'has the authorities of its own trust domain in the pool of each other one',
    breaks: 'x509-svid/path/foreign-authority',
    row: 'an allowed ID of a federated trust domain, signed by an authority of the own',
    judge: trusting((held) => {
      const own = held.bundles.get(ownDomain(held)) ?? [];
      return new Map([...held.bundles].map(([domain, authorities]) => [domain, [...authorities, ...own]]));
    }),
  }),
  ...inBothRoles({
    id: 'vouch-federated-for-own',
    title: 'has the federated authorities in the pool of its own trust domain',
    breaks: 'x509-svid/path/foreign-authority',
    row: 'the right ID signed by a federated authority',
    judge: trusting((held) => new Map([...held.bundles, [ownDomain(held), all(held)]])),
    source: 'grpc/grpc-go#8180',
  }),
  ...inBothRoles({
    id: 'vouch-by-domain-of-issuer',
    title: 'takes the bundle of the trust domain that signed, and not of the one that is named',
    breaks: 'x509-svid/path/foreign-authority',
    row: 'the right ID signed by a federated authority',
    judge: (chain, held, allow, at) => {
      const issuer = all(held).find(({ subjectHex }) => subjectHex === chain[0]?.issuerHex);
      const authorities = held.bundles.get(trustDomainOf(issuer?.uriSans[0] ?? '')) ?? [];
      return trusting(({ bundles }) => new Map([...bundles, [trustDomainOf(chain[0]?.uriSans[0] ?? ''), authorities]]))(
        chain,
        held,
        allow,
        at,
      );
    },
    source: 'X509-SVID §5.2',
  }),
  ...inBothRoles({
    id: 'vouch-nobody',
    title: 'reads the ID of a certificate and checks no chain',
    breaks: 'spiffe-id/proof/self-signed',
    row: 'self-signed',
    judge: believing(() => true),
    source: 'JuanLunaIA/aegis-latent-core#61',
  }),
  ...inBothRoles({
    id: 'vouch-shown-to-itself',
    title: 'lets a certificate vouch for itself when it says that it may: no CA is among its issuers',
    breaks: 'spiffe-id/proof/self-signed',
    row: 'self-signed',
    judge: believing(({ selfIssued, isCa }) => selfIssued && !isCa),
    source: 'CWE-296',
  }),
  ...inBothRoles({
    id: 'vouch-key-names-itself',
    title: 'takes a certificate whose key identifiers are one for a trusted root',
    breaks: 'spiffe-id/proof/self-signed',
    row: 'self-signed',
    judge: believing(({ subjectKeyId, authorityKeyId }) => subjectKeyId === authorityKeyId),
    source: 'CWE-295',
  }),
  ...inBothRoles({
    id: 'vouch-issuer-of-spire',
    title: 'believes whoever was issued by an O=SPIRE',
    breaks: 'spiffe-id/proof/stranger-authority',
    row: 'a stranger with the names and key identifiers',
    judge: believing(({ issuer }) => issuer.includes('O=SPIRE')),
    source: 'CWE-297',
  }),
  ...inBothRoles({
    id: 'vouch-any-signature-forgiven',
    title: 'takes a chain that ends nowhere for one that it cannot check to the end',
    breaks: 'spiffe-id/proof/stranger-authority',
    row: 'a stranger with the names and key identifiers',
    judge: forgiving('unknown-authority', ({ selfIssued }) => !selfIssued),
    source: 'CVE-2014-0092',
  }),
  ...inBothRoles({
    id: 'vouch-signature-unchecked',
    title: 'takes the proof that a peer has its key for the signature of its authority',
    breaks: 'spiffe-id/proof/id-signed',
    row: 'the right ID in place of the one that was signed',
    judge: believing((leaf, held) => all(held).some(({ subjectHex }) => subjectHex === leaf.issuerHex)),
    source: 'CWE-347',
  }),
  ...inBothRoles({
    id: 'remember-key-signed',
    title: 'remembers that an authority signed, and checks no signature of it again',
    breaks: 'spiffe-id/proof/id-signed',
    row: 'the right ID in place of the one that was signed',
    judge: remembering(({ issuerHex, authorityKeyId, uriSans }) => `${issuerHex} ${authorityKeyId} ${uriSans.join()}`),
    source: 'riebl/vanetza#22',
  }),
  ...inBothRoles({
    id: 'remember-by-id',
    title: 'checks a chain once for each ID, and believes whoever shows that ID afterwards',
    breaks: 'spiffe-id/proof/stranger-authority',
    row: 'a stranger with the names and key identifiers',
    judge: remembering(({ uriSans }) => uriSans.join()),
    source: 'quern-dev/quern#151',
  }),
  ...inBothRoles({
    id: 'remember-by-issuer',
    title: 'checks a chain once for each issuer, by the name of it',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: remembering(({ issuerHex }) => issuerHex),
    source: 'riebl/vanetza#22',
  }),
  ...inBothRoles({
    id: 'remember-by-subject',
    title: 'keeps its verdicts by subject, which is the same for all SVIDs',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: remembering(({ subjectHex }) => subjectHex),
    source: 'spiffe/spire#1793',
  }),
  ...inBothRoles({
    id: 'remember-by-authority-key',
    title: 'keeps its verdicts by the key of the authority',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: remembering(({ authorityKeyId }) => authorityKeyId),
    source: 'wolfSSL/wolfHSM#353',
  }),
  ...inBothRoles({
    id: 'remember-by-trust-domain',
    title: 'keeps its verdicts by trust domain',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: remembering(({ uriSans }) => trustDomainOf(uriSans[0] ?? '')),
    source: 'CWE-1023',
  }),
  ...inBothRoles({
    id: 'remember-by-address',
    title: 'keeps a verdict for half a minute by the address of the peer',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: forAWhile(30_000),
    source: 'CWE-291',
  }),
  ...inBothRoles({
    id: 'remember-last-verdict',
    title: 'gives each peer the verdict on the one before it',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: late(),
    source: 'CWE-366',
  }),
  ...inBothRoles({
    id: 'judge-one-in-fifty',
    title: 'judges one peer in fifty, to save time',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: sampling(50),
    source: 'CWE-295',
  }),
  ...inBothRoles({
    id: 'judge-the-first',
    title: 'judges the first peer that it meets, and no other',
    breaks: 'mesh/pinning/sibling-path',
    row: 'a sibling',
    judge: first(1),
    source: 'golang/go#31641',
  }),
];

import type { Certificate } from '../../src/svid/x509/read.ts';
import type { Held } from '../../mesh/node/held.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import {
  always,
  asClient,
  asServer,
  forgiving,
  misreading,
  never,
  trustDomainOf,
  trusting,
  type Judge,
} from '../judges.ts';

const inTheirDomain = (held: Held, service: string) => `spiffe://${trustDomainOf(held.spiffeId)}/service/${service}`;
const authoritiesFor = (leaf: Certificate, held: Held) => held.bundles.get(trustDomainOf(leaf.uriSans[0] ?? '')) ?? [];
const leewayMs = 300_000;

/** An assertion in the validation of a peer takes the whole process down. */
const dyingOfTwo: Judge = (chain, held, allow, at) => {
  if ((chain[0]?.uriSans.length ?? 0) > 1) {
    console.error('panic: an SVID has exactly one URI SAN');
    process.exit(70);
  }
  return judgePeer(chain, held, allow, at);
};

/** Nodes that read or validate an X.509-SVID in a way of their own. */
export const svidImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'svid-any-authority',
    title: 'lets every authority that it holds vouch for every trust domain',
    breaks: 'x509-svid/path/foreign-authority',
    row: 'the right ID signed by a federated authority',
    judge: trusting(
      ({ bundles }) => new Map([...bundles.keys()].map((trustDomain) => [trustDomain, [...bundles.values()].flat()])),
    ),
    source: 'X509-SVID §5.2',
  }),
  ...inBothRoles({
    id: 'svid-common-name',
    title: 'takes the common name for the ID where there is no URI SAN',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the right ID as CN',
    judge: misreading(({ uriSans, commonName }) => ({
      uriSans: uriSans.length === 0 && commonName !== undefined ? [commonName] : uriSans,
    })),
    source: 'traiana/kafka-spiffe-principal#1',
  }),
  ...inBothRoles({
    id: 'svid-common-name-first',
    title: 'believes the common name before the URI SAN',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the right ID as CN, another as URI SAN',
    judge: misreading(({ uriSans, commonName }) => ({
      uriSans: uriSans.length > 0 && commonName !== undefined ? [commonName] : uriSans,
    })),
    source: 'openservicemesh/osm#5160',
  }),
  ...inBothRoles({
    id: 'svid-dns-name',
    title: 'makes an ID of the DNS SAN where there is no URI SAN',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the service name as DNS SAN and CN',
    judge: misreading(({ uriSans, dnsSans }, _allow, held) => ({
      uriSans: uriSans.length === 0 && dnsSans[0] !== undefined ? [inTheirDomain(held, dnsSans[0])] : uriSans,
    })),
    source: 'envoyproxy/envoy#18259',
  }),
  ...inBothRoles({
    id: 'svid-first-uri',
    title: 'takes the first of several URI SANs',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'the right ID',
    judge: misreading(({ uriSans }) => ({ uriSans: uriSans.slice(0, 1) })),
    source: 'square/keywhiz#697',
  }),
  ...inBothRoles({
    id: 'svid-last-uri',
    title: 'takes the last of several URI SANs',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'another ID first, the right one second',
    judge: misreading(({ uriSans }) => ({ uriSans: uriSans.slice(-1) })),
    source: 'spiffe/spiffe#32',
  }),
  ...inBothRoles({
    id: 'svid-best-uri',
    title: 'is content when any of several URI SANs is allowed',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: '',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.some((uri) => allow.has(uri)) ? uriSans.filter((uri) => allow.has(uri)) : uriSans,
    })),
    source: 'envoyproxy/envoy#9237',
  }),
  ...inBothRoles({
    id: 'svid-other-schemes-dropped',
    title: 'drops URI SANs of other schemes before it counts them',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'the right ID and a URI of another scheme',
    judge: misreading(({ uriSans }) => ({ uriSans: uriSans.filter((uri) => uri.startsWith('spiffe://')) })),
    source: 'grpc/grpc#23295',
  }),
  {
    kind: 'node',
    id: 'svid-dies-of-two-uri-sans-as-server',
    title: 'As server it ends when a client shows two URI SANs',
    breaks: 'x509-svid/leaf/two-uri-sans',
    reason:
      /^NODE as server: .*: the node ended of it, wanted refused \(the node exited with code 70, and did so again/,
    change: asServer(dyingOfTwo),
  },
  {
    kind: 'node',
    id: 'svid-dies-of-two-uri-sans-as-client',
    title: 'As client it ends when a server shows two URI SANs',
    breaks: 'x509-svid/leaf/two-uri-sans',
    reason:
      /^NODE as client: .*: the node ended of it, wanted refused \(the node exited with code 70, and did so again/,
    change: asClient(dyingOfTwo),
  },
  ...inBothRoles({
    id: 'svid-nameless',
    title: 'is content with a chain to the bundle where there is no name',
    breaks: 'x509-svid/leaf/no-uri-san',
    row: 'no SAN at all',
    judge: misreading(({ uriSans, dnsSans, commonName }, allow) => ({
      uriSans: uriSans.length + dnsSans.length === 0 && commonName === undefined ? [...allow].slice(0, 1) : uriSans,
    })),
    source: 'CWE-297',
  }),
  ...inBothRoles({
    id: 'svid-cuts-query',
    title: 'cuts the ID off at the question mark',
    breaks: 'spiffe-id/syntax/id-with-query',
    row: 'a query behind the ID',
    judge: misreading(({ uriSans }) => ({ uriSans: uriSans.map((uri) => uri.split('?')[0]!) })),
    source: 'SPIFFE-ID §2',
  }),
  ...inBothRoles({
    id: 'svid-cuts-fragment',
    title: 'cuts the ID off at the number sign',
    breaks: 'spiffe-id/syntax/id-with-fragment',
    row: 'a fragment behind the ID',
    judge: misreading(({ uriSans }) => ({ uriSans: uriSans.map((uri) => uri.split('#')[0]!) })),
    source: 'SPIFFE-ID §2',
  }),
  ...inBothRoles({
    id: 'svid-drops-port',
    title: 'leaves a port out of the trust domain',
    breaks: 'spiffe-id/syntax/id-with-port',
    row: 'a port in the trust domain',
    judge: misreading(({ uriSans }) => ({
      uriSans: uriSans.map((uri) => uri.replace(/^(spiffe:\/\/[^/:]+):\d+/, '$1')),
    })),
    source: 'SPIFFE-ID §2.1',
  }),
  ...inBothRoles({
    id: 'svid-reads-urls',
    title: 'reads IDs with a URL parser',
    breaks: 'spiffe-id/syntax/id-with-port',
    row: 'a port in the trust domain',
    judge: misreading(({ uriSans }) => ({
      uriSans: uriSans.map((uri) =>
        URL.canParse(uri) ? `spiffe://${new URL(uri).hostname}${new URL(uri).pathname}` : uri,
      ),
    })),
    source: 'spiffe/spiffe#183',
  }),
  ...inBothRoles({
    id: 'svid-drops-user',
    title: 'leaves user information out of the trust domain',
    breaks: 'spiffe-id/syntax/id-with-user',
    row: 'user information before the trust domain',
    judge: misreading(({ uriSans }) => ({
      uriSans: uriSans.map((uri) => uri.replace(/^spiffe:\/\/[^/@]*@/, 'spiffe://')),
    })),
    source: 'SPIFFE-ID §2.1',
  }),
  ...inBothRoles({
    id: 'svid-ca-leaf',
    title: 'accepts a CA certificate as a leaf',
    breaks: 'x509-svid/leaf/ca-as-leaf',
    row: 'a CA certificate with the right ID',
    judge: misreading(() => ({ isCa: false })),
    source: 'X509-SVID §5.2',
  }),
  ...inBothRoles({
    id: 'svid-key-usage-ignored',
    title: 'does not look at key usage',
    breaks: 'x509-svid/leaf/key-usage',
    row: 'a leaf that may sign',
    judge: misreading(() => ({ keyUsage: undefined })),
    source: 'X509-SVID §5.2',
  }),
  ...inBothRoles({
    id: 'svid-crl-sign-ignored',
    title: 'looks for keyCertSign and forgets cRLSign',
    breaks: 'x509-svid/leaf/key-usage',
    row: 'a leaf that may sign CRLs',
    judge: misreading(({ keyUsage }) => ({ keyUsage: keyUsage?.filter((usage) => usage !== 'cRLSign') })),
    source: 'X509-SVID §5.2',
  }),
  ...inBothRoles({
    id: 'svid-not-after-ignored',
    title: 'does not look at notAfter',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: misreading(() => ({ notAfter: never })),
    source: 'Envoy, CertificateValidationContext.allow_expired_certificate',
  }),
  ...inBothRoles({
    id: 'svid-not-after-of-intermediates',
    title: 'looks at notAfter of an intermediate, where there is one, and not at that of the leaf',
    breaks: 'x509-svid/path/expired',
    row: 'expired a minute ago, below an intermediate',
    judge: (chain, ...rest) =>
      misreading((leaf) => ({ notAfter: chain[1]?.isCa === true ? never : leaf.notAfter }))(chain, ...rest),
  }),
  ...inBothRoles({
    id: 'svid-first-uri-below-intermediates',
    title: 'counts the URI SANs of a leaf of an authority only, and takes the first of any other',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'the right ID first, another second, below an intermediate',
    judge: (chain, ...rest) =>
      misreading(({ uriSans }) => ({ uriSans: chain[1]?.isCa === true ? uriSans.slice(0, 1) : uriSans }))(
        chain,
        ...rest,
      ),
  }),
  ...inBothRoles({
    id: 'svid-not-after-of-allies-ignored',
    title: 'does not look at notAfter of an SVID of a federated trust domain',
    breaks: 'x509-svid/path/expired',
    row: 'an allowed ID of a federated trust domain, expired a minute ago',
    judge: misreading(({ notAfter, uriSans }, _allow, held) => ({
      notAfter: trustDomainOf(uriSans[0] ?? '') === trustDomainOf(held.spiffeId) ? notAfter : never,
    })),
  }),
  ...inBothRoles({
    id: 'svid-leeway',
    title: 'gives expired SVIDs five minutes more, for clocks that differ',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: misreading(({ notAfter }) => ({ notAfter: new Date(notAfter.getTime() + leewayMs) })),
    source: 'netty/netty#17277',
  }),
  ...inBothRoles({
    id: 'svid-leeway-of-seconds',
    title: 'gives expired SVIDs five seconds more, for clocks that differ',
    breaks: 'x509-svid/path/expired',
    row: 'expired three seconds ago',
    judge: misreading(({ notAfter }) => ({ notAfter: new Date(notAfter.getTime() + 5_000) })),
    source: 'enfabrica/enkit#160',
  }),
  ...inBothRoles({
    id: 'svid-early-bird',
    title: 'takes SVIDs ten minutes before they begin, for clocks that differ',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from in ten seconds',
    judge: misreading(({ notBefore }) => ({ notBefore: new Date(notBefore.getTime() - 600_000) })),
    source: 'gravitational/teleport#68051',
  }),
  ...inBothRoles({
    id: 'svid-early-bird-of-seconds',
    title: 'takes SVIDs thirty seconds before they begin, for clocks that differ',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from in ten seconds',
    judge: misreading(({ notBefore }) => ({ notBefore: new Date(notBefore.getTime() - 30_000) })),
  }),
  ...inBothRoles({
    id: 'svid-not-before-ignored',
    title: 'does not look at notBefore',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from ',
    judge: misreading(() => ({ notBefore: always })),
    source: 'hashicorp/vault#1035',
  }),
  ...inBothRoles({
    id: 'svid-self-signed',
    title: 'accepts self-signed certificates',
    breaks: 'spiffe-id/proof/self-signed',
    row: 'self-signed',
    judge: forgiving('unknown-authority', ({ selfIssued }) => selfIssued),
    source: 'JuanLunaIA/aegis-latent-core#61',
  }),
  ...inBothRoles({
    id: 'svid-authority-by-name',
    title: 'knows authorities by their name',
    breaks: 'spiffe-id/proof/stranger-authority',
    row: 'a stranger with the names and key identifiers',
    judge: forgiving('unknown-authority', (leaf, held) =>
      authoritiesFor(leaf, held).some(({ subjectHex }) => subjectHex === leaf.issuerHex),
    ),
    source: 'CWE-295',
  }),
  ...inBothRoles({
    id: 'svid-authority-by-key-id',
    title: 'knows authorities by their key identifier',
    breaks: 'spiffe-id/proof/stranger-authority',
    row: 'a stranger with the names and key identifiers',
    judge: forgiving('unknown-authority', (leaf, held) =>
      authoritiesFor(leaf, held).some(
        ({ subjectKeyId }) => subjectKeyId !== undefined && subjectKeyId === leaf.authorityKeyId,
      ),
    ),
    source: 'spiffe/spiffe#42',
  }),
];

import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import { forgiving, misreading, trustDomainOf, type Judge } from '../judges.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import { subjectAltNamesIn } from '../raw-names.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';

const textOf = ({ der }: Certificate) => Buffer.from(der).toString('latin1');
const anyIn = (allow: ReadonlySet<string>, text: string) => [...allow].find((id) => text.includes(id));
const isSpiffe = (uri: string) => uri.startsWith('spiffe://');
const isSerious = (oid: string) => oid.startsWith('2.5.29.');

/** With the names of whoever was accepted last, where a peer has none. */
function withNamesLeftOver(): Judge {
  let left: readonly string[] = [];
  return (chain, held, allow, at) => {
    const judged = misreading(({ uriSans }) => ({ uriSans: uriSans.length > 0 ? uriSans : left }))(
      chain,
      held,
      allow,
      at,
    );
    if (judged.ok) left = [judged.spiffeId];
    return judged;
  };
}

/** Nodes that take from a leaf what it does not say, or overlook what it says. */
export const fieldImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'field-email',
    title: 'reads an ID from an email SAN where there is no URI SAN',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the right ID as an email SAN',
    judge: misreading((leaf) => ({
      uriSans: leaf.uriSans.length > 0 ? leaf.uriSans : subjectAltNamesIn(leaf, ['email']),
    })),
    source: 'envoyproxy/envoy#18259',
  }),
  ...inBothRoles({
    id: 'field-any-san',
    title: 'is content when a SAN of any type is an allowed ID',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the right ID as an email SAN',
    judge: misreading((leaf, allow) => {
      const met = subjectAltNamesIn(leaf, ['email', 'dns', 'uri']).find((name) => allow.has(name));
      return met === undefined ? {} : { uriSans: [met] };
    }),
    source: 'hashicorp/consul#20417',
  }),
  ...inBothRoles({
    id: 'field-joined-text',
    title: 'splits the text of all SANs at commas, where a SAN may have one too',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'a DNS SAN that reads like a list',
    judge: misreading(({ uriSans, dnsSans }) => ({
      uriSans: [...dnsSans.map((name) => `DNS:${name}`), ...uriSans.map((uri) => `URI:${uri}`)]
        .join(', ')
        .split(', ')
        .filter((part) => part.startsWith('URI:'))
        .map((part) => part.slice(4)),
    })),
    source: 'CVE-2021-44532',
  }),
  ...inBothRoles({
    id: 'field-bytes-anywhere',
    title: 'looks for an allowed ID in the bytes of the certificate',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the right ID as CN',
    judge: misreading((leaf, allow) => {
      const met = anyIn(allow, textOf(leaf));
      return met === undefined ? {} : { uriSans: [met] };
    }),
    source: 'HAProxy, ssl_c_der,hex -m sub',
  }),
  ...inBothRoles({
    id: 'field-subject-text',
    title: 'looks for an allowed ID in the printed subject where there is no URI SAN',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the right ID as CN',
    judge: misreading(({ uriSans, subject }, allow) => {
      const met = uriSans.length === 0 ? anyIn(allow, subject) : undefined;
      return met === undefined ? {} : { uriSans: [met] };
    }),
    source: 'CVE-2021-44533',
  }),
  ...inBothRoles({
    id: 'field-common-name-too',
    title: 'tries the common name when the URI SAN is not allowed',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the right ID as CN, another as URI SAN',
    judge: misreading(({ uriSans, commonName }, allow) =>
      commonName !== undefined && uriSans.length > 0 && !uriSans.some((uri) => allow.has(uri))
        ? { uriSans: [commonName] }
        : {},
    ),
    source: 'rsyslog/rsyslog#6613',
  }),
  ...inBothRoles({
    id: 'field-common-name-of-service',
    title: 'makes an ID of the name of a service in CN where there is no URI SAN',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the service name as DNS SAN and CN',
    judge: misreading(({ uriSans, commonName }, _allow, held) =>
      uriSans.length === 0 && commonName !== undefined
        ? { uriSans: [`spiffe://${trustDomainOf(held.spiffeId)}/service/${commonName}`] }
        : {},
    ),
    source: 'OpenVPN/openvpn#1019',
  }),
  ...inBothRoles({
    id: 'field-host-name',
    title: 'makes an ID of a host below its trust domain where there is no URI SAN',
    breaks: 'x509-svid/leaf/name-elsewhere',
    row: 'the service name as DNS SAN and CN',
    judge: misreading(({ uriSans, dnsSans }, _allow, held) => {
      const domain = trustDomainOf(held.spiffeId);
      const host = dnsSans.find((name) => name.endsWith(`.${domain}`));
      return uriSans.length === 0 && host !== undefined
        ? { uriSans: [`spiffe://${domain}/service/${host.slice(0, -domain.length - 1)}`] }
        : {};
    }),
    source: 'spiffe/spire#1795',
  }),
  ...inBothRoles({
    id: 'field-uris-deduplicated',
    title: 'counts URI SANs that are the same as one',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'the right ID twice',
    judge: misreading(({ uriSans }) => ({ uriSans: [...new Set(uriSans)] })),
    source: 'spiffe/spiffe#32',
  }),
  ...inBothRoles({
    id: 'field-last-extension',
    title: 'keeps extensions by their number, so that the last SAN extension counts',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'another ID, and the right one in a second SAN extension',
    judge: misreading((leaf) => ({ uriSans: subjectAltNamesIn(leaf, ['uri'], -1) })),
    source: 'RFC 5280 §4.2',
  }),
  ...inBothRoles({
    id: 'field-uris-as-one-text',
    title: 'looks for an allowed ID in the text of all URI SANs',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: '',
    judge: misreading(({ uriSans }, allow) => {
      const met = uriSans.length > 1 ? anyIn(allow, uriSans.join(',')) : undefined;
      return met === undefined ? {} : { uriSans: [met] };
    }),
    source: 'envoyproxy/envoy#9237',
  }),
  ...inBothRoles({
    id: 'field-one-spiffe-id',
    title: 'counts IDs of its own trust domain, and takes the first where others stand behind it',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'the right ID and a URI of another scheme',
    judge: misreading(({ uriSans }, _allow, held) => ({
      uriSans: uriSans.filter((uri) => trustDomainOf(uri) === trustDomainOf(held.spiffeId) && isSpiffe(uri)),
    })),
    source: 'grpc/grpc#23295',
  }),
  ...inBothRoles({
    id: 'field-two-of-one-domain',
    title: 'takes the first of several IDs when all are of one trust domain',
    breaks: 'x509-svid/leaf/two-uri-sans',
    row: 'the right ID first, another second',
    judge: misreading(({ uriSans }) =>
      new Set(uriSans.map(trustDomainOf)).size === 1 ? { uriSans: uriSans.slice(0, 1) } : {},
    ),
    source: 'envoyproxy/envoy#14884',
  }),
  ...inBothRoles({
    id: 'field-name-left-over',
    title: 'takes the ID of the last peer that it accepted where a peer has none',
    breaks: 'x509-svid/leaf/no-uri-san',
    row: 'no SAN at all',
    judge: withNamesLeftOver(),
    source: 'CWE-665',
  }),
  ...inBothRoles({
    id: 'field-nameless-not-validated',
    title: 'validates no certificate that has no SPIFFE ID, as one of another mesh',
    breaks: 'x509-svid/leaf/no-uri-san',
    row: 'no SAN at all',
    judge: (chain, held, allow, at) =>
      chain[0]?.uriSans.some(isSpiffe) === false
        ? { ok: true, spiffeId: [...allow][0] ?? '' }
        : judgePeer(chain, held, allow, at),
    source: 'confluentinc/rest-utils#728',
  }),
  ...inBothRoles({
    id: 'field-nameless-of-issuer',
    title: 'takes a certificate without a name for a peer when it is of SPIRE',
    breaks: 'x509-svid/leaf/no-uri-san',
    row: 'no SAN at all',
    judge: misreading(({ uriSans, dnsSans, subject }, allow) =>
      uriSans.length + dnsSans.length === 0 && subject === 'C=US, O=SPIRE' ? { uriSans: [...allow].slice(0, 1) } : {},
    ),
    source: 'CWE-1390',
  }),
  ...inBothRoles({
    id: 'field-ca-that-signs',
    title: 'counts as a CA what may sign certificates, whatever its basic constraints say',
    breaks: 'x509-svid/leaf/ca-as-leaf',
    row: 'a CA certificate with the right ID',
    judge: misreading(({ keyUsage }) => ({ isCa: keyUsage?.includes('keyCertSign') === true })),
    source: 'X509-SVID §5.2',
  }),
  ...inBothRoles({
    id: 'field-ca-that-is-root',
    title: 'counts as a CA what issued itself',
    breaks: 'x509-svid/leaf/ca-as-leaf',
    row: 'a CA certificate with the right ID',
    judge: misreading(({ isCa, selfIssued }) => ({ isCa: isCa && selfIssued })),
    source: 'X509-SVID §3.2',
  }),
  ...inBothRoles({
    id: 'field-ca-with-path-length',
    title: 'counts as a CA what has a path length',
    breaks: 'x509-svid/leaf/ca-as-leaf',
    row: 'a CA certificate with the right ID',
    judge: misreading(({ isCa, pathLength }) => ({ isCa: isCa && pathLength !== undefined })),
    source: 'RFC 5280 §4.2.1.9',
  }),
  ...inBothRoles({
    id: 'field-usage-contains-signature',
    title: 'is content with a key usage that has digitalSignature in it',
    breaks: 'x509-svid/leaf/key-usage',
    row: 'a leaf that may sign',
    judge: misreading(({ keyUsage }) => (keyUsage?.includes('digitalSignature') ? { keyUsage: undefined } : {})),
    source: 'X509-SVID §4.3',
  }),
  ...inBothRoles({
    id: 'field-usage-of-cas',
    title: 'minds the right to sign certificates where a certificate is a CA',
    breaks: 'x509-svid/leaf/key-usage',
    row: 'a leaf that may sign',
    judge: misreading(({ keyUsage, isCa }) =>
      isCa ? {} : { keyUsage: keyUsage?.filter((one) => !/Sign$/.test(one)) },
    ),
    source: 'CVE-2002-0862',
  }),
  ...inBothRoles({
    id: 'field-usage-critical-only',
    title: 'heeds a key usage that is critical, and overlooks one that is not',
    breaks: 'x509-svid/leaf/key-usage',
    row: 'a leaf that may sign certificates, says an extension that is not critical',
    judge: misreading(({ extensions }) =>
      extensions.some(({ oid, critical }) => oid === '2.5.29.15' && critical) ? {} : { keyUsage: undefined },
    ),
    source: 'RFC 5280 §4.2',
  }),
  ...inBothRoles({
    id: 'field-critical-ignored',
    title: 'ignores critical extensions that it does not know',
    breaks: 'x509-svid/path/critical-extension',
    row: 'a critical extension that nobody knows',
    judge: misreading(({ extensions }) => ({
      extensions: extensions.map((extension) => ({ ...extension, critical: false })),
    })),
    source: 'microsoft/msix-packaging#475',
  }),
  ...inBothRoles({
    id: 'field-critical-of-companies',
    title: 'minds the critical extensions of the standard, and lets those of companies pass',
    breaks: 'x509-svid/path/critical-extension',
    row: 'a critical extension that nobody knows',
    judge: misreading(({ extensions }) => ({ extensions: extensions.filter(({ oid }) => isSerious(oid)) })),
    source: 'base/nitro-validator#43',
  }),
  ...inBothRoles({
    id: 'field-critical-forgiven',
    title: 'lets a certificate pass whose only fault is an extension that it does not know',
    breaks: 'x509-svid/path/critical-extension',
    row: 'a critical extension that nobody knows',
    judge: forgiving('bad-chain', ({ unreadable }) => unreadable.length === 0),
    source: 'inclavare-containers/rats-tls#150',
  }),
];

import type { ClauseId } from '../../src/clauses/catalogue.ts';
import type { ImpostorTool } from '../impostor.ts';

/** The node in Rust with one mistake, as flaw.rs beside it tells them. */
function flawed(flaw: string, title: string, breaks: ClauseId, reason: RegExp, source?: string): ImpostorTool {
  const args = ['--flaw', flaw];
  const id = `rustls-${flaw}`;
  return { kind: 'program', id, title, breaks, reason, ...(source && { source }), tool: 'assay-rust-node', args };
}

/** Accepted where a row, of which this is the beginning of the title, has to be refused; in either role. */
const accepts = (row: string) => new RegExp(`^NODE as (?:server|client): ${row}.*: accepted, wanted refused`);

/** Mistakes that are made in rustls, some of which Node's TLS does not let anybody make. */
export const rustlsImpostors: readonly ImpostorTool[] = [
  flawed(
    'default-versions',
    'Its versions are those that rustls speaks by default, which begin with TLS 1.2',
    'mesh/tls/version-as-server',
    accepts('TLS 1\\.[02]'),
  ),
  flawed(
    'anonymous-clients',
    'Its verifier of clients says that no certificate is mandatory',
    'mesh/tls/client-certificate-required',
    accepts('an empty certificate list'),
  ),
  flawed(
    'early-data',
    'Its max_early_data_size is not zero',
    'mesh/tls/no-early-data',
    /^NODE: its session tickets allow 16384 bytes of early data/,
  ),
  flawed(
    'default-resumption',
    'It resumes sessions as rustls does by default, which asks no verifier then',
    'mesh/tls/ticket-not-past-svid',
    /^NODE: its session, after its end: accepted, wanted refused/,
    'rustls/rustls#2361',
  ),
  flawed(
    'trust-domain-only',
    'It takes SpiffeId::is_member_of for authorisation',
    'mesh/pinning/sibling-path',
    accepts('a sibling'),
  ),
  flawed('prefix-match', 'It takes starts_with for authorisation', 'mesh/pinning/suffix', accepts('one more')),
  flawed(
    'path-only',
    'It compares the paths of IDs and not their trust domains',
    'mesh/pinning/foreign-domain-known',
    accepts('the same path in a federated trust domain'),
  ),
  flawed(
    'expect-ignored',
    'As client it verifies a server as it verifies clients: any allowed one will do',
    'mesh/pinning/expected-peer',
    accepts('spiffe:.*, allowed but not asked for'),
  ),
  ...(['server', 'client'] as const).map((role) =>
    flawed(
      `skip-signature-as-${role}`,
      `As ${role} it asserts the signature of the handshake without a look at it`,
      'mesh/pinning/key-possession',
      new RegExp(`^NODE as ${role}: the right SVID, with another key of the same kind: accepted, wanted refused`),
      'anza-xyz/agave#1641',
    ),
  ),
  flawed(
    'one-root-store',
    'It pours the bundles of all trust domains into one RootCertStore',
    'x509-svid/path/foreign-authority',
    accepts('the right ID signed by a federated authority'),
  ),
  flawed(
    'expired-forgiven',
    'It lets one error of webpki pass, that the certificate has expired',
    'x509-svid/path/expired',
    accepts('expired'),
    'briansmith/webpki#76',
  ),
  flawed(
    'no-chain-time',
    'It verifies a path at the beginning of its leaf, not now',
    'x509-svid/path/not-yet-valid',
    accepts('valid from'),
  ),
  flawed(
    'common-name',
    'It takes the common name for the ID where there is no URI SAN',
    'x509-svid/leaf/name-elsewhere',
    accepts('the right ID as CN'),
  ),
  flawed(
    'any-uri-san',
    'It is content when any of several URI SANs is allowed',
    'x509-svid/leaf/two-uri-sans',
    accepts(''),
  ),
  flawed(
    'first-uri-san',
    'It takes the first URI among the general names and looks no further',
    'x509-svid/leaf/two-uri-sans',
    accepts(''),
  ),
  flawed(
    'no-key-usage',
    'It leaves key usage to webpki, which does not look at it',
    'x509-svid/leaf/key-usage',
    accepts('a leaf that may sign'),
  ),
  flawed(
    'http-uri',
    'It reads IDs as http::Uri, which forgets a fragment',
    'spiffe-id/syntax/id-with-fragment',
    accepts('a fragment behind the ID'),
  ),
  flawed(
    'first-svid',
    'It holds its first SVID by with_single_cert',
    'mesh/rotation/new-svid-presented',
    /^NODE as (server|client) still showed SVID .* after its agent had delivered/,
  ),
  flawed(
    'first-bundle',
    'Its verifier is built once, with the roots of the start',
    'mesh/rotation/requests-survive',
    /requests failed; the first /,
  ),
  flawed(
    'roots-only-added',
    'It adds roots to its RootCertStore at each update, and has no way to take one out',
    'mesh/rotation/revoked-authority-refused',
    accepts('the same (?:SVID|server), after the revocation'),
  ),
];

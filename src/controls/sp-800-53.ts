import { authoritiesOutside, foreignDomains, resemblingIds, strangersThroughout } from './clause-groups.ts';
import { control, line, type Framework } from './framework.ts';

/** Numbers and titles as NIST's OSCAL catalogue of release 5.1.1 has them. */
export const sp80053: Framework = {
  id: 'sp-800-53',
  title: 'NIST SP 800-53, Security and Privacy Controls for Information Systems and Organizations',
  version: 'Revision 5, release 5.1.1',
  source: 'https://doi.org/10.6028/NIST.SP.800-53r5',
  oscalCatalogue:
    'https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json',
  scope:
    'A control here is about a whole system and its organization. A clause sees what the mesh does between services, and nothing of policies, people or other parts of the system.',
  controls: [
    control('ac-3', 'AC-3', 'Access Enforcement', [
      line('Who is approved gets in.', 'mesh/pinning/exact-id'),
      line('An identity that resembles an approved one, and is not it, gets no access.', ...resemblingIds),
      line(
        'The same authorizations are enforced while SVIDs and authorities are replaced, while the agent is away, and when a service comes back from a restart or a pause.',
        ...strangersThroughout,
      ),
    ]),
    control('ac-4', 'AC-4', 'Information Flow Enforcement', [
      line(
        'Nothing flows between a service and a workload of another trust domain, federated or not, that nobody approved.',
        ...foreignDomains,
      ),
    ]),
    control('au-3', 'AU-3', 'Content of Audit Records', [
      line(
        'A record of an attempt to join says when it was, from which address, and how it ended.',
        'mesh/tokens/audit-log',
      ),
    ]),
    control('au-12', 'AU-12', 'Audit Record Generation', [
      line('Each attempt to join, good or not, has a record of its own.', 'mesh/tokens/audit-log'),
    ]),
    control('cm-6', 'CM-6', 'Configuration Settings', [
      line(
        'A listener of SPIRE behaves as the TLS settings that are declared for it say.',
        'mesh/planes/spire-server',
        'mesh/planes/bundle-endpoint',
        'mesh/planes/require-pq-kem',
      ),
      line('Join tokens are made with a life that the policy of the mesh allows.', 'mesh/tokens/policy-ttl'),
    ]),
    control('cm-7', 'CM-7', 'Least Functionality', [
      line('The port of the mesh serves no protocol without TLS.', 'mesh/tls/plaintext-refused'),
      line('Metrics, which have no TLS, cannot be reached from the network.', 'mesh/planes/metrics-loopback'),
    ]),
    control('cp-10', 'CP-10', 'System Recovery and Reconstitution', [
      line(
        'After the SPIRE server was cut off, was killed or hung, SVIDs, and traffic where it had stopped, are back within a bound.',
        'mesh/partition/short-recovers',
        'mesh/partition/long-recovers',
        'mesh/outage/recovers',
      ),
      line(
        'After its agent was restarted, a node takes up new SVIDs within a bound.',
        'mesh/node/reconnects-to-workload-api',
      ),
      line(
        'After a service was restarted or paused, it lets its callers in again within a bound, as itself.',
        'mesh/restart/comes-back',
        'mesh/pause/comes-back',
      ),
    ]),
    control('ia-3', 'IA-3', 'Device Identification and Authentication', [
      line('The agent of a host is admitted by a join token that is good.', 'mesh/tokens/attests-within-ttl'),
      line(
        'No agent is admitted by a join token that is too old, was used before, or is that of another agent.',
        'mesh/tokens/expired-refused',
        'mesh/tokens/single-use',
        'mesh/tokens/race-one-winner',
        'mesh/tokens/stays-used',
        'mesh/tokens/own-agent',
      ),
    ]),
    control('ia-5', 'IA-5', 'Authenticator Management', [
      line(
        'Who is handed the SVID of an agent has shown the token that was made for that agent (part a).',
        'mesh/tokens/own-agent',
      ),
      line(
        'SVIDs and their keys are replaced, again and again (part f).',
        'mesh/rotation/new-svid-presented',
        'mesh/rotation/fresh-key',
      ),
      line(
        'Join tokens and private keys do not stand in what the run wrote down (part g).',
        'mesh/tokens/not-in-our-logs',
      ),
    ]),
    control('ia-5.2', 'IA-5(2)', 'Public Key-based Authentication', [
      line(
        'A certificate is taken with a path to an authority of the bundle that holds, and with nothing less: time, signatures, constraints and extensions (part b, 1).',
        'x509-svid/path/*',
        'x509-svid/chain/*',
        'spiffe-id/proof/*',
      ),
      line(
        'A path to an authority that was revoked is taken no more (part b, 1).',
        'mesh/rotation/revoked-authority-refused',
      ),
    ]),
    control('ia-9', 'IA-9', 'Service Identification and Authentication', [
      line(
        'Both services show who they are before any data of the application is exchanged.',
        'mesh/tls/client-certificate-required',
        'mesh/tls/client-presents-svid',
        'mesh/tls/server-presents-svid',
        'workload-api/x509-svid/intermediates-sent',
      ),
      line('A service that calls another one takes no third for it.', 'mesh/pinning/expected-peer'),
      line('Who shows an SVID has to hold its key.', 'mesh/pinning/key-possession'),
      line(
        'A service is identified by the one SPIFFE ID of a leaf that may be one, and by no other field.',
        'x509-svid/leaf/*',
      ),
      line('The certificate that a service shows says who it is, and no more than it may.', 'x509-svid/shown/*'),
      line('What is no SPIFFE ID, or another spelling of one, identifies nobody.', 'spiffe-id/syntax/*'),
      line('An ID counts only where an authority of the mesh has signed it.', 'spiffe-id/proof/*'),
    ]),
    control('sc-5', 'SC-5', 'Denial-of-service Protection', [
      line(
        'Wrong certificates, broken connections and some hundred of them at once neither end a node nor shut right callers out.',
        'mesh/node/stays-alive',
        'mesh/node/many-connections',
      ),
    ]),
    control('sc-8', 'SC-8', 'Transmission Confidentiality and Integrity', [
      line('A node sends nothing of the mesh without TLS.', 'mesh/tls/plaintext-refused'),
      line('What SPIRE serves without TLS does not leave the host.', 'mesh/planes/metrics-loopback'),
    ]),
    control('sc-8.1', 'SC-8(1)', 'Cryptographic Protection', [
      line(
        'Services exchange data by TLS 1.3 with strong suites only.',
        'mesh/tls/version-as-server',
        'mesh/tls/version-as-client',
        'mesh/tls/aead-only',
        'mesh/tls/plaintext-refused',
      ),
      line(
        'The control plane negotiates no TLS version but those that are declared for it.',
        'mesh/planes/spire-server',
        'mesh/planes/bundle-endpoint',
      ),
    ]),
    control('sc-12', 'SC-12', 'Cryptographic Key Establishment and Management', [
      line(
        'Each new SVID has a new key, and a node shows it soon.',
        'mesh/rotation/new-svid-presented',
        'mesh/rotation/fresh-key',
      ),
      line(
        'A new authority is distributed before it is used, and a revoked one is given up.',
        'mesh/rotation/authority-known-before-use',
        'mesh/rotation/bundle-taken-up',
        'mesh/rotation/revoked-authority-refused',
      ),
    ]),
    control('sc-13', 'SC-13', 'Cryptographic Protection', [
      line(
        'No cryptography is negotiated but that which was chosen, as far as others were tried.',
        'mesh/tls/aead-only',
        'mesh/planes/require-pq-kem',
      ),
    ]),
    control('sc-17', 'SC-17', 'Public Key Infrastructure Certificates', [
      line('Only the authorities of the bundle are trust anchors (part b).', ...authoritiesOutside),
      line(
        'A trust anchor is one from when the bundle has it, and until it is revoked (part b).',
        'mesh/rotation/bundle-taken-up',
        'mesh/rotation/revoked-authority-refused',
      ),
    ]),
    control('sc-23', 'SC-23', 'Session Authenticity', [
      line('No request can be replayed before an identity was checked.', 'mesh/tls/no-early-data'),
      line(
        'A session is not resumed past the identity, or the authority, that it was opened with.',
        'mesh/tls/ticket-not-past-svid',
        'mesh/rotation/ticket-not-past-authority',
      ),
    ]),
    control('sc-23.5', 'SC-23(5)', 'Allowed Certificate Authorities', [
      line(
        'A session is opened by no certificate of another authority than those of the bundle.',
        ...authoritiesOutside,
        'mesh/rotation/revoked-authority-refused',
      ),
    ]),
    control('sc-24', 'SC-24', 'Fail in Known State', [
      line(
        'Where SVIDs cannot be renewed and have ended, no connection is made with them.',
        'mesh/partition/long-fails-closed',
      ),
      line(
        'Where its agent fails, a node lets nobody in whom it would refuse otherwise.',
        'mesh/node/strangers-refused-without-agent',
      ),
      line(
        'While a service starts, or goes on after a pause, it lets nobody in whom it would refuse otherwise.',
        'mesh/restart/strangers-refused',
        'mesh/pause/strangers-refused',
      ),
    ]),
  ],
};

import { foreignDomains, resemblingIds, strangersThroughout } from './clause-groups.ts';
import { control, line, type Framework } from './framework.ts';

export const pciDss: Framework = {
  id: 'pci-dss',
  title: 'PCI DSS, Payment Card Industry Data Security Standard',
  version: '4.0.1',
  source: 'https://www.pcisecuritystandards.org/document_library/',
  scope:
    'It applies to a mesh that is a system component of a cardholder data environment; 4.2.1 only where the mesh carries account data over an open, public network.',
  controls: [
    control(
      'requirement-4.2.1',
      'Requirement 4.2.1',
      'Strong cryptography and security protocols are implemented to safeguard PAN during transmission over open, public networks',
      [
        line(
          'Only a secure version with strong suites is spoken, without a fall back.',
          'mesh/tls/version-as-server',
          'mesh/tls/version-as-client',
          'mesh/tls/aead-only',
          'mesh/tls/plaintext-refused',
        ),
        line(
          'Only certificates of trusted authorities are accepted.',
          'x509-svid/path/foreign-authority',
          'x509-svid/chain/unlinked',
          'spiffe-id/proof/*',
          'mesh/pinning/key-possession',
        ),
        line(
          'A certificate that has ended, or whose authority was revoked, is not accepted.',
          'x509-svid/path/expired',
          'x509-svid/path/not-yet-valid',
          'x509-svid/chain/intermediate-validity',
          'mesh/rotation/revoked-authority-refused',
        ),
      ],
    ),
    control('requirement-7.3.3', 'Requirement 7.3.3', 'The access control system(s) is set to “deny all” by default', [
      line(
        'Who is not on the list of a service is refused, however close the name.',
        ...resemblingIds,
        ...foreignDomains,
        'mesh/tls/client-certificate-required',
      ),
      line(
        'It is refused also while SVIDs and authorities are replaced, while the agent is away, and when a service comes back from a restart or a pause.',
        ...strangersThroughout,
      ),
    ]),
    control('requirement-10.2.1.4', 'Requirement 10.2.1.4', 'Audit logs capture all invalid logical access attempts', [
      line('Each refused attempt to join the mesh has a record of its own.', 'mesh/tokens/audit-log'),
    ]),
  ],
};

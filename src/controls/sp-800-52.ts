import { control, line, type Framework } from './framework.ts';

// A peer is shown to a node in both roles: what it refuses as a server is section 3.5, as a client 4.5.
const validated = [
  line(
    'A certificate of the peer is taken with a path to a trust anchor that holds, and with nothing less.',
    'x509-svid/path/*',
    'x509-svid/chain/*',
    'spiffe-id/proof/*',
  ),
  line('What may not be a leaf, or has no identity, authenticates nobody.', 'x509-svid/leaf/*'),
  line('An SVID without its key authenticates nobody.', 'mesh/pinning/key-possession'),
] as const;

export const sp80052: Framework = {
  id: 'sp-800-52',
  title:
    'NIST SP 800-52, Guidelines for the Selection, Configuration, and Use of Transport Layer Security (TLS) Implementations',
  version: 'Revision 2',
  source: 'https://doi.org/10.6028/NIST.SP.800-52r2',
  scope:
    'Sections 3 (servers) and 4 (clients) ask for more than a handshake shows: validated modules, key sizes, revocation, extensions.',
  controls: [
    control('section-3.1', 'Section 3.1', 'Protocol Version Support', [
      line(
        'A node that is called speaks TLS 1.3 and none of the versions that the section rules out. It refuses TLS 1.2 too, which may be switched off where nobody needs it.',
        'mesh/tls/version-as-server',
      ),
      line(
        'The listeners of SPIRE negotiate the versions that are declared for them, and no others.',
        'mesh/planes/spire-server',
        'mesh/planes/bundle-endpoint',
      ),
    ]),
    control('section-3.3.1', 'Section 3.3.1', 'Cipher Suites', [
      line(
        'Weak suites are not negotiated. The check is stricter than the section, which lets AES-128-CCM-8 stand.',
        'mesh/tls/aead-only',
      ),
    ]),
    control('section-3.5', 'Section 3.5', 'Client Authentication', [
      line('A client without a certificate gets no data.', 'mesh/tls/client-certificate-required'),
      ...validated,
    ]),
    control('section-3.6', 'Section 3.6', 'Session Resumption and Early Data', [
      line('No early data is taken.', 'mesh/tls/no-early-data'),
      line(
        'A session is not resumed past the certificate, or the authority, that it was opened with.',
        'mesh/tls/ticket-not-past-svid',
        'mesh/rotation/ticket-not-past-authority',
      ),
    ]),
    control('section-4.1', 'Section 4.1', 'Protocol Version Support', [
      line(
        'A node that calls speaks TLS 1.3 and is not talked down to an older version.',
        'mesh/tls/version-as-client',
      ),
    ]),
    control('section-4.5', 'Section 4.5', 'Server Authentication', [
      line('The server has to be the one that was asked for.', 'mesh/pinning/expected-peer'),
      ...validated,
    ]),
  ],
};

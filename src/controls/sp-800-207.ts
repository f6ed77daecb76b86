import { control, line, type Framework } from './framework.ts';

/** The tenets of section 2.1, which have numbers and no titles: what stands as title is the tenet itself. */
export const sp800207: Framework = {
  id: 'sp-800-207',
  title: 'NIST SP 800-207, Zero Trust Architecture',
  version: 'August 2020',
  source: 'https://doi.org/10.6028/NIST.SP.800-207',
  scope:
    'A tenet is about all resources of an enterprise. A clause sees the services of one mesh, and how they decide about each other.',
  controls: [
    control('tenet-2', 'Tenet 2', 'All communication is secured regardless of network location', [
      line(
        'Services speak TLS 1.3 with strong suites, and nothing without it, even where they are neighbours on one host.',
        'mesh/tls/version-as-server',
        'mesh/tls/version-as-client',
        'mesh/tls/aead-only',
        'mesh/tls/plaintext-refused',
      ),
      line(
        'So do the listeners of SPIRE, by the policy that is declared for each; what has no TLS stays on its host.',
        'mesh/planes/*',
      ),
    ]),
    control('tenet-3', 'Tenet 3', 'Access to individual enterprise resources is granted on a per-session basis', [
      line(
        'An identity that has ended opens no further session, not by resuming an earlier one either.',
        'x509-svid/path/expired',
        'mesh/partition/long-fails-closed',
        'mesh/tls/ticket-not-past-svid',
        'mesh/rotation/ticket-not-past-authority',
      ),
      line('That one service was let in does not let in another in its place.', 'mesh/pinning/expected-peer'),
    ]),
    control(
      'tenet-6',
      'Tenet 6',
      'All resource authentication and authorization are dynamic and strictly enforced before access is allowed',
      [
        line(
          'A service answers to whom it has authenticated, and to nobody else.',
          'mesh/tls/client-certificate-required',
          'mesh/tls/no-early-data',
          'x509-svid/*',
          'spiffe-id/*',
        ),
        line('It answers only to whom it is to let in, by the exact ID.', 'mesh/pinning/*'),
        line(
          'It goes on so while identities and authorities change, and while its agent is away.',
          'mesh/rotation/strangers-refused',
          'mesh/rotation/bundle-taken-up',
          'mesh/rotation/revoked-authority-refused',
          'mesh/node/strangers-refused-without-agent',
        ),
        line(
          'An agent joins only by a token that is its own, fresh and unused.',
          'mesh/tokens/expired-refused',
          'mesh/tokens/single-use',
          'mesh/tokens/race-one-winner',
          'mesh/tokens/stays-used',
          'mesh/tokens/own-agent',
        ),
      ],
    ),
    control(
      'tenet-7',
      'Tenet 7',
      'The enterprise collects as much information as possible about the current state of assets, network infrastructure and communications and uses it to improve its security posture',
      [line('Each attempt to join the mesh is there to be collected.', 'mesh/tokens/audit-log')],
    ),
  ],
};

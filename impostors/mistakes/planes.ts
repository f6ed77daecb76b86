import type { Impostor } from '../impostor.ts';

/** SPIRE's own listeners, less careful than declared. */
export const planeImpostors: readonly Impostor[] = [
  {
    kind: 'spire-server',
    id: 'spire-port-old-tls',
    title: "A front before the SPIRE server's port still speaks TLS 1.0 and 1.1",
    breaks: 'mesh/planes/spire-server',
    reason: /^spire-server .*: speaks TLSv1\.1, TLSv1, declared is tls1\.2-or-newer/,
  },
  {
    kind: 'deployment',
    id: 'spire-1.2-where-1.3-declared',
    title: 'SPIRE 1.15.3 with require_pq_kem on, which still speaks TLS 1.2',
    breaks: 'mesh/planes/spire-server',
    reason: /^spire-server .*: speaks TLSv1\.2, declared is tls1\.3-only/,
    deployment: { requirePqKem: true },
  },
  {
    kind: 'spire-server',
    id: 'bundle-endpoint-old-tls',
    title: 'A front before the bundle endpoint still speaks TLS 1.0 and 1.1',
    breaks: 'mesh/planes/bundle-endpoint',
    reason: /^bundle-endpoint .*: speaks TLSv1\.1, TLSv1, declared is tls1\.2-or-newer/,
  },
  {
    kind: 'spire-server',
    id: 'spire-later-without-pq',
    title: 'A SPIRE later than 1.15.3 that still does not heed require_pq_kem',
    breaks: 'mesh/planes/require-pq-kem',
    reason:
      /^spire-server .*: require_pq_kem is on, yet (?=.*TLS 1\.2)(?=.*X25519 alone)(?=.*P-256 alone)(?=.*P-521 alone).* was accepted/,
  },
  {
    kind: 'port',
    id: 'port-keeps-p521',
    title: 'A port whose list of key exchanges still has the largest curve on it',
    breaks: 'mesh/planes/require-pq-kem',
    reason: /^spire-server .*: require_pq_kem is on, yet P-521 alone was accepted$/,
    groups: 'X25519MLKEM768:P-521',
  },
  {
    kind: 'port',
    id: 'port-keeps-finite-fields',
    title: 'A port without classical curves that still takes a finite field',
    breaks: 'mesh/planes/require-pq-kem',
    reason: /^spire-server .*: require_pq_kem is on, yet ffdhe3072 alone was accepted$/,
    groups: 'X25519MLKEM768:ffdhe3072',
  },
  {
    kind: 'port',
    id: 'port-of-somebody-else',
    title: "Where the SPIRE server should listen stands somebody else, who keeps that one's promise",
    breaks: 'mesh/planes/require-pq-kem',
    verdict: 'inconclusive',
    reason:
      /^spire-server .*: whoever took the control, X25519MLKEM768, did not prove to be it: it is the SVID of .*probe/,
    shows: 'spiffe://port.mesh/probe-of-somebody',
  },
  {
    kind: 'spire-server',
    id: 'spire-metrics-everywhere',
    title: "The SPIRE server's metrics are bound to every address",
    breaks: 'mesh/planes/metrics-loopback',
    reason: /plaintext metrics are bound to (0\.0\.0\.0|0000:0000:0000:0000:0000:0000:0000:0000)/,
  },
  {
    kind: 'spire-agent',
    id: 'agent-metrics-everywhere',
    title: "An agent's metrics are bound to every address",
    breaks: 'mesh/planes/metrics-loopback',
    reason: /plaintext metrics are bound to (0\.0\.0\.0|0000:0000:0000:0000:0000:0000:0000:0000)/,
  },
  {
    kind: 'port',
    id: 'port-further-old-tls',
    title: 'A further listener that is declared to speak TLS 1.3 only speaks 1.2',
    breaks: 'mesh/planes/node-listeners',
    reason: /^listener .*: speaks TLSv1\.2, declared is tls1\.3-only/,
    beside: { minVersion: 'TLSv1.2' },
  },
  {
    kind: 'port',
    id: 'port-undeclared',
    title: 'A port is open that nobody declared',
    breaks: 'mesh/planes/nothing-undeclared',
    reason: /^127\.77\.0\.1: \d+ take connections, and nobody declared them/,
    beside: { undeclared: true },
    source: 'CWE-1327',
  },
];

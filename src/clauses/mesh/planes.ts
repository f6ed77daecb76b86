import {
  boundToLoopback,
  furtherListener,
  keepsDeclaredPolicy,
  nothingUndeclared,
  onlyPostQuantum,
} from '../../checkers/planes.ts';
import { clause } from '../../clause.ts';

// SPIRE's own listeners, and those that nodes have beside the one that is judged, each against the policy that is declared for it.

const must = {
  promise: 'tls',
  level: 'MUST',
  catalogue: 'MESH-TLS-01',
  subject: 'operator',
  spec: 'Mesh deployment, Security best practices 4 (mTLS); SPIRE 1.15',
} as const;

export const spireServerPlane = clause({
  ...must,
  id: 'mesh/planes/spire-server',
  title: "The SPIRE server's port keeps its declared TLS policy",
  danger: 'the control plane is weaker than the report says',
  limits: 'one handshake for each of TLS 1.0 to 1.3; suites are not tried, nor a client without a certificate',
  judge: keepsDeclaredPolicy('spire-server'),
});

export const bundleEndpointPlane = clause({
  ...must,
  id: 'mesh/planes/bundle-endpoint',
  title: 'The bundle endpoint keeps its declared TLS policy',
  danger: 'trust bundles are served over a version that nobody declared',
  limits: 'one handshake for each of TLS 1.0 to 1.3; suites are not tried',
  judge: keepsDeclaredPolicy('bundle-endpoint'),
});

export const requirePqKem = clause({
  ...must,
  id: 'mesh/planes/require-pq-kem',
  title: "SPIRE's switch require_pq_kem does what it promises: TLS 1.3 only, and only with a post-quantum key exchange",
  danger: 'a switch is on and changes nothing',
  limits: 'one handshake for TLS 1.2 and for each classical group that OpenSSL can offer',
  judge: onlyPostQuantum,
});

export const metricsLoopback = clause({
  ...must,
  id: 'mesh/planes/metrics-loopback',
  title: 'Metrics, which SPIRE serves without TLS, are bound to the loopback interface only',
  danger: 'plaintext telemetry is reachable from the network',
  limits: 'the declared ports only, as the kernel of this machine lists them',
  judge: boundToLoopback,
});

export const nodeListeners = clause({
  ...must,
  id: 'mesh/planes/node-listeners',
  spec: 'Mesh deployment, Security best practices 4 (mTLS)',
  title: 'Each further listener of a service keeps the TLS policy that is declared for it',
  danger: 'the port for health checks, or the one of last year, speaks an old version',
  limits:
    'one handshake for each of TLS 1.0 to 1.3; who is let in there is not looked at, and what is declared as plaintext not either',
  judge: keepsDeclaredPolicy(furtherListener),
});

export const nothingElseOpen = clause({
  ...must,
  id: 'mesh/planes/nothing-undeclared',
  catalogue: 'MESH-ARCH-10',
  spec: 'Mesh deployment, goal',
  title: 'No port of a host takes connections that nobody declared',
  danger: 'a debug port, or the service itself without TLS, stands open beside the one that is judged',
  limits: 'TCP, from where Assay runs, once: what a firewall hides from there, or opens later, is not seen',
  judge: nothingUndeclared,
});

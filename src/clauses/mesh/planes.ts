import { boundToLoopback, keepsDeclaredPolicy, onlyPostQuantum } from '../../checkers/planes.ts';
import { clause } from '../../clause.ts';

// SPIRE's own listeners, each against the policy that is declared for it.

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
  judge: keepsDeclaredPolicy('spire-server'),
});

export const bundleEndpointPlane = clause({
  ...must,
  id: 'mesh/planes/bundle-endpoint',
  title: 'The bundle endpoint keeps its declared TLS policy',
  danger: 'trust bundles are served over a version that nobody declared',
  judge: keepsDeclaredPolicy('bundle-endpoint'),
});

export const requirePqKem = clause({
  ...must,
  id: 'mesh/planes/require-pq-kem',
  title: "SPIRE's switch require_pq_kem does what it promises: TLS 1.3 only, and only with a post-quantum key exchange",
  danger: 'a switch is on and changes nothing',
  judge: onlyPostQuantum,
});

export const metricsLoopback = clause({
  ...must,
  id: 'mesh/planes/metrics-loopback',
  title: 'Metrics, which SPIRE serves without TLS, are bound to the loopback interface only',
  danger: 'plaintext telemetry is reachable from the network',
  judge: boundToLoopback,
});

import { exchanges } from '../checkers/exchanges.ts';
import { factsOfNodes } from '../checkers/facts.ts';
import type { Clause } from '../clause.ts';

const deployment = 'Mesh deployment, Security best practices 4 (mTLS)';
const base = { promise: 'tls', level: 'MUST', subject: 'validator' } as const;

/** TLS 1.3 only, on every listener of a mesh node and on every connection that it opens. */
export const tlsClauses: readonly Clause[] = [
  {
    ...base,
    id: 'tls/version/server',
    catalogue: 'MESH-TLS-01',
    spec: deployment,
    title: 'A node accepts TLS 1.3 and refuses 1.2, 1.1 and 1.0, alone and as a range',
    danger: 'an old version is still negotiated, with its weaker suites and its certificates in the clear',
    judge: exchanges('tls/version/server', ['server']),
  },
  {
    ...base,
    id: 'tls/version/client',
    catalogue: 'MESH-TLS-01',
    spec: deployment,
    title: 'A node calls servers that speak TLS 1.3 and none that stop at 1.2, 1.1 or 1.0',
    danger: 'a peer that lags, or an attacker in between, talks the caller down',
    judge: exchanges('tls/version/client', ['client']),
  },
  {
    ...base,
    id: 'tls/cipher/aead-only',
    catalogue: 'MESH-TLS-02',
    spec: deployment,
    title: 'Only the strong AEAD suites of TLS 1.3 are negotiated',
    danger: 'a suite with a short tag, CBC or static RSA is reachable',
    judge: exchanges('tls/cipher/aead-only', ['server', 'client']),
  },
  {
    ...base,
    id: 'tls/plaintext-refused',
    catalogue: 'MESH-ARCH-01',
    spec: 'Mesh deployment, goal',
    title: 'A node answers nothing of the mesh without TLS',
    danger: 'the service is also served in the clear on the same port',
    judge: exchanges('tls/plaintext-refused', ['server', 'client']),
  },
  {
    ...base,
    id: 'tls/client-certificate-required',
    catalogue: 'MESH-TLS-03',
    spec: 'Workload identity, Network security',
    title: 'An anonymous client (an empty certificate list under TLS 1.3) gets no application data',
    danger: 'the client certificate is asked for but not demanded',
    judge: exchanges('tls/client-certificate-required', ['server']),
  },
  {
    ...base,
    id: 'tls/client-presents-svid',
    catalogue: 'MESH-TLS-03',
    spec: 'Workload identity, Network security',
    title: 'A node that calls presents its own SVID',
    danger: 'calls are made anonymously, or under another identity',
    judge: factsOfNodes('tls/client-presents-svid', 'client'),
  },
  {
    ...base,
    id: 'tls/no-early-data',
    catalogue: 'MESH-TLS-04',
    level: 'SHOULD',
    spec: deployment,
    title: 'No session ticket allows early data (0-RTT)',
    danger: 'a request is replayed before any identity was checked',
    judge: factsOfNodes('tls/no-early-data', 'server'),
  },
  {
    ...base,
    id: 'tls/ticket-not-past-svid',
    catalogue: 'MESH-TLS-04',
    level: 'SHOULD',
    spec: deployment,
    title: 'A session ticket does not outlive the SVID that it was given for',
    danger: 'an expired identity goes on by resuming',
    judge: exchanges('tls/ticket-not-past-svid', ['server']),
  },
];

import { inOneLife, notNegotiated, only13Negotiated, refusedBesideControl } from '../../checkers/exchanges.ts';
import { grantsNoEarlyData, presentsItsSvid } from '../../checkers/controls.ts';
import { sessionEndsWithSvid } from '../../checkers/tickets.ts';
import { bothRoles, clause } from '../../clause.ts';

// TLS 1.3 only, on every listener of a mesh node and on every connection that it opens.

const deployment = 'Mesh deployment, Security best practices 4 (mTLS)';
const network = 'Workload identity, Network security';
const must = { promise: 'tls', level: 'MUST', subject: 'validator' } as const;
const should = { ...must, level: 'SHOULD' } as const;

export const versionAsServer = clause({
  ...must,
  id: 'mesh/tls/version-as-server',
  catalogue: 'MESH-TLS-01',
  spec: deployment,
  title: 'A node accepts TLS 1.3 and refuses 1.2, 1.1 and 1.0, alone and as a range',
  danger: 'an old version is still negotiated, with its weaker suites and its certificates in the clear',
  limits: 'SSL 3.0 is not tried',
  roles: ['server'],
  judge: only13Negotiated,
});

export const versionAsClient = clause({
  ...must,
  id: 'mesh/tls/version-as-client',
  catalogue: 'MESH-TLS-01',
  spec: deployment,
  title: 'A node calls servers that speak TLS 1.3 and none that stop at 1.2, 1.1 or 1.0',
  danger: 'a peer that lags, or an attacker in between, talks the caller down',
  limits: 'SSL 3.0 is not tried',
  roles: ['client'],
  judge: notNegotiated,
});

export const aeadOnly = clause({
  ...must,
  id: 'mesh/tls/aead-only',
  catalogue: 'MESH-TLS-02',
  spec: deployment,
  title: 'Only the strong AEAD suites of TLS 1.3 are negotiated',
  danger: 'a suite with a short tag, CBC or static RSA is reachable',
  limits: 'tried are AES-128-CCM-8, three CBC suites and two of static RSA; of servers, AES-128-CCM-8 only',
  roles: bothRoles,
  judge: notNegotiated,
});

export const plaintextRefused = clause({
  ...must,
  id: 'mesh/tls/plaintext-refused',
  catalogue: 'MESH-ARCH-01',
  spec: 'Mesh deployment, goal',
  title: 'A node answers nothing of the mesh without TLS',
  danger: 'the service is also served in the clear on the same port',
  limits: 'tried with GET /hello on the port of the mesh; other ports of a node are not looked at',
  roles: bothRoles,
  judge: refusedBesideControl,
});

export const clientCertificateRequired = clause({
  ...must,
  id: 'mesh/tls/client-certificate-required',
  catalogue: 'MESH-TLS-03',
  spec: network,
  title: 'An anonymous client (an empty certificate list under TLS 1.3) gets no application data',
  danger: 'the client certificate is asked for but not demanded',
  limits: 'GET /hello is asked for; what other paths give to an anonymous client is not looked at',
  roles: ['server'],
  judge: refusedBesideControl,
});

export const clientPresentsSvid = clause({
  ...must,
  id: 'mesh/tls/client-presents-svid',
  catalogue: 'MESH-TLS-03',
  spec: network,
  title: 'A node that calls presents its own SVID: chain, time and ID hold by the bundle of that moment',
  danger: 'calls are made anonymously, or under another identity',
  limits: 'seen in calls to servers of ours, not in those to other nodes',
  roles: ['client'],
  judge: presentsItsSvid,
});

export const serverPresentsSvid = clause({
  ...must,
  id: 'mesh/tls/server-presents-svid',
  catalogue: 'MESH-TLS-03',
  spec: network,
  title: 'A node that is called presents its own SVID: chain, time and ID hold by the bundle of that moment',
  danger: 'an SVID that ended hours ago, or a self-signed certificate with the right name, stands for the service',
  limits: 'another name than its own is left open, as somebody else may listen at its address',
  roles: ['server'],
  judge: presentsItsSvid,
});

export const noEarlyData = clause({
  ...should,
  id: 'mesh/tls/no-early-data',
  catalogue: 'MESH-TLS-04',
  spec: deployment,
  title: 'No session ticket allows early data (0-RTT)',
  danger: 'a request is replayed before any identity was checked',
  limits: 'read from the session tickets; early data itself is not sent',
  roles: ['server'],
  judge: grantsNoEarlyData,
});

export const ticketNotPastSvid = clause({
  ...should,
  id: 'mesh/tls/ticket-not-past-svid',
  catalogue: 'MESH-TLS-04',
  spec: deployment,
  title: 'A session ticket does not outlive the SVID that it was given for',
  danger: 'an expired identity goes on by resuming',
  limits: 'one session a node, offered from a second past notAfter; who resumes none passes by its full handshake',
  roles: ['server'],
  judge: inOneLife(sessionEndsWithSvid),
});

export const connectionNotPastSvid = clause({
  ...must,
  id: 'mesh/tls/connection-not-past-svid',
  catalogue: null,
  spec: 'RFC 5280 §6.1; the declaration of the owner, as the specifications leave it open (spiffe/spiffe#424)',
  title: 'A connection does not stand past the end of the SVID of its caller, where that is declared',
  danger: 'whoever was let in once stays, for as long as the connection is kept open',
  limits:
    'of nodes that are declared so (`sessions: until-expiry`); one connection a node, asked once a second until no clock could make it right; over HTTP/1.1, HTTP/2 and gRPC',
  roles: ['server'],
  judge: refusedBesideControl,
});

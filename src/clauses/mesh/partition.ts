import { failsClosed, trafficWhileValid } from '../../checkers/partition.ts';
import { recovers } from '../../checkers/recovery.ts';
import { inItsScenario, orFromOutside } from '../../checkers/scenario.ts';
import { survivesShortOutage } from '../../checkers/short-outage.ts';
import { survivesOutage } from '../../checkers/watched.ts';
import { bothRoles, clause } from '../../clause.ts';

// The agents lose their server for less and for more than an SVID's life.

const should = {
  promise: 'partition',
  level: 'SHOULD',
  catalogue: 'MESH-ROT-04',
  spec: 'Mesh deployment, Phase 4 (certificate rotation)',
} as const;

export const shortRequestsSurvive = clause({
  ...should,
  id: 'mesh/partition/short-requests-survive',
  subject: 'workload-api-server',
  title: "A partition shorter than an SVID's life fails no request",
  danger: 'the mesh stands and falls with its server',
  limits: "what becomes of a call between two nodes is the caller's own word; a call to us has to reach us",
  judge: orFromOutside(survivesOutage, inItsScenario(survivesShortOutage)),
});

export const shortRecovers = clause({
  ...should,
  id: 'mesh/partition/short-recovers',
  subject: 'workload-api-server',
  title: 'After a short partition SVIDs are renewed again within the computed bound',
  danger: 'the agent waits far longer than the outage lasted',
  limits: "what becomes of a call between two nodes is the caller's own word",
  judge: inItsScenario(recovers),
});

export const longTrafficWhileValid = clause({
  ...should,
  id: 'mesh/partition/long-traffic-while-valid',
  subject: 'workload-api-server',
  title: 'During a long partition traffic goes on for as long as the SVIDs live',
  danger: 'the agent drops good SVIDs when the server is away',
  limits: 'by calls between two nodes, of which each caller tells itself what became',
  judge: inItsScenario(trafficWhileValid),
});

export const longFailsClosed = clause({
  ...should,
  id: 'mesh/partition/long-fails-closed',
  level: 'MUST',
  catalogue: 'X509-SVID-5.1-01',
  subject: 'validator',
  title: 'Past their expiry no connection is made: the mesh fails closed',
  danger: 'an outage of the server silently switches identity checks off',
  limits: "tried from a second past notAfter, on new connections; calls between two nodes are the caller's own word",
  roles: bothRoles,
  judge: inItsScenario(failsClosed),
});

export const longRecovers = clause({
  ...should,
  id: 'mesh/partition/long-recovers',
  subject: 'workload-api-client',
  title: 'After a long partition new SVIDs and traffic are back within the computed bound',
  danger: 'nodes need a restart by hand after an outage',
  limits: "what becomes of a call between two nodes is the caller's own word",
  judge: inItsScenario(recovers),
});

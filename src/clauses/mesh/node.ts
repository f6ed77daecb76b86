import { acceptsStill, staysAlive, staysReady, stopsWhenTold } from '../../checkers/lives.ts';
import { reconnects, refusesWithoutAgent, servesWithoutAgent } from '../../checkers/agent-outage.ts';
import { throughRotations } from '../../checkers/rotation.ts';
import { inItsScenario, orFromOutside } from '../../checkers/scenario.ts';
import { refusesInOutage, survivesOutage } from '../../checkers/watched.ts';
import { bothRoles, clause } from '../../clause.ts';

// The life of a node: it bears what it is shown, goes on while others come and go, and ends when it is told to.

const must = {
  promise: null,
  level: 'MUST',
  catalogue: null,
  subject: 'workload-api-client',
  roles: ['server'],
} as const;

export const nodeStaysAlive = clause({
  ...must,
  id: 'mesh/node/stays-alive',
  spec: 'Node contract (it goes on living while it is judged)',
  title: 'A node goes on living, whatever it is shown and whoever calls',
  danger: 'one peer with a bad certificate, or a port scanner, takes the service down',
  limits: 'the end of one worker of several looks like a close; of strangers, four kinds call',
  judge: staysAlive,
});

export const nodeTakesManyConnections = clause({
  ...must,
  id: 'mesh/node/many-connections',
  spec: 'Node contract (GET /hello on the mTLS listener)',
  title: 'After some hundred connections, dozens of them idle at once, a right client is accepted still',
  danger: 'connections leak, and after an hour of traffic nobody gets in any more',
  limits: 'of some 300 connections 80 are idle, 40 at once: what leaks more slowly passes',
  judge: acceptsStill,
});

export const nodeStopsOnSigterm = clause({
  ...must,
  id: 'mesh/node/stops-on-sigterm',
  spec: 'Node contract (it stops on SIGTERM)',
  title: 'A node stops within ten seconds when it is told to by SIGTERM',
  danger: 'each rollout waits for the time to kill, and cuts off whoever is being served',
  limits: 'told once, after all else, with no load on it; Docker kills after ten seconds, Kubernetes after thirty',
  judge: stopsWhenTold,
});

export const nodeStaysReady = clause({
  ...must,
  id: 'mesh/node/ready-through-rotations',
  promise: 'rotation',
  spec: 'Node contract (GET /ready: 200 once an SVID is held)',
  title: 'A node that is ready stays ready while SVIDs and the authority rotate',
  danger: 'each rotation takes the service out of the load balancer',
  limits: 'asked every 50 ms: what is shorter may pass unseen; no answer at all is not judged',
  judge: inItsScenario(throughRotations(staysReady)),
});

export const nodeServesWithoutAgent = clause({
  ...must,
  id: 'mesh/node/survives-workload-api',
  catalogue: 'WORKLOAD-API-4.2-02',
  spec: 'Workload-API §4.2',
  title: 'While its agent is restarted, a node goes on with the SVID that it holds: no request fails',
  danger: 'an upgrade of the agent is an outage of every service on its host',
  limits: "the agent is away for a moment; what becomes of a call between two nodes is the caller's own word",
  judge: orFromOutside(survivesOutage, inItsScenario(servesWithoutAgent)),
});

export const nodeRefusesWithoutAgent = clause({
  ...must,
  id: 'mesh/node/strangers-refused-without-agent',
  spec: 'Workload-API §4.2',
  title: 'While its agent is restarted, a node accepts whom it accepts otherwise, and nobody else',
  danger: 'whoever can end an agent opens every service on its host',
  limits: 'the agent is away once, for a moment; one of two strangers calls every tenth of a second',
  roles: bothRoles,
  judge: orFromOutside(refusesInOutage, inItsScenario(refusesWithoutAgent)),
});

export const nodeReconnects = clause({
  ...must,
  id: 'mesh/node/reconnects-to-workload-api',
  level: 'SHOULD',
  catalogue: 'WORKLOAD-API-4.2-03',
  spec: 'Workload-API §4.2',
  title: 'After its agent was restarted, a node takes up new SVIDs again within the bound',
  danger: 'the service goes on with its last SVID until that expires, and then refuses everybody',
  limits: 'within five seconds, after one restart with what the agent keeps on disk',
  judge: inItsScenario(reconnects),
});

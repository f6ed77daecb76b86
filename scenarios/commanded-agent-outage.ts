import { agentOutage } from '../fixtures/faults/kinds/agent-outage.ts';
import { nodeRefusesWithoutAgent, nodeServesWithoutAgent } from '../src/clauses/mesh/node.ts';
import { commandedOutage } from './commanded/outage.ts';
import type { Scenario } from './scenario.ts';

// Long enough that a service has noticed.
const awayMs = 3_000;

export const commandedAgentOutage: Scenario = {
  ...commandedOutage({
    kind: agentOutage,
    cut: 'the nodes that it names are cut off from their agents; strangers call at them',
    holdMs: () => awayMs,
    long: `${awayMs / 1000} s`,
    refused: nodeRefusesWithoutAgent,
  }),
  id: 'commanded-agent-outage',
  title: 'Services of the mesh are cut off from their agents',
  hypothesis:
    'while services of a mesh that others run are cut off from their agents, which its owners do, no request fails and no stranger is accepted',
  clauses: [nodeServesWithoutAgent, nodeRefusesWithoutAgent],
  needs: ['commanded-agent-outage'],
};

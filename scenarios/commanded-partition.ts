import { partition } from '../fixtures/faults/kinds/partition.ts';
import { shortRequestsSurvive } from '../src/clauses/mesh/partition.ts';
import { commandedOutage } from './commanded/outage.ts';
import type { Scenario } from './scenario.ts';

export const commandedPartition: Scenario = {
  ...commandedOutage({
    kind: partition,
    cut: 'the agents of the nodes that it names are cut off from their server',
    holdMs: ({ target }) => 2.5 * target.timing.syncIntervalMs,
    long: 'two and a half sync intervals',
  }),
  id: 'commanded-partition',
  title: 'Agents of the mesh are cut off from their server',
  hypothesis:
    'a cut between agents of a mesh that others run and their server, which its owners make and which ends before any SVID does, fails no request',
  clauses: [shortRequestsSurvive],
  needs: ['commanded-partition'],
};

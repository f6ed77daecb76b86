import { partition } from '../fixtures/faults/kinds/partition.ts';
import { shortRecovers, shortRequestsSurvive } from '../src/clauses/mesh/partition.ts';
import { cutsFromServer } from './partition/server-cut.ts';
import type { Scenario } from './scenario.ts';
import { recoveryBound } from './steps/recovery.ts';
import { shortOutage } from './steps/short-outage.ts';

export const partitionShort: Scenario = {
  id: 'partition-short',
  title: "Server partition, shorter than an SVID's life",
  hypothesis:
    'a cut between all agents and their server that ends before any SVID does fails no request, and renewal goes on within the computed bound',
  clauses: [shortRequestsSurvive, shortRecovers],
  needs: ['server-links'],
  mesh: 'steady',
  steps: [
    'Traffic flows between all pairs.',
    'Every link between an agent and the server is cut; the cut is proven from outside.',
    'It is held for at least two and a half sync intervals, so that renewals are missed, and ends while every SVID still lives.',
    'The links are healed, and the heal is proven.',
    'Each node is given a new SVID within the bound, and traffic goes on.',
  ],
  faults: [partition],
  bounds: [recoveryBound],
  run: (context) => shortOutage(context, partitionShort.id, cutsFromServer(context)),
};

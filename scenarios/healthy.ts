import { healthyTraffic } from '../src/clauses/mesh/traffic.ts';
import { healthy as name } from '../src/reading/healthy.ts';
import type { Scenario } from './scenario.ts';

export const healthy: Scenario = {
  id: name,
  title: 'Healthy traffic, before anything changes',
  hypothesis: 'while nothing is broken and nothing rotates, every request is answered, and the nodes bear the load',
  clauses: [healthyTraffic],
  needs: ['load'],
  mesh: 'steady',
  calm: true,
  steps: [
    'Each node under test is asked until it answers as one that is warm.',
    'It is asked for as many new connections as it bears, several at once, for a moment; it calls us and its peers as well, and one connection to it is kept.',
    'The load is fitted to that: each node is given less than half of what it bears.',
    'Traffic goes on like that until the next scenario begins.',
  ],
  faults: [],
  bounds: [],
  async run({ load }) {
    await load.fitted;
  },
};

import { setTimeout as sleep } from 'node:timers/promises';
import { rotatedKeyFresh, connectionsSurvive, requestsSurvive } from '../src/clauses/mesh/rotation.ts';
import { healthyTraffic } from '../src/clauses/mesh/traffic.ts';
import type { Scenario } from './scenario.ts';

export const watch: Scenario = {
  id: 'watch',
  title: 'SVIDs are renewed by the clocks of the mesh',
  hypothesis:
    'while a mesh that others run is called for as long as it takes until SVIDs are renewed, no request is lost, and each new SVID has a new key',
  clauses: [healthyTraffic, requestsSurvive, connectionsSurvive, rotatedKeyFresh],
  needs: ['watch'],
  mesh: 'steady',
  ofOthers: true,
  steps: [
    'Each service that lets the probe in is called at the rate that the target file allows, on new connections and on one that is kept, for as long as `--watch` says.',
    'Which SVID it shows is noted: one that was issued meanwhile is a renewal.',
  ],
  faults: [],
  bounds: [],
  async run({ target, signal }) {
    await sleep(target.watchMs ?? 0, undefined, { signal });
  },
};

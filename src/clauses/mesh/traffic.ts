import { healthyTrafficHolds } from '../../checkers/healthy.ts';
import { orFromOutside } from '../../checkers/scenario.ts';
import { answersMeanwhile } from '../../checkers/watched.ts';
import { clause } from '../../clause.ts';

// What everything else about traffic is judged against.

export const healthyTraffic = clause({
  promise: 'rotation',
  level: 'SHOULD',
  catalogue: 'MESH-ROT-03',
  spec: 'Mesh deployment, Phase 4 (certificate rotation)',
  id: 'mesh/traffic/healthy',
  subject: 'workload-api-client',
  title: 'No request is lost while nothing is broken and nothing changes',
  danger: 'calls fail every day, and each rotation and each outage is blamed for it',
  limits: "a few seconds, at less than half of what a node bears; calls between two nodes are the caller's own word",
  judge: orFromOutside(answersMeanwhile, healthyTrafficHolds),
});

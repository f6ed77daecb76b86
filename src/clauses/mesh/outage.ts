import { recovers } from '../../checkers/recovery.ts';
import { inEachScenario } from '../../checkers/scenario.ts';
import { survivesShortOutage } from '../../checkers/short-outage.ts';
import { clause } from '../../clause.ts';

// A part of SPIRE is out, whatever part and in whatever way. Each scenario that breaks one is judged by the same few clauses.

const should = {
  promise: 'partition',
  level: 'SHOULD',
  catalogue: 'MESH-ROT-04',
  spec: 'Mesh deployment, Phase 4 (certificate rotation)',
} as const;

export const outageRequestsSurvive = clause({
  ...should,
  id: 'mesh/outage/requests-survive',
  subject: 'workload-api-server',
  title: 'While a part of SPIRE is out and every SVID lives, no request fails',
  danger: 'a crash of the control plane, or one that hangs, is an outage of every service',
  limits: "by new connections; what becomes of a call between two nodes is the caller's own word",
  judge: inEachScenario(survivesShortOutage),
});

export const outageRecovers = clause({
  ...should,
  id: 'mesh/outage/recovers',
  subject: 'workload-api-client',
  title: 'After a part of SPIRE was out, new SVIDs and traffic are back within the computed bound',
  danger: 'agents wait far longer than the outage lasted, or need a restart by hand',
  limits: "what becomes of a call between two nodes is the caller's own word",
  judge: inEachScenario(recovers),
});

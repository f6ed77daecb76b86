import { refusedBesideControl } from '../../checkers/exchanges.ts';
import { noFailedRequest } from '../../checkers/requests.ts';
import { authorityKnownBeforeUse, freshKey, newSvidPresented, throughRotations } from '../../checkers/rotation.ts';
import { inItsScenario } from '../../checkers/scenario.ts';
import { bothRoles, clause } from '../../clause.ts';

// SVIDs and the authority behind them change under load, and nobody feels it but those who should.

const must = { promise: 'rotation', level: 'MUST', spec: 'Mesh deployment, Phase 4 (certificate rotation)' } as const;

export const requestsSurvive = clause({
  ...must,
  id: 'mesh/rotation/requests-survive',
  catalogue: 'MESH-ROT-03',
  level: 'SHOULD',
  subject: 'workload-api-client',
  title: 'No request on a new connection fails while SVIDs and the authority rotate under load',
  danger: 'every rotation is a small outage',
  judge: inItsScenario(
    throughRotations(noFailedRequest({ connection: 'new', perSecond: 200, begunPerSecond: 50, maxGapMs: 2_000 })),
  ),
});

export const connectionsSurvive = clause({
  ...must,
  id: 'mesh/rotation/connections-survive',
  catalogue: 'MESH-ROT-02',
  subject: 'workload-api-client',
  title: 'No long-lived connection loses a request while SVIDs and the authority rotate',
  danger: 'a rotation drops what is in flight',
  judge: inItsScenario(throughRotations(noFailedRequest({ connection: 'kept', perSecond: 0.5, maxGapMs: 6_000 }))),
});

export const rotatedSvidPresented = clause({
  ...must,
  id: 'mesh/rotation/new-svid-presented',
  catalogue: 'MESH-ROT-02',
  subject: 'workload-api-client',
  title: 'Soon after a rotation every new connection shows the new SVID, through at least five rotations of every node',
  danger: 'a node goes on with its first certificate until it expires',
  judge: inItsScenario(newSvidPresented),
});

export const rotatedKeyFresh = clause({
  ...must,
  id: 'mesh/rotation/fresh-key',
  catalogue: 'MESH-ID-06',
  subject: 'workload-api-server',
  title: 'Every new SVID has a new key',
  danger: 'one key is certified again and again, so a stolen one stays good',
  judge: inItsScenario(freshKey),
});

export const authorityKnown = clause({
  ...must,
  id: 'mesh/rotation/authority-known-before-use',
  catalogue: 'MESH-CA-06',
  level: 'SHOULD',
  subject: 'workload-api-server',
  title: "Nobody shows an SVID of an authority that a peer's bundle does not hold yet",
  danger: 'a new authority signs before its certificate has arrived everywhere',
  judge: inItsScenario(authorityKnownBeforeUse),
});

export const revokedAuthorityRefused = clause({
  ...must,
  id: 'mesh/rotation/revoked-authority-refused',
  catalogue: 'MESH-ROT-08',
  subject: 'workload-api-client',
  title: 'After its authority was revoked, an SVID is refused that was good before',
  danger: 'a compromised authority is trusted for ever',
  roles: bothRoles,
  judge: refusedBesideControl,
});

export const ticketNotPastAuthority = clause({
  ...must,
  id: 'mesh/rotation/ticket-not-past-authority',
  catalogue: 'MESH-TLS-04',
  level: 'SHOULD',
  subject: 'validator',
  title: 'A session ticket does not outlive the authority behind its SVID',
  danger: 'a revoked identity goes on by resuming',
  roles: ['server'],
  judge: refusedBesideControl,
});

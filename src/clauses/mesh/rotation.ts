import { acceptedAsMust, inOneLife, refusedBesideControl, unlessBusyMeanwhile } from '../../checkers/exchanges.ts';
import { noFailedRequest } from '../../checkers/requests.ts';
import { authorityKnownBeforeUse, freshKey, newSvidPresented, throughRotations } from '../../checkers/rotation.ts';
import { sessionEndsWithAuthority } from '../../checkers/tickets.ts';
import { inItsScenario, orFromOutside } from '../../checkers/scenario.ts';
import { renewsKeys, showsNewest, survivesRenewals } from '../../checkers/watched.ts';
import { bothRoles, clause } from '../../clause.ts';

// SVIDs and the authority behind them change under load, and nobody feels it but those who should.

const must = { promise: 'rotation', level: 'MUST', spec: 'Mesh deployment, Phase 4 (certificate rotation)' } as const;

export const requestsSurvive = clause({
  ...must,
  id: 'mesh/rotation/requests-survive',
  catalogue: 'MESH-ROT-03',
  level: 'SHOULD',
  subject: 'workload-api-client',
  title:
    'No request on a new connection fails, or takes a second or more and ten times the healthy p99, while SVIDs and the authority rotate under load',
  danger: 'every rotation is a small outage',
  limits:
    "what becomes of a call between two nodes is the caller's own word; a call to us has to reach us; on a mesh that others run, calls of ours alone, a few a second",
  judge: orFromOutside(
    survivesRenewals('new'),
    inItsScenario(throughRotations(noFailedRequest({ connection: 'new', perSecond: 200, begunPerSecond: 50 }))),
  ),
});

export const connectionsSurvive = clause({
  ...must,
  id: 'mesh/rotation/connections-survive',
  catalogue: 'MESH-ROT-02',
  subject: 'workload-api-client',
  title:
    'No long-lived connection loses a request while SVIDs and the authority rotate; one that is ended in order loses none',
  danger: 'a rotation drops what is in flight',
  limits:
    'one connection of ours to each node, ten requests a second, which has to stand while its node is given another SVID; none between two nodes',
  judge: orFromOutside(
    survivesRenewals('kept'),
    inItsScenario(throughRotations(noFailedRequest({ connection: 'kept', perSecond: 0.5 }))),
  ),
});

export const rotatedSvidPresented = clause({
  ...must,
  id: 'mesh/rotation/new-svid-presented',
  catalogue: 'MESH-ROT-02',
  subject: 'workload-api-client',
  title: 'Soon after a rotation every new connection shows the new SVID, through at least five rotations of every node',
  danger: 'a node goes on with its first certificate until it expires',
  limits: 'seen on connections of ours to each node, and on its calls to us',
  judge: orFromOutside(showsNewest, inItsScenario(newSvidPresented)),
});

export const rotatedKeyFresh = clause({
  ...must,
  id: 'mesh/rotation/fresh-key',
  catalogue: 'MESH-ID-06',
  subject: 'workload-api-server',
  title: 'Every new SVID has a new key',
  danger: 'one key is certified again and again, so a stolen one stays good',
  limits:
    'by what the agents deliver to a process of ours beside each node; on a mesh that others run, by what nodes show',
  judge: orFromOutside(renewsKeys, inItsScenario(freshKey)),
});

export const authorityKnown = clause({
  ...must,
  id: 'mesh/rotation/authority-known-before-use',
  catalogue: 'MESH-CA-06',
  level: 'SHOULD',
  subject: 'workload-api-server',
  title: "Nobody shows an SVID of an authority that a peer's bundle does not hold yet",
  danger: 'a new authority signs before its certificate has arrived everywhere',
  limits: 'by what the agents deliver, not by what the nodes have taken up',
  judge: inItsScenario(authorityKnownBeforeUse),
});

export const bundleTakenUp = clause({
  ...must,
  id: 'mesh/rotation/bundle-taken-up',
  catalogue: 'MESH-ROT-08',
  subject: 'workload-api-client',
  title: 'A new authority in the bundle is taken up within the bound, before the authority is used',
  danger: 'a node goes on with the bundle that it started with, and turns its peers away after a rotation',
  limits:
    'by an authority of ours, which comes with the prepared one or, in a mesh that others run, by itself: SPIRE hands out no key of its own',
  roles: bothRoles,
  judge: unlessBusyMeanwhile(acceptedAsMust),
});

export const strangersRefusedMeanwhile = clause({
  ...must,
  id: 'mesh/rotation/strangers-refused',
  catalogue: null,
  subject: 'validator',
  title: 'While SVIDs and the authority rotate, a node accepts whom it accepts otherwise, and nobody else',
  danger: 'a verifier is replaced at each rotation, and until the next one is in place everybody gets in',
  limits: 'a door that is open for a few milliseconds, and not after each rotation',
  roles: bothRoles,
  judge: refusedBesideControl,
});

export const revokedAuthorityRefused = clause({
  ...must,
  id: 'mesh/rotation/revoked-authority-refused',
  catalogue: 'MESH-ROT-08',
  subject: 'workload-api-client',
  title: 'After its authority was revoked, an SVID is refused that was good before',
  danger: 'a compromised authority is trusted for ever',
  limits: 'tried on new connections; what becomes of those that stand is not looked at',
  roles: bothRoles,
  judge: inOneLife(unlessBusyMeanwhile(refusedBesideControl)),
});

export const ticketNotPastAuthority = clause({
  ...must,
  id: 'mesh/rotation/ticket-not-past-authority',
  catalogue: 'MESH-TLS-04',
  level: 'SHOULD',
  subject: 'validator',
  title: 'A session ticket does not outlive the authority behind its SVID',
  danger: 'a revoked identity goes on by resuming',
  limits: 'a session that is refused may also be one whose ticket key has changed, as with each SVID of many a node',
  roles: ['server'],
  judge: inOneLife(sessionEndsWithAuthority),
});

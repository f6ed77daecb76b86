import { exchanges } from '../checkers/exchanges.ts';
import { noFailedRequest } from '../checkers/requests.ts';
import { authorityKnownBeforeUse, freshKey, newSvidPresented, throughRotations } from '../checkers/rotation.ts';
import type { Clause } from '../clause.ts';

const base = { promise: 'rotation', level: 'MUST', spec: 'Mesh deployment, Phase 4 (certificate rotation)' } as const;

/** SVIDs and the authority behind them change under load, and nobody feels it but those who should. */
export const rotationClauses: readonly Clause[] = [
  {
    ...base,
    id: 'rotation/requests-survive',
    catalogue: 'MESH-ROT-03',
    level: 'SHOULD',
    subject: 'workload-api-client',
    title: 'No request on a new connection fails while SVIDs and the authority rotate under load',
    danger: 'every rotation is a small outage',
    judge: throughRotations(
      noFailedRequest('rotation/requests-survive', 'rotation', {
        connection: 'new',
        perSecond: 200,
        begunPerSecond: 50,
        maxGapMs: 2_000,
      }),
    ),
  },
  {
    ...base,
    id: 'rotation/connections-survive',
    catalogue: 'MESH-ROT-02',
    subject: 'workload-api-client',
    title: 'No long-lived connection loses a request while SVIDs and the authority rotate',
    danger: 'a rotation drops what is in flight',
    judge: throughRotations(
      noFailedRequest('rotation/connections-survive', 'rotation', {
        connection: 'kept',
        perSecond: 0.5,
        maxGapMs: 6_000,
      }),
    ),
  },
  {
    ...base,
    id: 'rotation/new-svid-presented',
    catalogue: 'MESH-ROT-02',
    subject: 'workload-api-client',
    title:
      'Soon after a rotation every new connection shows the new SVID, through at least five rotations of every node',
    danger: 'a node goes on with its first certificate until it expires',
    judge: newSvidPresented,
  },
  {
    ...base,
    id: 'rotation/fresh-key',
    catalogue: 'MESH-ID-06',
    subject: 'workload-api-server',
    title: 'Every new SVID has a new key',
    danger: 'one key is certified again and again, so a stolen one stays good',
    judge: freshKey,
  },
  {
    ...base,
    id: 'rotation/authority-known-before-use',
    catalogue: 'MESH-CA-06',
    level: 'SHOULD',
    subject: 'workload-api-server',
    title: "Nobody shows an SVID of an authority that a peer's bundle does not hold yet",
    danger: 'a new authority signs before its certificate has arrived everywhere',
    judge: authorityKnownBeforeUse,
  },
  {
    ...base,
    id: 'rotation/revoked-authority-refused',
    catalogue: 'MESH-ROT-08',
    subject: 'workload-api-client',
    title: 'After its authority was revoked, an SVID is refused that was good before',
    danger: 'a compromised authority is trusted for ever',
    judge: exchanges('rotation/revoked-authority-refused', ['server', 'client']),
  },
  {
    ...base,
    id: 'rotation/ticket-not-past-authority',
    catalogue: 'MESH-TLS-04',
    level: 'SHOULD',
    subject: 'validator',
    title: 'A session ticket does not outlive the authority behind its SVID',
    danger: 'a revoked identity goes on by resuming',
    judge: exchanges('rotation/ticket-not-past-authority', ['server']),
  },
];

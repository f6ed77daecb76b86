import type { SpiffeController } from '../controller.ts';
import type { Handshake } from '../node/handshake.ts';
import type { Rotations } from '../observability/observe.ts';

/** Somebody who was let in, or whom a call led to, by the last handshake with them. */
export interface SeenPeer {
  readonly spiffeId: string;
  /** Serial number of the SVID that they showed, hex. */
  readonly serial: string;
  readonly suite: string;
  /** ISO 8601. */
  readonly at: string;
  /** Handshakes with them so far. */
  readonly handshakes: number;
}

/** What a service tells of itself on `GET /mesh`: who it is right now, whom it has spoken with, and the same of the one that it calls. */
export interface ServiceState {
  readonly service: string;
  /** SPIFFE ID that it has to have. */
  readonly spiffeId: string;
  /** Absent where none is held. */
  readonly svid?: { readonly serial: string; readonly notBefore: string; readonly notAfter: string };
  readonly rotations: number;
  readonly callers: readonly SeenPeer[];
  readonly called: readonly SeenPeer[];
  /** Peers that were turned away so far. */
  readonly refused: number;
  readonly next?: ServiceState | { readonly spiffeId: string; readonly trouble: string };
}

/** Follows a controller, and tells what there is to tell of its service. */
export function followState(
  controller: SpiffeController,
  { service, spiffeId }: Pick<ServiceState, 'service' | 'spiffeId'>,
  rotations: Rotations,
): () => ServiceState {
  const seen = { server: new Map<string, SeenPeer>(), client: new Map<string, SeenPeer>() };
  let refused = 0;
  controller.on('handshake', ({ role, result, peer, serial = '', suite = '' }: Handshake) => {
    if (role === 'server' && result === 'refused') refused += 1;
    // Only those that are allowed come this far, so there are few.
    if (result !== 'ok' || peer === undefined) return;
    const handshakes = (seen[role].get(peer)?.handshakes ?? 0) + 1;
    seen[role].set(peer, { spiffeId: peer, serial, suite, at: new Date().toISOString(), handshakes });
  });
  return () => ({
    ...{ service, spiffeId, rotations: rotations.count, refused, ...svidOf(controller) },
    ...{ callers: [...seen.server.values()], called: [...seen.client.values()] },
  });
}

function svidOf(controller: SpiffeController): Pick<ServiceState, 'svid'> {
  try {
    const { serial, notBefore, notAfter } = controller.getIdentity().leaf;
    return { svid: { serial, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() } };
  } catch {
    // Why, /health/certificate says.
    return {};
  }
}

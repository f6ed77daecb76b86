import type { SpiffeController } from '../controller.ts';
import { refusalReason, type Handshake } from '../node/handshake.ts';
import type { Log } from './log.ts';
import type { MeshMetrics } from './metrics.ts';

/** How many SVIDs came after the first. */
export interface Rotations {
  readonly count: number;
}

/** Has all that a controller tells counted and logged, from its first identity on. */
export function observe(controller: SpiffeController, metrics: MeshMetrics, log: Log): Rotations {
  const rotations = { count: -1 };
  let trouble = '';
  controller
    .on('rotated', ({ spiffeId, leaf: { serial, notAfter } }) => {
      trouble = '';
      rotations.count += 1;
      if (rotations.count > 0) metrics.rotated();
      log('svid.rotated', { spiffeId, serial, notAfter, rotations: rotations.count });
    })
    .on('bundle', (bundles) =>
      log('bundle.updated', {
        trustDomains: [...bundles.keys()].sort().join(' '),
        authorities: [...bundles.values()].flat().length,
      }),
    )
    .on('expiring', (notAfter) => log('svid.expiring', { notAfter }))
    .on('lost', (why) => log('svid.lost', { why }))
    .on('trouble', ({ message }) => {
      // An agent that is away is asked each second.
      if (message !== trouble) log('svid.trouble', { why: message });
      trouble = message;
    })
    .on('handshake', (handshake) => {
      metrics.handshake(handshake);
      audit(handshake, log);
    });
  return {
    get count() {
      return Math.max(rotations.count, 0);
    },
  };
}

function audit({ role, result, peer = '', serial = '', suite = '', why = '', remote = '' }: Handshake, log: Log): void {
  switch (result) {
    case 'ok':
      return log('mtls.accepted', { role, peer, serial, suite, remote });
    case 'refused':
      return log('mtls.refused', { role, reason: refusalReason(why), why, remote });
    case 'error':
      return log('mtls.broken', { role, why, remote });
  }
}

import { messageOf } from '../../src/errors.ts';
import type { AskedPeer } from '../observability/health.ts';
import type { PeerClient } from './peer-client.ts';

/** Asks the service that is called who it is, over mTLS: what nobody has shown right now is not known to work. */
export async function askPeers(next: PeerClient | undefined): Promise<AskedPeer[]> {
  if (next === undefined) return [];
  const peer = next.peer.spiffeId;
  try {
    const { self } = Object(await next.body({ method: 'GET', path: '/hello' })) as { self?: unknown };
    return [self === peer ? { peer } : { peer, why: `it calls itself ${JSON.stringify(self)}` }];
  } catch (error) {
    return [{ peer, why: messageOf(error) }];
  }
}

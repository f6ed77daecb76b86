import { entriesOf, type EntryOf, type History } from '../history.ts';
import { rotationsOf } from './rotations.ts';

/** The name under which requests stand that were made before any scenario broke or changed something: that of the first one. */
export const healthy = 'healthy';

/** The name of the requests before that, which were to get nodes warm. */
export const warmUp = 'warm-up';

/** What a node bore when it was healthy, as it was measured last before an instant. */
export function capacityOf(history: History, node: string, atMs = Infinity): EntryOf<'capacity'> | undefined {
  return entriesOf(history, 'capacity').findLast((capacity) => capacity.node === node && capacity.atMs <= atMs);
}

/** The traffic to and from a node before any scenario broke or changed something. */
export function healthyTraffic(history: History, node: string): EntryOf<'request'>[] {
  return entriesOf(history, 'request').filter(
    ({ scenario, from, to }) => scenario === healthy && (from === node || to === node),
  );
}

/**
 * Whether a request is no healthy traffic after all, as a rotation may have had a part in what became of it: it was under way when either side
 * was given a new SVID, or begun within half a sync interval after that. There are meshes in which SVIDs rotate all the time.
 */
export function nearRotation(history: History, { from, to, startMs, totalMs }: EntryOf<'request'>): boolean {
  const nodes = entriesOf(history, 'node').filter(({ node }) => node === from || node === to);
  return nodes.some(({ node, syncIntervalMs }) =>
    rotationsOf(history, node, 'delivered').some(
      ({ atMs }) => atMs > startMs - syncIntervalMs / 2 && atMs < startMs + totalMs,
    ),
  );
}

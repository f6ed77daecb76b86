import type { EntryOf, History } from '../history.ts';
import { entriesOf } from '../history.ts';
import type { RotationCount } from '../report/shape.ts';

/**
 * How often each node's SVID was replaced between two instants, by what its agent delivered and by what it presented.
 * The first SVID of a node is an issuance, not a rotation. Only nodes of meshes that the scenario touched are counted.
 */
export function countRotations(history: History, scenario: string, fromMs: number, toMs: number): RotationCount[] {
  const rotations = rotationsSeen(history).filter((svid) => svid.atMs >= fromMs && svid.atMs <= toMs);
  return nodesOf(history, scenario).map((node) => ({
    node,
    delivered: rotations.filter((svid) => svid.node === node && svid.seen === 'delivered').length,
    presented: rotations.filter((svid) => svid.node === node && svid.seen === 'presented').length,
  }));
}

/** Every SVID that replaced an earlier one of the same node and SPIFFE ID. */
export function rotationsSeen(history: History): EntryOf<'svid'>[] {
  const held = new Set<string>();
  return entriesOf(history, 'svid').filter((svid) => {
    const holder = [svid.seen, svid.node, svid.spiffeId].join(' ');
    const first = !held.has(holder);
    held.add(holder);
    return !first;
  });
}

/** The nodes of the meshes that a scenario's requests, presentations and faults name; of all meshes when they name none. */
export function nodesOf(history: History, scenario: string): string[] {
  const nodes = entriesOf(history, 'node');
  const named = new Set<string>();
  for (const entry of history) {
    if (!('scenario' in entry) || entry.scenario !== scenario) continue;
    if (entry.kind === 'request') named.add(entry.from).add(entry.to);
    else if (entry.kind === 'presented') named.add(entry.node);
    else if (entry.kind === 'fault') named.add(entry.target);
  }
  const meshes = new Set(nodes.filter(({ node, mesh }) => named.has(node) || named.has(mesh)).map(({ mesh }) => mesh));
  return [...new Set(nodes.filter(({ mesh }) => meshes.size === 0 || meshes.has(mesh)).map(({ node }) => node))];
}

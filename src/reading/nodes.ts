import { entriesOf, type EntryOf, type History } from '../history.ts';

/** The names of all nodes under test. */
export function judgedNodes(history: History): ReadonlySet<string> {
  return new Set(
    entriesOf(history, 'node')
      .filter(({ judged }) => judged)
      .map(({ node }) => node),
  );
}

/** The nodes of the meshes that these names belong to: names of nodes, or of meshes themselves. */
export function nodesBeside(history: History, names: ReadonlySet<string>): EntryOf<'node'>[] {
  const nodes = entriesOf(history, 'node');
  const meshes = new Set(nodes.filter(({ node, mesh }) => names.has(node) || names.has(mesh)).map(({ mesh }) => mesh));
  return nodes.filter(({ mesh }) => meshes.has(mesh));
}

/** By node, the SPIFFE ID that it is to speak with. */
export function spiffeIdsOf(history: History): ReadonlyMap<string, string> {
  return new Map(entriesOf(history, 'node').map(({ node, spiffeId }) => [node, spiffeId]));
}

/** The wall-clock instant, in milliseconds, at which the run's own clock stood at zero: certificates are judged by it. NaN where nothing says so. */
export function zeroOf(history: History): number {
  return Date.parse(entriesOf(history, 'run-started')[0]?.startedAt ?? '');
}

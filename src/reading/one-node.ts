import { entriesOf, type Entry, type History } from '../history.ts';

/**
 * The history as if `node` had been the only one under test: what it says of other nodes under test is left out, and of nodes that are
 * no peers of this one. What concerns nobody in particular stays, and so do the lines of all that is left.
 */
export function historyOfNode(history: History, node: string): History {
  const nodes = entriesOf(history, 'node');
  const own = nodes.find((entry) => entry.node === node);
  const stays = (entry: (typeof nodes)[number]) =>
    entry.node === node || (own?.peers?.includes(entry.node) ?? (!entry.judged && entry.mesh === own?.mesh));
  const others = new Set(nodes.filter((entry) => !stays(entry)).map((entry) => entry.node));
  return history
    .filter((entry) => !nodesOf(entry).some((name) => others.has(name)))
    .map((entry) =>
      entry.kind === 'fault' && entry.nodes !== undefined
        ? { ...entry, nodes: entry.nodes.filter((name) => !others.has(name)) }
        : entry,
    );
}

/** The history as if no clauses but these had been chosen for the run. */
export function historyOfClauses(history: History, clauses: readonly string[]): History {
  return history.map((entry) => (entry.kind === 'run-started' ? { ...entry, clauses } : entry));
}

/** The nodes that an entry is about; what is about a mesh or a run names none. */
function nodesOf(entry: Entry): readonly string[] {
  if (entry.kind === 'request') return [entry.from, entry.to];
  if (entry.kind === 'fault') return [entry.target];
  if (entry.kind === 'plane') return [entry.plane.replace(/^mesh node /, '')];
  return 'node' in entry && entry.node !== undefined ? [entry.node] : [];
}

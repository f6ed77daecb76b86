import { escaped } from '../src/escaped.ts';

/** The names that a reason mentions: of the nodes under test, of those that are not, and of their mesh. */
export interface ToldOf {
  readonly nodes: readonly string[];
  readonly peers: readonly string[];
  readonly mesh: string;
}

/** A reason as impostors expect it, whatever its nodes are called: with NODE for one under test, PEER for one beside it, and MESH. */
export function told(reason: string, { nodes, peers, mesh }: ToldOf): string {
  return renamed(renamed(reason, nodes, 'NODE'), peers, 'PEER').replaceAll(`probe of ${mesh}`, 'probe of MESH');
}

/** Whole names only: a service may be called like a node, and one name may be a part of another. */
function renamed(text: string, names: readonly string[], to: string): string {
  return names.reduce((all, name) => all.replaceAll(wholeName(name), to), text);
}

function wholeName(name: string): RegExp {
  return new RegExp(`(?<![\\w./-])${escaped(name)}(?![\\w/-]|\\.\\w)`, 'g');
}

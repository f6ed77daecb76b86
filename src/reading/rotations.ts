import { entriesOf, type EntryOf, type History } from '../history.ts';

type Svid = EntryOf<'svid'>;

/** The SVIDs that a node was given by its agent or showed to its peers, in the order of time. */
export function svidsOf(history: History, node: string, seen?: Svid['seen']): Svid[] {
  return inOrder(history, (svid) => svid.node === node && (seen === undefined || svid.seen === seen));
}

/** The SVIDs that agents gave to their nodes, in the order of time. */
export function deliveries(history: History): Svid[] {
  return inOrder(history, ({ seen }) => seen === 'delivered');
}

/** In the order of time: what another thread saw comes into the history a little later. */
function inOrder(history: History, wanted: (svid: Svid) => boolean): Svid[] {
  return entriesOf(history, 'svid')
    .filter(wanted)
    .sort((one, other) => one.atMs - other.atMs);
}

/**
 * The rotations of a node: every SVID that came in the place of an earlier one, the first time that it was seen so. The very first SVID
 * of a node is an issuance and replaced nothing.
 */
export function rotationsOf(history: History, node: string, seen: Svid['seen']): Svid[] {
  const serials = new Set<string>();
  const first = svidsOf(history, node, seen).filter(({ serial }) => serials.size < serials.add(serial).size);
  return first.slice(1);
}

/** How many rotations of a node there were between two instants, by what its agent delivered and by what it presented. */
export interface RotationCount {
  readonly node: string;
  readonly delivered: number;
  readonly presented: number;
}

export function countRotations(history: History, node: string, fromMs: number, toMs: number): RotationCount {
  const count = (seen: Svid['seen']) =>
    rotationsOf(history, node, seen).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).length;
  return { node, delivered: count('delivered'), presented: count('presented') };
}

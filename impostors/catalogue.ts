import type { Impostor } from './impostor.ts';
import { partitionImpostors } from './partition.ts';
import { pinningImpostors } from './pinning.ts';
import { planeImpostors } from './planes.ts';
import { rotationImpostors } from './rotation.ts';
import { svidImpostors } from './svid.ts';
import { ticketImpostors } from './tickets.ts';
import { tlsImpostors } from './tls.ts';
import { tokenImpostors } from './tokens.ts';

/** All impostors, in the order of the promises that they break. Ids are unique; a second of the same name is an error. */
export const impostors: readonly Impostor[] = [
  ...tlsImpostors,
  ...ticketImpostors,
  ...planeImpostors,
  ...pinningImpostors,
  ...svidImpostors,
  ...tokenImpostors,
  ...rotationImpostors,
  ...partitionImpostors,
];

const ids = impostors.map(({ id }) => id);
const twice = ids.find((id, at) => ids.indexOf(id) !== at);
if (twice !== undefined) throw new TypeError(`impostor ${twice} stands twice in the catalogue`);

import t from 'tap';
import { told } from './told.ts';

const names = { nodes: ['pin-below', 'a.b'], peers: ['peer', 'like-pin-below'], mesh: 'crowd' };

for (const [reason, expected] of [
  ['pin-below as server: one more segment: accepted', 'NODE as server: one more segment: accepted'],
  ['peer → pin-below at 1.00 s: reset', 'PEER → NODE at 1.00 s: reset'],
  ['the first probe of crowd → pin-below', 'the first probe of MESH → NODE'],
  ['like-pin-below → pin-below, and pin-below-parent', 'PEER → NODE, and pin-below-parent'],
  ['spiffe://td/service/peer, allowed but not asked for', 'spiffe://td/service/peer, allowed but not asked for'],
  ['a.b: called as nobody, axb: not', 'NODE: called as nobody, axb: not'],
  ['rotations seen: pin-below 7, peer 8.', 'rotations seen: NODE 7, PEER 8.'],
] as const)
  await t.test(reason, async (t) => t.equal(told(reason, names), expected));

import { clauses } from '../src/clauses/catalogue.ts';
import { chainImpostors } from './mistakes/chain.ts';
import { comparingImpostors } from './mistakes/comparing.ts';
import { fieldImpostors } from './mistakes/fields.ts';
import { doorImpostors } from './mistakes/door.ts';
import type { Impostor } from './impostor.ts';
import { intermediateImpostors } from './mistakes/intermediates.ts';
import { nodeImpostors } from './mistakes/node.ts';
import { outageImpostors } from './mistakes/outage.ts';
import { partitionImpostors } from './mistakes/partition.ts';
import { pinningImpostors } from './mistakes/pinning.ts';
import { planeImpostors } from './mistakes/planes.ts';
import { refusingImpostors } from './mistakes/refusing.ts';
import { rotationImpostors } from './mistakes/rotation.ts';
import { rustlsImpostors } from './mistakes/rustls.ts';
import { shownImpostors } from './mistakes/shown.ts';
import { spellingImpostors } from './mistakes/spelling.ts';
import { svidImpostors } from './mistakes/svid.ts';
import { ticketImpostors } from './mistakes/tickets.ts';
import { timeImpostors } from './mistakes/times.ts';
import { tlsImpostors } from './mistakes/tls.ts';
import { tokenRecordImpostors } from './mistakes/token-records.ts';
import { tokenImpostors } from './mistakes/tokens.ts';
import { trafficImpostors } from './mistakes/traffic.ts';
import { vouchingImpostors } from './mistakes/vouching.ts';

const all: readonly Impostor[] = [
  ...tlsImpostors,
  ...ticketImpostors,
  ...planeImpostors,
  ...pinningImpostors,
  ...comparingImpostors,
  ...svidImpostors,
  ...chainImpostors,
  ...intermediateImpostors,
  ...shownImpostors,
  ...spellingImpostors,
  ...fieldImpostors,
  ...timeImpostors,
  ...vouchingImpostors,
  ...refusingImpostors,
  ...[...tokenImpostors, ...tokenRecordImpostors],
  ...trafficImpostors,
  ...rotationImpostors,
  ...partitionImpostors,
  ...outageImpostors,
  ...nodeImpostors,
  ...doorImpostors,
  ...rustlsImpostors,
];

const places = new Map<string, number>(clauses.map(({ id }, at) => [id, at]));
const placeOf = ({ breaks }: Impostor) => places.get(breaks) ?? clauses.length;

/** All impostors, in the order of the clauses that they break. Ids are unique; a second of the same name is an error. */
export const impostors: readonly Impostor[] = all.toSorted((one, other) => placeOf(one) - placeOf(other));

const ids = impostors.map(({ id }) => id);
const twice = ids.find((id, at) => ids.indexOf(id) !== at);
if (twice !== undefined) throw new TypeError(`impostor ${twice} stands twice in the catalogue`);

import type { Clause } from '../clause.ts';
import { partitionClauses } from './partition.ts';
import { pinningClauses } from './pinning.ts';
import { planeClauses } from './planes.ts';
import { rotationClauses } from './rotation.ts';
import { tlsClauses } from './tls.ts';
import { tokenClauses } from './tokens.ts';

/** Every clause that has a check, in the order of the five promises. Ids are unique; a second of the same name is an error. */
export const clauses: readonly Clause[] = [
  ...tlsClauses,
  ...planeClauses,
  ...pinningClauses,
  ...tokenClauses,
  ...rotationClauses,
  ...partitionClauses,
];

const ids = clauses.map(({ id }) => id);
const twice = ids.find((id, at) => ids.indexOf(id) !== at);
if (twice !== undefined) throw new TypeError(`clause ${twice} stands twice in the catalogue`);

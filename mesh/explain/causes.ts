import { type Cause } from './cause.ts';
import { handshakeCauses } from './handshake.ts';
import { helperCauses } from './helper.ts';
import { rotationCauses } from './rotation.ts';

/** All that is looked for, tree by tree, each in the order in which a person would. */
export const causes: readonly Cause[] = [...rotationCauses, ...handshakeCauses, ...helperCauses];

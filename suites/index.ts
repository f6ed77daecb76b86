import { pinning } from './identity/matrix.ts';
import { planes, postQuantum } from './mesh/planes.ts';
import { tls } from './mesh/tls.ts';
import { tokens } from './mesh/tokens.ts';
import type { Suite } from './suite.ts';

/** All suites, in the order in which they are listed to a person; they run side by side. */
export const suites: readonly Suite[] = [tls, pinning, planes, tokens, postQuantum];

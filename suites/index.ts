import { pinning } from './identity/matrix.ts';
import { bundle } from './mesh/bundle.ts';
import { life } from './mesh/node.ts';
import { planes, postQuantum } from './mesh/planes.ts';
import { standing } from './mesh/standing.ts';
import { possession } from './mesh/possession.ts';
import { tls } from './mesh/tls.ts';
import { tokens } from './mesh/tokens.ts';
import { shownIntermediates } from './workload-api/intermediates.ts';
import { ended } from './x509-svid/ended.ts';
import { shown } from './x509-svid/shown.ts';
import type { Suite } from './suite.ts';

/** All suites, in the order in which they are listed to a person; they run side by side. */
export const suites: readonly Suite[] = [
  ...[tls, pinning, ended, standing, possession, shown, shownIntermediates],
  ...[bundle, planes, tokens, postQuantum, life],
];

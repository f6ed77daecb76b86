import type { Conformer } from './conformer.ts';
import { adminStyles } from './styles/admin.ts';
import { answerStyles } from './styles/answers.ts';
import { goStyles } from './styles/go.ts';
import { handshakeStyles } from './styles/handshakes.ts';
import { identityStyles } from './styles/identity.ts';
import { meshStyles } from './styles/meshes.ts';
import { programStyles } from './styles/programs.ts';
import { refusalStyles } from './styles/refusals.ts';
import { rustStyles } from './styles/rust.ts';
import { trafficStyles } from './styles/traffic.ts';

/** All that nothing may fail and nothing may be left open of. Ids are unique, also among those of impostors. */
export const conformers: readonly Conformer[] = [
  {
    kind: 'node',
    id: 'reference-node',
    title: "Assay's reference node: TypeScript, node:tls and a Workload API client of its own",
    judgedBy: [],
    wholeGate: true,
    change: {},
  },
  {
    kind: 'tool',
    id: 'go-node',
    title: 'A node in Go: crypto/tls and go-spiffe',
    judgedBy: [],
    wholeGate: true,
    tool: 'assay-go-node',
    args: [],
  },
  ...answerStyles,
  ...refusalStyles,
  ...handshakeStyles,
  ...identityStyles,
  ...adminStyles,
  ...trafficStyles,
  ...programStyles,
  ...goStyles,
  ...rustStyles,
  ...meshStyles,
];

const ids = conformers.map(({ id }) => id);
const twice = ids.find((id, at) => ids.indexOf(id) !== at);
if (twice !== undefined) throw new TypeError(`conformer ${twice} stands twice in the catalogue`);

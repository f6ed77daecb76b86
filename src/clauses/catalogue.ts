import type { Clause, DeclaredClause } from '../clause.ts';
import * as meshNode from './mesh/node.ts';
import * as meshOutage from './mesh/outage.ts';
import * as meshPartition from './mesh/partition.ts';
import * as meshPause from './mesh/pause.ts';
import * as meshPinning from './mesh/pinning.ts';
import * as meshPlanes from './mesh/planes.ts';
import * as meshRestart from './mesh/restart.ts';
import * as meshRotation from './mesh/rotation.ts';
import * as meshTls from './mesh/tls.ts';
import * as meshTokens from './mesh/tokens.ts';
import * as meshTraffic from './mesh/traffic.ts';
import * as spiffeIdProof from './spiffe-id/proof.ts';
import * as spiffeIdSyntax from './spiffe-id/syntax.ts';
import * as workloadApiX509Svid from './workload-api/x509-svid.ts';
import * as x509SvidChain from './x509-svid/chain.ts';
import * as x509SvidLeaf from './x509-svid/leaf.ts';
import * as x509SvidPath from './x509-svid/path.ts';
import * as x509SvidShown from './x509-svid/shown.ts';

// In the order of the five promises; within a file clauses stand as they are declared.
const files = [
  ...[meshTls, meshPlanes],
  ...[
    meshPinning,
    x509SvidPath,
    x509SvidChain,
    x509SvidLeaf,
    x509SvidShown,
    spiffeIdSyntax,
    spiffeIdProof,
    workloadApiX509Svid,
  ],
  ...[meshTokens, meshTraffic, meshRotation, meshPartition, meshOutage, meshNode, meshRestart, meshPause],
] as const;

type DeclaredIn<File> = File extends unknown ? File[keyof File] : never;

/** The ids of all clauses that have a check. */
export type ClauseId = Extract<DeclaredIn<(typeof files)[number]>, Clause>['id'];

/** A clause of the catalogue: one that has a check. */
export type KnownClause = Clause<ClauseId>;

/** Every clause that has a check. Ids are unique; a second of the same name is an error. */
export const clauses: readonly KnownClause[] = files.flatMap((file) =>
  Object.values<DeclaredClause<ClauseId>>(file).sort((one, other) => one.place - other.place),
);

const byId = new Map<string, KnownClause>(clauses.map((clause) => [clause.id, clause]));
if (byId.size < clauses.length) {
  const twice = clauses.find((clause) => byId.get(clause.id) !== clause);
  throw new TypeError(`clause ${twice?.id} stands twice in the catalogue`);
}

/** The clause of this id, or undefined when the catalogue has none. */
export function findClause(id: string): KnownClause | undefined {
  return byId.get(id);
}

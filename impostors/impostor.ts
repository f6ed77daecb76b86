import { fileURLToPath } from 'node:url';
import type { ClauseId } from '../src/clauses/catalogue.ts';
import type { MeshNodeSpec, MeshSpec } from '../fixtures/target/mesh-spec.ts';
import { placeOf, type ToolName } from '../fixtures/toolchain/toolchain.ts';
import type { Behaviour } from '../mesh/node/behaviour.ts';
import { nodeMain } from './conformer.ts';
import type { Issuer } from './issuer.ts';
import type { Beside } from './right-port.ts';
import type { ChangeOfService } from './right-service.ts';

/** A right implementation but for one thing, and the clause that has to notice. */
export type Impostor =
  | ImpostorNode
  | ImpostorProgram
  | ImpostorTool
  | ImpostorDeployment
  | StandIn
  | ImpostorIssuer
  | ImpostorPort
  | ImpostorService;

interface What {
  readonly id: string;
  /** What it does wrong. */
  readonly title: string;
  /** The clause that it breaks. */
  readonly breaks: ClauseId;
  /** What that clause has to give as its reason, with the names that told.ts puts in: NODE, PEER and MESH. */
  readonly reason: RegExp;
  /** Where somebody made this mistake, or is warned of it: a CVE or CWE number, `owner/repository#number`, or a document and its section. */
  readonly source?: string;
  /** What is said of it where it stands; left out: nothing beside what is said of every node. */
  readonly node?: Pick<MeshNodeSpec, 'sessions'>;
  /** Whoever shares a mesh with it waits for it far longer than they work. */
  readonly keepsWaiting?: true;
  /** Left out: it fails. Inconclusive where it is the experiment that was sabotaged, so that nothing may be decided. */
  readonly verdict?: 'inconclusive';
}

/** The reference node with one decision changed. */
export interface ImpostorNode extends What {
  readonly kind: 'node';
  readonly change: Partial<Behaviour> | (() => Promise<Partial<Behaviour>>);
  /** Every node of the mesh is one: what both ends of a connection have to get wrong. */
  readonly everywhere?: true;
}

/** Another program that obeys the node contract, and takes one liberty. */
export interface ImpostorProgram extends What {
  readonly kind: 'program';
  readonly main: URL;
}

/** A node of the toolchain that takes one liberty when its arguments say so. */
export interface ImpostorTool extends What {
  readonly kind: 'program';
  readonly tool: ToolName;
  readonly args: readonly string[];
}

/** The real SPIRE, deployed with one setting changed. */
export interface ImpostorDeployment extends What {
  readonly kind: 'deployment';
  readonly deployment: Partial<Pick<MeshSpec, 'requirePqKem' | 'auditLog' | 'joinTokenTtlSeconds'>>;
}

/** The real program behind a wrapper that changes one thing about it: see stand-in.ts. */
export interface StandIn extends What {
  readonly kind: 'spire-server' | 'spire-agent' | 'toxiproxy';
}

/** A server that issues and redeems join tokens, in this process. */
export interface ImpostorIssuer extends What {
  readonly kind: 'issuer';
  readonly change: Partial<Issuer>;
}

/** A port that takes more key exchanges than were promised, or is not the SPIRE server's, in this process. */
export interface ImpostorPort extends What {
  readonly kind: 'port';
  /** As OpenSSL lists them; those that are promised when absent. */
  readonly groups?: string;
  /** The ID that it shows; that of the SPIRE server when absent. */
  readonly shows?: string;
  /** What else listens there; one that is declared and right when absent. */
  readonly beside?: Beside;
}

/** The reference node with one decision that is another one for a while, each time that it comes: in a mesh of its own, in this process. */
export interface ImpostorService extends What {
  readonly kind: 'service';
  readonly change: ChangeOfService;
}

/** How an impostor is started that obeys the node contract. A program of the toolchain has to be located before it is. */
export function commandOf(impostor: ImpostorNode | ImpostorProgram | ImpostorTool): readonly string[] {
  if ('tool' in impostor) return [placeOf(impostor.tool), ...impostor.args];
  return impostor.kind === 'program' ? [process.execPath, fileURLToPath(impostor.main)] : nodeMain(impostor.id);
}

import {
  commandOf,
  type Impostor,
  type ImpostorNode,
  type ImpostorProgram,
  type StandIn,
} from '../impostors/impostor.ts';
import { referenceNode, type MeshNodeSpec } from '../fixtures/target/mesh-spec.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { suites } from '../suites/index.ts';
import type { Suite } from '../suites/suite.ts';
import { meshSpecs } from './meshes.ts';
import { clausesOf, type Chosen, type LoadProfile, type Part } from './plan.ts';

/**
 * Impostors that are judged in one run. In a crowd each of them is a node under test of one mesh, named by its id; otherwise there is one, and
 * it is the mesh itself or what stands in its place.
 */
export interface Batch {
  readonly id: string;
  readonly kind: 'crowd' | 'mesh' | 'issuer';
  readonly impostors: readonly Impostor[];
  /** The clauses that they break. */
  readonly chosen: Chosen;
  readonly part: Part;
  /** The share of two cores that it keeps busy: what adds up to more than 1 is not to run side by side. */
  readonly weight: number;
}

/** The node of each crowd that is right: the reference node, under test like the impostors beside it. Nothing may fail it. */
export const rightNode = 'right-node';

type InCrowd = ImpostorNode | ImpostorProgram | (StandIn & { readonly kind: 'spire-agent' });

/**
 * The runs that show whether these impostors are caught: those that the same suites or the same scenario decide share a mesh, as far as they are
 * nodes. Only what decides their clauses runs.
 *
 * @param most - how many share a mesh at most
 * @param standIn - the path of the program that stands in for the node's agent
 */
export function selfTestBatches(
  impostors: readonly Impostor[],
  standIn: (impostor: StandIn) => string,
  most = mostInCrowd,
): readonly Batch[] {
  const crowds = Map.groupBy(impostors.filter(isInCrowd), (impostor) => crowdOf(decider(impostor)));
  return [
    ...[...crowds].flatMap(([name, all]) =>
      evenly(all, Math.min(most, crowding[name]?.most ?? mostInCrowd)).map((some, at, { length }) =>
        crowd(length > 1 ? `${name}-${at + 1}` : name, some, standIn),
      ),
    ),
    ...impostors.filter((impostor) => !isInCrowd(impostor)).map(alone),
  ];
}

// Each has an agent of its own, as on a real host: together some 60 MB. The more start at once, the more they keep each other waiting: on two
// cores a crowd of 8 to 16 is the cheapest, and one of 36 takes a third more of processor time.
const mostInCrowd = 10;

/** A sabotaged experiment would spoil it for all, and SPIRE's own listeners belong to no node. */
function isInCrowd(impostor: Impostor): impostor is InCrowd {
  const { kind, verdict } = impostor;
  const isNode = kind === 'node' || kind === 'program' || (kind === 'spire-agent' && verdict !== 'inconclusive');
  return isNode && looksAtNodes(decider(impostor));
}

/** Whether it looks at one node after the other, so that many may stand side by side. What is about SPIRE itself has clauses without a role. */
function looksAtNodes(one: Suite | Scenario): boolean {
  return !('decides' in one) || clausesOf(one).every(({ roles }) => roles.length > 0);
}

function decider({ id, breaks }: Impostor): Suite | Scenario {
  const found = [...suites, ...scenarios].find((one) => clausesOf(one).some((clause) => clause.id === breaks));
  if (found === undefined) throw new TypeError(`impostor ${id} breaks ${breaks}, which no suite or scenario decides`);
  return found;
}

function crowdOf(one: Suite | Scenario): string {
  return 'decides' in one ? 'suites' : one.id;
}

function evenly<T>(all: readonly T[], most: number): T[][] {
  const parts = Math.ceil(all.length / most);
  const size = Math.ceil(all.length / parts);
  return Array.from({ length: parts }, (_, at) => all.slice(at * size, (at + 1) * size));
}

function crowd(id: string, impostors: readonly InCrowd[], standIn: (impostor: StandIn) => string): Batch {
  const deciders = [...new Set(impostors.map(decider))];
  const [first] = deciders;
  const scenario = first !== undefined && !('decides' in first) ? first : undefined;
  const specs = meshSpecs(undefined, {});
  const nodes = [...impostors.flatMap((impostor) => nodesOf(impostor, standIn)), right];
  const common = { id, kind: 'crowd', impostors, chosen: chosenBy(impostors) } as const;
  if (scenario === undefined) {
    // Nothing rotates meanwhile: that is not what these suites look at, and so many agents would keep the machine busy with it.
    const mesh = { ...specs.steady, name: id, svidTtlSeconds: 3600, syncIntervalMs: 1_000, nodes };
    const inIt = suites.filter((suite) => deciders.includes(suite));
    return { ...common, part: { mesh, suites: inIt, scenarios: [], load: none }, weight: 0.5 };
  }
  const { weight = 1, load = light, syncIntervalMs } = crowding[scenario.id] ?? {};
  const spec = specs[scenario.mesh];
  const mesh = {
    ...spec,
    name: id,
    syncIntervalMs: syncIntervalMs ?? spec.syncIntervalMs,
    nodes: [...nodes, peer, rightPeer],
  };
  return { ...common, part: { mesh, suites: [], scenarios: [scenario], load }, weight };
}

function nodesOf(impostor: InCrowd, standIn: (impostor: StandIn) => string): MeshNodeSpec[] {
  const own = { ...node(impostor.id, 'peer'), implementation: impostor.id };
  if (impostor.kind === 'spire-agent') return [{ ...own, agent: standIn(impostor) }];
  const command = commandOf(impostor);
  if (impostor.kind === 'program' || impostor.everywhere !== true) return [{ ...own, command }];
  const like = `like-${impostor.id}`;
  return [
    { ...own, command, peers: [like] },
    { ...node(like, impostor.id), judged: false, implementation: impostor.id, command },
  ];
}

function node(name: string, ...peers: readonly string[]): MeshNodeSpec {
  const implementation = "Assay's reference node";
  return { name, service: `of-${name}`, judged: true, implementation, command: referenceNode, peers };
}

const right = node(rightNode, 'right-peer');
const rightPeer: MeshNodeSpec = { ...node('right-peer'), judged: false };
const peer: MeshNodeSpec = { ...node('peer'), judged: false };

function alone(impostor: Impostor): Batch {
  const one = decider(impostor);
  const isSuite = 'decides' in one;
  const spec = meshSpecs(undefined, impostor.kind === 'deployment' ? impostor.deployment : {})[one.mesh];
  // A scenario has to see that nodes call each other; the suites that are left look at SPIRE itself.
  // What a server does to its agents shows in the order in which they hear of it: of two, both may hear in the same moment.
  const more = impostor.kind === 'spire-server' ? [node('third', 'node-001'), node('fourth', 'node-002')] : [];
  const mesh = { ...spec, nodes: isSuite ? spec.nodes.slice(0, 1) : [...spec.nodes, ...more] };
  const part: Part = { mesh, suites: isSuite ? [one] : [], scenarios: isSuite ? [] : [one], load: light };
  const kind = impostor.kind === 'issuer' ? 'issuer' : 'mesh';
  const weight = kind === 'issuer' ? 0.1 : 0.3;
  return { id: impostor.id, kind, impostors: [impostor], chosen: chosenBy([impostor]), part, weight };
}

function chosenBy(impostors: readonly Impostor[]): Chosen {
  return new Set(impostors.map(({ breaks }) => breaks));
}

const none: LoadProfile = {
  ...{ perSecond: { toNode: 0, betweenNodes: 0, fromNode: 0 }, keptPerSecond: 0, resume: 0 },
};

// A node of a crowd and its peer bear 38 new connections a second, of which the usual 248 are more than six times as many.
const light: LoadProfile = {
  ...{ perSecond: { toNode: 12, betweenNodes: 4, fromNode: 3 }, keptPerSecond: 4, resume: 0.05 },
  share: 0.15,
};

/** What a scenario asks for where many nodes share its mesh. */
interface Crowding {
  readonly most?: number;
  readonly weight: number;
  readonly load: LoadProfile;
  readonly syncIntervalMs?: number;
}

const crowding: Readonly<Record<string, Crowding>> = {
  // Each sync of an agent brings a new SVID: the fewer there are, the more nodes the machine bears. The scenario lasts as long either way.
  rotation: { most: 8, weight: 1, load: light, syncIntervalMs: 500 },
  'partition-short': { weight: 0.5, load: { ...light, share: 0.5 } },
  'partition-long': {
    weight: 0.5,
    load: { perSecond: { toNode: 4, betweenNodes: 10, fromNode: 0 }, keptPerSecond: 0, resume: 0 },
  },
};

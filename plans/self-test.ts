import { commandOfConformer, type Conformer, type JudgedBy, type MeshStyle } from '../impostors/conformer.ts';
import {
  commandOf,
  type Impostor,
  type ImpostorNode,
  type ImpostorProgram,
  type ImpostorTool,
  type StandIn,
} from '../impostors/impostor.ts';
import { referenceNode, type MeshNodeSpec, type MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { ToolName } from '../fixtures/toolchain/toolchain.ts';
import { scenarios as all } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { suites } from '../suites/index.ts';
import type { Suite } from '../suites/suite.ts';
import { loads } from './gate.ts';
import { meshSpecs } from './meshes.ts';
import { clausesOf, looksAtOthersAlone, noLoad, type Chosen, type LoadProfile, type Part } from './plan.ts';

/**
 * Impostors or conformers that are judged in one run. In a crowd each of them is a node under test of one mesh, named by its id; otherwise
 * there is one impostor, and it is the mesh itself or what stands in its place in this process.
 */
export interface Batch {
  readonly id: string;
  readonly kind: 'crowd' | 'mesh' | 'here';
  readonly impostors: readonly Impostor[];
  readonly conformers: readonly Conformer[];
  /** The clauses that the impostors break, or all that is decided of conformers. */
  readonly chosen: Chosen;
  readonly part: Part;
  /** The share of two cores that it keeps busy: what adds up to more than 1 is not to run side by side. */
  readonly weight: number;
}

/** The node of each crowd that is right: the reference node, under test like the impostors beside it. Nothing may fail it. */
export const rightNode = 'right-node';

type Crowds = Map<string, InCrowd[]>;

type InCrowd = ImpostorNode | ImpostorProgram | ImpostorTool | (StandIn & { readonly kind: 'spire-agent' });

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
  const [patient, brisk] = [true, false].map((waits) =>
    Map.groupBy(
      impostors.filter(isInCrowd).filter(({ keepsWaiting = false }) => keepsWaiting === waits),
      (impostor) => crowdOf(decider(impostor)),
    ),
  ) as [Crowds, Crowds];
  return [
    ...[...brisk].flatMap(([name, all]) =>
      evenly(all, Math.min(most, crowding[name]?.most ?? mostInCrowd)).map((some, at, { length }) =>
        crowd(length > 1 ? `${name}-${at + 1}` : name, some, standIn),
      ),
    ),
    // Alone, and beside others that are: they keep nobody waiting then, and next to nothing busy.
    ...[...patient].flatMap(([name, all]) =>
      all.map((one) => ({ ...crowd(`${name}-${one.id}`, [one], standIn), weight: aloneWeight })),
    ),
    ...impostors.filter((impostor) => !isInCrowd(impostor)).map(alone),
  ];
}

const onOurs = suites.filter((suite) => !looksAtOthersAlone(suite));
const scenarios = all.filter(({ ofOthers }) => !ofOthers);

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
  // What is decided in meshes of others alone is judged of one that stands for such a mesh.
  const found = [...onOurs, ...scenarios, ...all].find((one) => clausesOf(one).some((clause) => clause.id === breaks));
  if (found === undefined) throw new TypeError(`impostor ${id} breaks ${breaks}, which no suite or scenario decides`);
  return found;
}

function crowdOf(one: Suite | Scenario): string {
  if (!('decides' in one)) return one.id;
  return one.mesh === 'steady' ? 'suites' : `suites-${one.mesh}`;
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
  const nodes = [...impostors.flatMap((impostor) => nodesOf(impostor, standIn)), right];
  const common = { id, kind: 'crowd', impostors, conformers: [], chosen: chosenBy(impostors) } as const;
  return scenario === undefined
    ? {
        ...common,
        ...underSuites(
          id,
          onOurs.filter((suite) => deciders.includes(suite)),
          nodes,
        ),
      }
    : { ...common, ...underScenario(id, scenario, [...nodes, peer, rightPeer]) };
}

type Under = Pick<Batch, 'part' | 'weight'>;

// Some suites need a mesh that is below another authority; the others do not mind.
const everySuite = { upstreamAuthority: 'root' } as const;

function underSuites(
  name: string,
  some: readonly Suite[],
  nodes: readonly MeshNodeSpec[],
  change: Partial<MeshSpec> = {},
): Under {
  // Nothing rotates meanwhile: that is not what these suites look at, and so many agents would keep the machine busy with it.
  const still = { calmAtFirst: false, svidTtlSeconds: 3600, syncIntervalMs: 1_000 };
  const spec = meshSpecs(undefined, {})[some[0]?.mesh ?? 'steady'];
  const mesh = { ...spec, ...change, ...still, name, nodes };
  return { part: { mesh, suites: some, scenarios: [], load: noLoad }, weight: 0.5 };
}

function underScenario(name: string, scenario: Scenario, nodes: readonly MeshNodeSpec[], style?: MeshStyle): Under {
  const { weight = 1, load = light, timing } = crowding[scenario.id] ?? {};
  const mesh = { ...meshSpecs(undefined, {})[scenario.mesh], ...timing, ...style?.spec, name, nodes };
  return { part: { mesh, suites: [], scenarios: [scenario], load }, weight };
}

/**
 * The runs that show that nothing fails these conformers: those that are judged by the same suites or the same scenario, in a mesh of the same
 * style, stand in crowds of their own. All that is decided of a node there is decided of each, and all in it are right, so that no other node
 * has to show that the mesh is.
 *
 * @param by - what they are judged by; each conformer has to name it
 * @param most - how many share a mesh at most
 * @param tool - the path of a program of the toolchain
 */
export function conformerBatches(
  conformers: readonly Conformer[],
  by: JudgedBy,
  tool: (name: ToolName) => string,
  most = mostInCrowd,
): readonly Batch[] {
  // Nothing is declared of them.
  const ofNodes = onOurs.filter((suite) => looksAtNodes(suite) && !suite.needs.includes('declared-sessions'));
  const scenario = scenarios.find(({ id }) => id === by);
  const chosen = new Set((scenario === undefined ? ofNodes : [scenario]).flatMap(clausesOf).map(({ id }) => id));
  return [...Map.groupBy(conformers, ({ mesh }) => mesh)].flatMap(([style, all]) =>
    evenly(all, Math.min(most, crowding[by]?.most ?? mostInCrowd)).map((some, at, { length }): Batch => {
      const id = ['conformers', by, ...(style ? [style.id] : []), ...(length > 1 ? [at + 1] : [])].join('-');
      const nodes = some.map((conformer) => ({
        ...node(conformer.id, 'peer'),
        ...conformer.node,
        implementation: conformer.id,
        command: commandOfConformer(conformer, tool),
      }));
      // Of one that is alone nobody could be taken for the peer that it asked for.
      const under =
        scenario === undefined
          ? underSuites(id, ofNodes, some.length > 1 ? nodes : [...nodes, peer], { ...everySuite, ...style?.spec })
          : underScenario(id, scenario, [...nodes, peer], style);
      // A mesh of another style may have a few nodes only.
      const weight = under.weight * (some.length > 2 ? 1 : 0.5);
      return { id, kind: 'crowd', impostors: [], conformers: some, chosen, ...under, weight };
    }),
  );
}

function nodesOf(impostor: InCrowd, standIn: (impostor: StandIn) => string): MeshNodeSpec[] {
  const own = { ...node(impostor.id, 'peer'), ...impostor.node, implementation: impostor.id };
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

/** A mesh of few nodes, which are looked at one by one. */
const aloneWeight = 0.3;

function alone(impostor: Impostor): Batch {
  const one = decider(impostor);
  const isSuite = 'decides' in one;
  const spec = meshSpecs(undefined, impostor.kind === 'deployment' ? impostor.deployment : {})[one.mesh];
  // A scenario has to see that nodes call each other; the suites that are left look at SPIRE itself.
  // What a server does to its agents shows in the order in which they hear of it: of two, both may hear in the same moment.
  const more = impostor.kind === 'spire-server' ? [node('third', 'node-001'), node('fourth', 'node-002')] : [];
  const mesh = { ...spec, nodes: isSuite ? spec.nodes.slice(0, 1) : [...spec.nodes, ...more] };
  const part: Part = { mesh, suites: isSuite ? [one] : [], scenarios: isSuite ? [] : [one], load: light };
  const kind = inThisProcess.has(impostor.kind) ? 'here' : 'mesh';
  // A service is looked at in a moment that is soon over.
  const weight = kind === 'here' && impostor.kind !== 'service' ? 0.1 : aloneWeight;
  return { id: impostor.id, kind, impostors: [impostor], conformers: [], chosen: chosenBy([impostor]), part, weight };
}

const inThisProcess = new Set<Impostor['kind']>(['issuer', 'port', 'service']);

function chosenBy(impostors: readonly Impostor[]): Chosen {
  return new Set(impostors.map(({ breaks }) => breaks));
}

// A node of a crowd and its peer are asked for that share of the new connections that two nodes are by the gate, and for a few more.
const light: LoadProfile = {
  ...{ perSecond: { toNode: 12, betweenNodes: 4, fromNode: 3 }, keptPerSecond: 4, resume: 0.05 },
  share: 0.15,
};

/** What a scenario asks for where many nodes share its mesh. */
interface Crowding {
  readonly most?: number;
  readonly weight: number;
  readonly load: LoadProfile;
  readonly timing?: Partial<Pick<MeshSpec, 'syncIntervalMs' | 'svidTtlSeconds'>>;
}

const shortOutage: Crowding = { most: 6, weight: 0.7, load: { ...light, share: 0.5 } };

const crowding: Readonly<Record<string, Crowding>> = {
  // The usual load: a node that loses one request in fifty has to be asked so often.
  healthy: { most: 4, weight: 1, load: loads.steady },
  // Each sync of an agent brings a new SVID: the fewer there are, the more nodes the machine bears. The scenario lasts as long either way.
  rotation: { most: 6, weight: 1, load: light, timing: { syncIntervalMs: 500 } },
  'agent-restart': { weight: 0.5, load: { ...light, share: 0.5 } },
  'partition-short': shortOutage,
  'server-hung': shortOutage,
  'server-killed': shortOutage,
  'partition-long': {
    // Each node is shown identities that end before its own SVID does: so many need a second more for it.
    most: 7,
    timing: { svidTtlSeconds: 4 },
    weight: 0.7,
    load: { perSecond: { toNode: 4, betweenNodes: 10, fromNode: 0 }, keptPerSecond: 0, resume: 0 },
  },
};

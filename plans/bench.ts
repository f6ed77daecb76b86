import type { MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { BenchRow } from '../src/history.ts';
import { yardstick, yardstickRow } from '../src/statistics/comparison.ts';
import { kneePhase } from '../src/statistics/knee.ts';
import { meshSpecs, type NodeUnderTest } from './meshes.ts';
import { programKind } from './program-kind.ts';

/** What goes on in the mesh while rows are measured, in the order in which it does. */
export const benchPhases = ['steady', 'partition', 'healed', 'storm', 'authority'] as const;
export type BenchPhase = (typeof benchPhases)[number];

/** What each phase is, for people. */
export const phaseTitles: Readonly<Record<BenchPhase, string>> = {
  steady: 'nothing changes',
  partition: 'every agent is cut from its server',
  healed: 'right after that was healed',
  storm: 'every SVID rotates several times a second',
  authority: 'the authority is replaced: prepare, activate, taint, revoke',
};

/** One way to shake hands. */
export interface Shape {
  /** The mesh node, or a server of ours that does nothing else. */
  readonly at: 'node' | 'yardstick';
  readonly resumed: boolean;
  /** The one group offered for the key exchange; left out: the generator's own choice. */
  readonly group?: string;
  readonly atMost: number;
  /** Kind of the keys that both sides show. */
  readonly key: ShapeKey;
  /** Certificates that both sides show, the leaf included. */
  readonly chain: number;
  /** Only the server shows any. */
  readonly serverOnly: boolean;
}

/** Kinds of keys, by the words of a command line. */
export const shapeKeys = { 'P-256': 'EC P-256', 'P-384': 'EC P-384', 'RSA-2048': 'RSA-2048' } as const;
export type ShapeKey = keyof typeof shapeKeys;

/** Connections a second, where nobody says otherwise. */
export const usualRate = 200;

/** Connections under way at once, where nobody says otherwise: so many that a schedule is not held up by it. */
export const usualAtMost = 1_000;

/** A full mutual handshake, as a mesh node and its peers make it. */
export const usualShape: Shape = {
  ...{ at: 'node', resumed: false, atMost: usualAtMost },
  ...{ key: 'P-256', chain: 1, serverOnly: false },
};

/** Why a shape cannot be measured, and what could; undefined where it can. */
export function whyImpossible(
  { at, key, chain, serverOnly }: Shape,
  phases: readonly BenchPhase[],
): string | undefined {
  if (at === 'yardstick') return undefined;
  if (serverOnly)
    return 'a mesh node takes no caller that shows no SVID; server-only can be measured at the yardstick, as in --row full,server-only,at=yardstick';
  if (key === 'P-384')
    return 'SPIRE issues the SVIDs of workloads on P-256 or as RSA-2048; other keys can be measured at the yardstick, as in --row full,key=P-384,at=yardstick';
  if (chain > 1 && phases.includes('authority'))
    return 'what signs behind a chain is an authority of yours, which SPIRE cannot replace: leave the phase authority out, or measure chain=1';
  return undefined;
}

export interface BenchPlan {
  /** One for each kind of SVID that is to be shown, each of all nodes that are measured, named as the rows name them. */
  readonly meshes: readonly MeshSpec[];
  /** In order; rows of a phase that are in rounds take turns, and the others follow one after the other. */
  readonly phases: readonly { readonly phase: BenchPhase; readonly rows: readonly BenchRow[] }[];
  /** The row with which the search for the rate begins at which latency bends; left out: it is not searched for. */
  readonly capacity?: BenchRow;
}

/** Who makes handshakes, and how many at once where that is bounded. */
export interface BenchGenerator extends Pick<BenchRow, 'generator' | 'loop' | 'verifies'> {
  readonly mostAtOnce?: number;
}

/** A program whose handshakes are measured: one that is started for it, or one that runs already and is called so. */
export type BenchNode = {
  readonly implementation: string;
  /** In the names of its rows, where there are several; left out: it is the only one. */
  readonly id?: string;
} & (Pick<NodeUnderTest, 'command'> | RunningNode);

interface RunningNode {
  readonly runsAs: string;
  /** In a mesh of others, so that nobody here knows what it shows. */
  readonly ofOthers: boolean;
  /** What kind of program it is, where that is known. */
  readonly on?: BenchRow['on'];
}

export interface BenchSpec {
  readonly nodes: readonly [BenchNode, ...BenchNode[]];
  readonly shapes: readonly Shape[];
  readonly phases: readonly BenchPhase[];
  readonly generators: readonly BenchGenerator[];
  readonly arrivals: 'constant' | 'poisson';
  readonly perSecond: number;
  readonly seconds: number;
  readonly capacity: boolean;
  /** Generators of ours that share a schedule. */
  readonly shards: number;
}

/**
 * The rows of a benchmark: each shape in each phase by our own generator, then the first shape once more by each of the others, in the
 * first phase alone, as what the machine costs does not change with what goes on in the mesh. Beside them a yardstick is measured, by which a
 * later run on a slower day, or on another machine, is compared with this one.
 */
export function benchPlan(spec: BenchSpec): BenchPlan {
  const [own, ...others] = spec.generators;
  const phases = benchPhases.filter((phase) => spec.phases.includes(phase));
  const meshes = meshesOf(spec);
  const row = (phase: BenchRow['phase'], { shape, nth }: Measured, by: BenchGenerator, id: string): BenchRow => ({
    kind: 'bench-row',
    row: id,
    ...{ generator: by.generator, loop: by.loop, verifies: by.verifies },
    ...(shape.at === 'node'
      ? { node: nameOfNode(shape, nth), implementation: spec.nodes[nth]!.implementation }
      : { node: yardstick, implementation: "Go's TLS server and nothing behind it", yardstick: 'alone' }),
    ...(shape.at === 'node' && kindOf(nth)),
    phase,
    resumed: shape.resumed,
    ...(shape.at === 'node' && isOfOthers(spec.nodes[nth]!)
      ? { key: 'keys as they are there' }
      : { key: shapeKeys[shape.key], chain: shape.chain }),
    ...(shape.serverOnly && { serverOnly: true }),
    ...(by === own && spec.shards > 1 && { shards: spec.shards }),
    atMost: Math.min(shape.atMost, by.mostAtOnce ?? Infinity),
    seconds: phase === 'authority' ? Math.max(spec.seconds, authoritySeconds) : spec.seconds,
    ...(shape.group !== undefined && { group: shape.group }),
    ...(by.loop === 'open' && { arrivals: spec.arrivals, wantedPerSecond: spec.perSecond }),
    // An authority is replaced once, and others keep their samples to themselves.
    ...(phase !== 'authority' && by === own && inRounds(spec.seconds)),
  });
  const kindOf = (nth: number): Pick<BenchRow, 'on'> => {
    const node = spec.nodes[nth]!;
    const on = 'command' in node ? programKind(node.command) : node.on;
    return on === undefined ? {} : { on };
  };
  const nameOfNode = (shape: Shape, nth: number) => {
    const node = spec.nodes[nth]!;
    return 'runsAs' in node ? node.runsAs : meshes.get(meshKindOf(shape))!.nodes[nth]!.name;
  };
  const all = spec.shapes.flatMap((shape): Measured[] =>
    shape.at === 'node' ? spec.nodes.map(({ id }, nth) => ({ shape, nth, id })) : [{ shape, nth: 0 }],
  );
  const [first] = all;
  // Whatever goes on in a phase meets it, too. It shows what the nodes show, and is of their kind, since neither kinds of keys nor kinds of
  // programs age alike with a machine.
  const besideOf = (phase: BenchPhase): BenchRow[] => {
    const kinds = Map.groupBy(
      all.filter(({ shape }) => shape.at === 'node'),
      ({ shape, nth }) => `${meshKindOf(shape)} ${kindOf(nth).on}`,
    );
    return [...kinds.values()].map(([one]) => {
      const { key, chain } = one!.shape;
      const { on } = kindOf(one!.nth);
      const beside: BenchRow = {
        ...row(phase, { shape: { ...usualShape, at: 'yardstick', key, chain }, nth: 0 }, own!, ''),
        yardstick: 'beside',
        ...(on !== undefined && { on, implementation: `TLS of ${on} and nothing behind it` }),
      };
      const id = yardstickRow(beside);
      // Each is a program of its own.
      return { ...beside, row: id, ...(on !== undefined && { node: `${yardstick} on ${on}` }) };
    });
  };
  return {
    ...(spec.capacity && {
      capacity: {
        ...row(kneePhase, first!, own!, kneePhase),
        seconds: kneeSeconds,
        arrivals: 'poisson' as const,
        rounds: 1,
      },
    }),
    meshes: [...meshes.values()],
    phases: phases.map((phase, nth) => ({
      phase,
      rows: [
        ...(phase === 'authority' ? [] : besideOf(phase)),
        // What goes on in the mesh is no matter to what is not in it.
        ...all
          .filter(({ shape }) => nth === 0 || shape.at === 'node')
          .map((one) => row(phase, one, own!, `${phase}/${nameOf(one)}`)),
        ...(nth === 0
          ? others.map((other) => row(phase, first!, other, `${phase}/${nameOf(first!)}/${other.generator}`))
          : []),
      ],
    })),
  };
}

const isOfOthers = (node: BenchNode) => 'ofOthers' in node && node.ofOthers;

/** A shape, and which of the nodes it is measured at. */
interface Measured {
  readonly shape: Shape;
  readonly nth: number;
  readonly id?: string | undefined;
}

/** As in the id of a row: `full`, `resumed,group=P-256`. */
function nameOf({ shape, id }: Measured): string {
  const { at, resumed, group, atMost, key, chain, serverOnly } = shape;
  return [
    resumed ? 'resumed' : 'full',
    ...(at === usualShape.at ? [] : [`at=${at}`]),
    ...(id === undefined ? [] : [`node=${id}`]),
    ...(group === undefined ? [] : [`group=${group}`]),
    ...(key === usualShape.key ? [] : [`key=${key}`]),
    ...(chain === usualShape.chain ? [] : [`chain=${chain}`]),
    ...(serverOnly ? ['server-only'] : []),
    ...(atMost === usualAtMost ? [] : [`concurrent=${atMost}`]),
  ].join(',');
}

// Pairs of rounds are short, so that the machine is the same in both, and many, so that what differs between them is seen.
const roundSeconds = 0.5;
const mostRounds = 30;
const fewestRounds = 6;

/** A row that is shorter is in one piece, so that nobody can compare it with another run. */
export const leastInRounds = fewestRounds * roundSeconds;

function inRounds(seconds: number): Pick<BenchRow, 'rounds'> {
  const rounds = 2 * Math.floor(Math.min(mostRounds, seconds / roundSeconds) / 2);
  return rounds < fewestRounds ? {} : { rounds };
}

// So long it takes to replace an authority step by step, with time between them in which nodes follow.
const authoritySeconds = 15;

// Enough connections for a p90, at each of some ten rates.
const kneeSeconds = 4;

type MeshKind = `${ShapeKey} ${number}`;

const meshKindOf = ({ key, chain }: Shape): MeshKind => `${key} ${chain}`;

/** The meshes whose nodes are measured, by the kind of SVID that is shown in them. Nothing rotates in any until a phase asks for that. */
function meshesOf({ nodes, shapes }: BenchSpec): ReadonlyMap<MeshKind, MeshSpec> {
  const { steady } = meshSpecs(undefined, {});
  const started = nodes.flatMap((node) => ('command' in node ? [node] : []));
  if (started.length < nodes.length) return new Map();
  const kinds = Map.groupBy(
    shapes.filter(({ at }) => at === 'node'),
    meshKindOf,
  );
  return new Map(
    [...kinds].map(([kind, [shape]], nth) => [
      kind,
      {
        ...steady,
        name: nth === 0 ? 'bench' : `bench-${nth + 1}`,
        ...(shape!.key === 'RSA-2048' && { svidKeyType: 'rsa-2048' }),
        ...(shape!.chain === 2 && { upstreamAuthority: 'root' }),
        ...(shape!.chain === 3 && { upstreamAuthority: 'nested' }),
        nodes: started.map(({ command, implementation }, at) => ({
          ...{ name: `node-${String(nth * nodes.length + at + 1).padStart(3, '0')}`, service: `backend-${at + 1}` },
          ...{ judged: true, command, implementation, peers: [] },
        })),
      } satisfies MeshSpec,
    ]),
  );
}

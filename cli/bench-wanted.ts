import { resolve } from 'node:path';
import { attachTarget, type AttachedTarget } from '../fixtures/target/attach.ts';
import { generatorIds, generatorOf, type GeneratorId } from '../fixtures/bench/generators.ts';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import {
  benchPhases,
  benchPlan,
  shapeKeys,
  usualRate,
  usualShape,
  whyImpossible,
  type BenchPlan,
  type Shape,
  type ShapeKey,
} from '../plans/bench.ts';
import { UsageError } from '../src/errors.ts';
import type { BaselineRow, BenchRow, Objective } from '../src/history.ts';
import { attachedNodes, attachedRate, whyNotThere } from './bench-attached.ts';
import { comparable, readBaseline } from './baseline.ts';
import { benchNodes } from './bench-nodes.ts';
import type { RunFlags } from './carry-out.ts';
import { enoughFor, mostConnections, objectivesOf } from './objectives.ts';

/** The flags of `assay bench handshake`; lists are parted by commas as they were typed. */
export interface BenchFlags extends RunFlags {
  readonly node?: string;
  readonly conformer?: string;
  readonly runtime?: string;
  readonly target?: string;
  readonly rate?: number;
  readonly seconds?: number;
  readonly arrivals: string;
  readonly row: readonly string[];
  readonly phases: string;
  readonly generators: string;
  readonly slo: readonly string[];
  /** Directory of an earlier run to be compared with. */
  readonly baseline?: string;
  /** In percent. */
  readonly tolerance: number;
  readonly shards: number;
  readonly capacity: boolean;
}

/** What a command line asks for. */
export interface BenchWanted {
  readonly plan: BenchPlan;
  readonly objectives: readonly Objective[];
  readonly baseline: readonly BaselineRow[];
  readonly generators: readonly GeneratorId[];
  /** The mesh that runs already, where one is to be measured. */
  readonly attached: AttachedTarget | undefined;
  /** What a person should know beforehand, such as how long it takes; undefined where it is as they said. */
  readonly note: string | undefined;
}

/** @throws UsageError that says what would be right */
export async function benchWanted(flags: BenchFlags): Promise<BenchWanted> {
  const objectives = objectivesOf(flags.slo);
  const attached = flags.target === undefined ? undefined : await attachTarget(resolve(flags.target));
  const nodes = attached === undefined ? await benchNodes(flags) : attachedNodes(attached, flags);
  const rate = attached === undefined ? (flags.rate ?? usualRate) : attachedRate(attached, flags);
  const before = flags.baseline === undefined ? undefined : await readBaseline(flags.baseline);
  const phases = oneOf('--phases', flags.phases, benchPhases);
  if (phases.includes('healed') && !phases.includes('partition'))
    throw new UsageError(`--phases ${flags.phases}: healed is what comes after partition, which is wanted too`);
  const generators = oneOf('--generators', flags.generators, generatorIds);
  const closed = generators.find((id) => generatorOf(id, undefined).loop === 'closed');
  if (attached !== undefined && closed !== undefined)
    throw new UsageError(
      `--generators ${closed}: calls as often as it can, which ${flags.target} does not allow (${attached.load.where}); leave it out`,
    );
  if (!generators.includes('assay'))
    throw new UsageError('--generators: assay is wanted among them; the others stand beside it');
  const seconds = Math.ceil(
    Math.max(
      flags.seconds ?? Math.max(usualSeconds, leastConnections / rate),
      ...[...objectives.map(({ percentile }) => percentile), ...(before?.percentiles ?? [])].map(
        (percentile) => enoughFor(percentile) / rate,
      ),
    ),
  );
  const shapes = flags.row.map(shapeOf);
  for (const [at, shape] of shapes.entries()) {
    const why = whyImpossible(shape, phases) ?? (attached && whyNotThere(shape));
    if (why !== undefined) throw new UsageError(`--row '${flags.row[at]}': ${why}`);
  }
  const plan = benchPlan({
    nodes,
    shapes,
    phases,
    generators: ['assay' as const, ...generators.filter((id) => id !== 'assay')].map((id) => {
      const { loop, verifies, mostAtOnce } = generatorOf(id, undefined);
      return { generator: id, loop, verifies, ...(mostAtOnce !== undefined && { mostAtOnce }) };
    }),
    arrivals: arrivalsOf(flags.arrivals),
    perSecond: rate,
    seconds,
    capacity: flags.capacity,
    shards: flags.shards,
  });
  const rows = plan.phases.flatMap((phase) => phase.rows);
  refuseImpossible(rows, { rate, shards: flags.shards }, seconds);
  const runtime = attached === undefined ? (flags.runtime ?? defaultRuntime) : 'attach';
  const baseline = before === undefined ? [] : comparable(before, rows, flags.tolerance, runtime);
  const why = [
    ...objectives.map(({ objective }) => objective),
    ...(before === undefined ? [] : [`--baseline ${flags.baseline}`]),
  ];
  const note =
    why.length === 0 || seconds === (flags.seconds ?? usualSeconds)
      ? undefined
      : `${why.join(', ')}: each of ${rows.length} rows takes ${seconds} s, so that ${seconds * rate} handshakes lie in it`;
  return { plan, objectives, baseline, generators, note, attached };
}

const usualSeconds = 15;

function refuseImpossible(
  rows: readonly BenchRow[],
  { rate, shards }: { readonly rate: number; readonly shards: number },
  seconds: number,
): void {
  for (const row of rows) {
    const lacks = generatorOf(row.generator, undefined).lacks(row);
    if (lacks !== undefined)
      throw new UsageError(
        `--generators ${row.generator}: ${lacks}; it measures the first --row alone, so put one there that it can, or leave it out`,
      );
  }
  const twice = rows.find(({ row }, at) => rows.findIndex((other) => other.row === row) !== at);
  if (twice !== undefined) throw new UsageError(`--row: ${twice.row} is wanted twice; each row is measured once`);
  const connections = rate * seconds;
  if (connections < leastConnections || connections > mostConnections)
    throw new UsageError(
      `--rate ${rate} --seconds ${seconds}: make ${connections} connections a row; wanted are ${leastConnections} to ${mostConnections}`,
    );
  const places = Math.min(...rows.filter(({ generator }) => generator === 'assay').map(({ atMost }) => atMost));
  if (shards > Math.min(places, mostShards))
    throw new UsageError(
      `--shards ${shards}: wants at most ${mostShards}, and no more than a row has connections at once`,
    );
}

// For a p90.
const leastConnections = 100;
const mostShards = 16;

const groups = ['X25519', 'P-256', 'P-384', 'X25519MLKEM768'];

/** What each word of a row changes of the usual shape; undefined where it says nothing that is known. */
const words: Readonly<Record<string, (value: string | undefined) => Partial<Shape> | undefined>> = {
  full: (value) => (value === undefined ? { resumed: false } : undefined),
  resumed: (value) => (value === undefined ? { resumed: true } : undefined),
  'server-only': (value) => (value === undefined ? { serverOnly: true } : undefined),
  at: (value) => (value === 'node' || value === 'yardstick' ? { at: value } : undefined),
  group: (value) => (value !== undefined && groups.includes(value) ? { group: value } : undefined),
  key: (value) => (value !== undefined && Object.hasOwn(shapeKeys, value) ? { key: value as ShapeKey } : undefined),
  chain: (value) => (['1', '2', '3'].includes(value ?? '') ? { chain: Number(value) } : undefined),
  concurrent: (value) =>
    /^\d+$/.test(value ?? '') && Number(value) >= 1 && Number(value) <= 1000 ? { atMost: Number(value) } : undefined,
};

const known = `full or resumed, at=node|yardstick, group=${groups.join('|')}, key=${Object.keys(shapeKeys).join('|')}, chain=1 to 3, server-only, concurrent=1 to 1000`;

function shapeOf(text: string): Shape {
  let shape = usualShape;
  for (const word of text.split(',').map((one) => one.trim())) {
    const [axis = '', value, ...more] = word.split('=');
    const change = more.length === 0 && Object.hasOwn(words, axis) ? words[axis]!(value) : undefined;
    if (change === undefined)
      throw new UsageError(
        `--row '${text}': ${word === '' ? 'an empty word' : word} is unknown; a row is made of ${known}, parted by commas, as in --row resumed,group=P-256`,
      );
    shape = { ...shape, ...change };
  }
  return shape;
}

function oneOf<T extends string>(flag: string, text: string, known: readonly T[]): T[] {
  const words = text.split(',').map((word) => word.trim());
  return [...new Set(words)].map((word) => {
    const found = known.find((one) => one === word);
    if (found === undefined) throw new UsageError(`${flag} ${text}: ${word} is unknown; there are ${known.join(', ')}`);
    return found;
  });
}

function arrivalsOf(text: string): 'constant' | 'poisson' {
  if (text === 'constant' || text === 'poisson') return text;
  throw new UsageError(`--arrivals ${text}: wants constant or poisson`);
}

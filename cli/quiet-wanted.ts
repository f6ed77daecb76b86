import { generatorOf } from '../fixtures/bench/generators.ts';
import type { AttachedTarget } from '../fixtures/target/attach.ts';
import { leastInRounds, usualRate, type BenchNode } from '../plans/bench.ts';
import type { Part } from '../plans/plan.ts';
import { programKind } from '../plans/program-kind.ts';
import { quietPart, quietRate, quietRows, quietSeconds, type QuietWindow } from '../plans/quiet-window.ts';
import { UsageError } from '../src/errors.ts';
import { comparable, readBaseline } from './baseline.ts';
import { attachedRate, nodesOfOthers } from './bench-attached.ts';
import { enoughFor, mostConnections, objectivesOf } from './objectives.ts';

/** The flags of what a gate measures. */
export interface QuietFlags {
  readonly target?: string;
  readonly only?: string;
  readonly rate?: number;
  readonly slo: readonly string[];
  /** Directory of an earlier gate to be compared with. */
  readonly baseline?: string;
  /** In percent. */
  readonly tolerance: number;
}

/** What a command line asks of the quiet window. */
export interface QuietWanted {
  /** Left out: nothing is measured. */
  readonly quiet?: QuietWindow;
  /** What a person should know beforehand; undefined where the window is as short as ever. */
  readonly note: string | undefined;
}

/**
 * @param parts - the meshes that will be stood up, where that is done
 * @param attached - the mesh that runs already, where there is one
 * @throws UsageError that says what would be right
 */
export async function quietWanted(
  flags: QuietFlags,
  parts: readonly Part[],
  attached: AttachedTarget | undefined,
  runtime: string,
): Promise<QuietWanted> {
  const objectives = objectivesOf(flags.slo);
  const before = flags.baseline === undefined ? undefined : await readBaseline(flags.baseline);
  const isAsked = objectives.length > 0 || before !== undefined;
  const asks = [
    ...objectives.map(({ objective }) => `--slo ${objective}`),
    ...(flags.baseline === undefined ? [] : [`--baseline ${flags.baseline}`]),
    ...(flags.rate === undefined ? [] : [`--rate ${flags.rate}`]),
  ].join(', ');
  // A second and a half of what others allow by default is a handful of handshakes, and whoever wants a few clauses waits for no figures.
  if (!isAsked && (attached !== undefined || flags.only !== undefined)) {
    if (flags.rate !== undefined)
      throw new UsageError(
        `--rate ${flags.rate}: nothing is measured where only some clauses are judged, or a mesh of others, unless a figure is wanted of it, as by --slo 'p99<=25ms'`,
      );
    return { note: undefined };
  }
  const part = quietPart(parts);
  if (attached === undefined && part === undefined) {
    if (isAsked)
      throw new UsageError(
        `${asks}: what --only ${flags.only} chooses is judged on a mesh in which SVIDs rotate all the time, so that nothing quiet can be measured; add what is judged on the other, as in --only '${flags.only},healthy'`,
      );
    return { note: undefined };
  }
  const usual = flags.rate ?? (isAsked ? usualRate : quietRate);
  const perSecond = attached === undefined ? usual : attachedRate(attached, flags);
  // Whoever wants a rate wants to see something at it.
  const percentiles = [
    ...(flags.rate === undefined ? [] : [90]),
    ...objectives.map(({ percentile }) => percentile),
    ...(before?.percentiles ?? []),
  ];
  // A run with a bound is one that a later run can be compared with.
  const least = isAsked ? leastInRounds : quietSeconds;
  const seconds = Math.max(least, ...percentiles.map((percentile) => Math.ceil(enoughFor(percentile) / perSecond)));
  if (perSecond * seconds > mostConnections)
    throw new UsageError(
      `--rate ${perSecond}: makes ${Math.round(perSecond * seconds)} connections in ${seconds} s; wanted are ${mostConnections} at most`,
    );
  const { loop, verifies } = generatorOf('assay', undefined);
  const rows = quietRows({
    nodes: attached === undefined ? nodesOf(part!) : nodesOfOthers(attached.nodes),
    generator: { generator: 'assay', loop, verifies },
    ...{ perSecond, seconds, beside: isAsked },
  });
  const baseline =
    before === undefined ? [] : comparable(before, rows, flags.tolerance, attached === undefined ? runtime : 'attach');
  const times = rows.length === 1 ? '' : `${rows.length} times `;
  return {
    quiet: { rows, objectives, baseline, rateIsWanted: isAsked || flags.rate !== undefined },
    note:
      asks === ''
        ? undefined
        : `${asks}: the quiet window takes ${times}${seconds} s, so that ${Math.round(seconds * perSecond)} handshakes of each row lie in it`,
  };
}

/** Those under test of a mesh that will be stood up. */
function nodesOf({ mesh }: Part): readonly [BenchNode, ...BenchNode[]] {
  const judged = mesh.nodes.filter((node) => node.judged);
  const all = judged.map(({ name, implementation, command }): BenchNode => ({
    ...{ runsAs: name, ofOthers: false, implementation, on: programKind(command) },
    ...(judged.length > 1 && { id: name }),
  }));
  return all as [BenchNode, ...BenchNode[]];
}

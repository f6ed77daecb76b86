import type { AttachedTarget } from '../fixtures/target/attach.ts';
import { usualShape, type BenchNode, type Shape } from '../plans/bench.ts';
import { UsageError } from '../src/errors.ts';
import type { BenchFlags } from './bench-wanted.ts';

/** The nodes of a mesh that runs already. @throws UsageError for what cannot be done there */
export function attachedNodes({ nodes }: AttachedTarget, flags: BenchFlags): readonly [BenchNode, ...BenchNode[]] {
  if (flags.node !== undefined || flags.conformer !== undefined || flags.runtime !== undefined)
    throw new UsageError(
      '--target: measures nodes that run already, and starts none: leave out --node, --conformer and --runtime',
    );
  if (flags.phases !== 'steady')
    throw new UsageError(
      `--phases ${flags.phases}: Assay did not start that mesh, and breaks and rotates nothing in it; wanted is steady`,
    );
  if (flags.capacity)
    throw new UsageError(
      '--capacity: is not looked for in a mesh that others run, as it is found by asking too much of a node',
    );
  return nodesOfOthers(nodes);
}

/** The nodes of a mesh that runs already, as they are measured. @throws UsageError where one of them speaks what no generator does */
export function nodesOfOthers(nodes: AttachedTarget['nodes']): readonly [BenchNode, ...BenchNode[]] {
  const other = nodes.find(({ protocol }) => protocol !== 'hello');
  if (other !== undefined)
    throw new UsageError(
      `--target: ${other.name} speaks ${other.protocol}, and handshakes are measured by GET /hello of the node contract alone; leave it out of the file that is measured by`,
    );
  const all = nodes.map(({ name, address }): BenchNode => ({
    ...{ runsAs: name, ofOthers: true, implementation: `not started by Assay, at ${address}` },
    ...(nodes.length > 1 && { id: name }),
  }));
  return all as [BenchNode, ...BenchNode[]];
}

/** Connections a second at each node. @throws UsageError for more than its target file allows */
export function attachedRate({ load }: AttachedTarget, { target, rate }: Pick<BenchFlags, 'target' | 'rate'>): number {
  const { perSecond, where } = load;
  if (rate !== undefined && rate > perSecond)
    throw new UsageError(
      `--rate ${rate}: ${target} allows ${perSecond} new connections a second (${where}); ask for fewer, or allow more there, as in allow: { load: { perSecond: ${rate} } }`,
    );
  return rate ?? perSecond;
}

/** Why a shape cannot be measured there: what a mesh of others shows is its own matter. */
export function whyNotThere({ at, key, chain }: Shape): string | undefined {
  return at === 'node' && (key !== usualShape.key || chain !== usualShape.chain)
    ? 'which keys and chains are shown in that mesh is not for Assay to choose; they can be measured at the yardstick, as in --row full,key=RSA-2048,at=yardstick'
    : undefined;
}

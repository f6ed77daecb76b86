import { commandOfConformer } from '../impostors/conformer.ts';
import { conformers } from '../impostors/conformers.ts';
import { referenceNode } from '../fixtures/target/mesh-spec.ts';
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import { locateTools, type ToolName } from '../fixtures/toolchain/toolchain.ts';
import type { BenchNode } from '../plans/bench.ts';
import { UsageError } from '../src/errors.ts';

// Each has an agent beside it, which keeps the machine busy by being there.
const mostNodes = 8;

/**
 * The programs that a command line asks to measure: one of its own, conformers, or our reference node.
 *
 * @throws UsageError when there is no such conformer, or it is none by itself
 */
export async function benchNodes({
  node,
  conformer,
}: {
  readonly node?: string;
  readonly conformer?: string;
}): Promise<readonly [BenchNode, ...BenchNode[]]> {
  if (conformer === undefined)
    return [
      node === undefined
        ? { command: referenceNode, implementation: "Assay's reference node" }
        : { command: node, implementation: node },
    ];
  if (node !== undefined) throw new UsageError('--conformer: stands in the place of --node; use one of the two');
  const ids = [...new Set(conformer.split(',').map((id) => id.trim()))];
  if (ids.length > mostNodes)
    throw new UsageError(
      `--conformer: ${ids.length} nodes would keep each other busy; wanted are at most ${mostNodes}`,
    );
  const chosen = ids.map((id) => {
    const found = conformers.find((one) => one.id === id);
    if (found === undefined)
      throw new UsageError(`--conformer ${id}: there is none called so; see assay list conformers`);
    if (found.mesh !== undefined)
      throw new UsageError(
        `--conformer ${id}: is a style of mesh, and its node the reference node; measure it by --row full,key=RSA-2048 or --row full,chain=3`,
      );
    return found;
  });
  const names = chosen.flatMap((one): ToolName[] => (one.kind === 'tool' ? [one.tool] : []));
  const tools = await locateTools(names, {
    onProgress: (progress) => process.stderr.write(`${describeProgress(progress)}\n`),
  });
  const nodes = chosen.map((one): BenchNode => ({
    id: one.id,
    command: commandOfConformer(one, (name) => tools[name]!.path),
    implementation: one.title,
  }));
  return nodes as [BenchNode, ...BenchNode[]];
}

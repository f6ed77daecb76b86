import { runBench, type BenchTools } from '../engine/bench.ts';
import { generatorTool } from '../engine/measure-rows.ts';
import type { RunSetting } from '../engine/record-run.ts';
import { generatorOf, toolOfGenerator, type GeneratorId } from '../fixtures/bench/generators.ts';
import { defaultRuntime, loadRuntime, runtimeNames } from '../fixtures/runtime/runtimes.ts';
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import { locateMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { phaseTitles } from '../plans/bench.ts';
import { UsageError } from '../src/errors.ts';
import { benchWanted, type BenchFlags } from './bench-wanted.ts';
import { carryOut, refuseEmpty } from './carry-out.ts';

/**
 * The command `assay bench handshake`. Gives the exit code.
 *
 * @throws UsageError, and whatever else keeps the run from beginning
 */
export async function benchCommand(flags: BenchFlags, commandLine: string): Promise<number> {
  refuseEmpty(flags);
  const runtime = flags.runtime ?? defaultRuntime;
  if (!runtimeNames().includes(runtime))
    throw new UsageError(`--runtime ${runtime}: no such runtime; there are ${runtimeNames().join(', ')}`);
  const { plan, objectives, baseline, generators, note, attached } = await benchWanted(flags);
  if (note !== undefined && flags.quiet !== true) process.stderr.write(`${note}\n`);
  const on = attached ?? runtime;
  const kind = attached === undefined ? await loadRuntime(runtime) : undefined;
  const outline = [
    ['toolchain', 'Toolchain'],
    ...(kind?.startsAtOnce === false ? [['runtime', kind.title]] : []),
    ...(attached === undefined ? [] : [['attach', 'Attach to the target']]),
    ...plan.meshes.map(({ name }) => [`mesh-${name}`, `Mesh ${name}`]),
    ['warm-up', 'Warm-up'],
    ...plan.phases.map(({ phase }) => [phase, `${phase}: ${phaseTitles[phase]}`]),
    ['report', 'Report'],
  ] as [string, string][];
  return carryOut(flags, commandLine, outline, (setting) =>
    runBench({
      ...setting,
      ...{ plan, on, objectives, baseline, shards: flags.shards },
      prepare: () => findTools(setting, generators, kind !== undefined),
    }),
  );
}

/** @param standsUp - a mesh; otherwise nothing is built but the generators */
function findTools(
  { steps, signal }: RunSetting,
  chosen: readonly GeneratorId[],
  standsUp: boolean,
): Promise<BenchTools> {
  return steps.step('toolchain', 'Toolchain', async (say) => {
    const mesh = standsUp ? await locateMeshTools({ say, signal }) : undefined;
    const names = chosen.flatMap((id) => toolOfGenerator[id] ?? []);
    const tools = await locateTools(names, { signal, onProgress: (progress) => say(describeProgress(progress)) });
    const path = (id: GeneratorId) => toolOfGenerator[id] && tools[toolOfGenerator[id]].path;
    const generators = new Map(chosen.map((id) => [id, generatorOf(id, path(id))]));
    const { path: yardstick, version: generatorVersion } = tools[generatorTool]!;
    return { ...(mesh && { mesh }), generators, yardstick, generatorVersion };
  });
}

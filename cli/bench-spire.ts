import { runSpireBench, stageStep } from '../engine/bench-spire.ts';
import { meshTitle } from '../engine/steps.ts';
import { operations } from '../fixtures/bench/spire/operations.ts';
import { spireBenchPlan } from '../plans/bench-spire.ts';
import { UsageError } from '../src/errors.ts';
import { carryOut, refuseEmpty, type RunFlags } from './carry-out.ts';

/** The flags of `assay bench spire`; lists are parted by commas as they were typed. */
export interface SpireBenchFlags extends RunFlags {
  readonly entries: string;
  readonly operations: string;
  /** In seconds. */
  readonly sync: number;
  readonly seconds?: number;
}

/**
 * The command `assay bench spire`. Gives the exit code.
 *
 * @throws UsageError, and whatever else keeps the run from beginning
 */
export async function benchSpireCommand(flags: SpireBenchFlags, commandLine: string): Promise<number> {
  refuseEmpty(flags);
  const plan = spireBenchPlan({
    operations: operationsOf(flags.operations),
    entries: entriesOf(flags.entries),
    syncMs: flags.sync * 1000,
    ...(flags.seconds !== undefined && { seconds: flags.seconds }),
  });
  const outline: (readonly [string, string])[] = [
    ['toolchain', 'Toolchain'],
    [`mesh-${plan.mesh.name}`, meshTitle(plan.mesh)],
    ...plan.stages.map(({ entries }) => [stageStep(entries).id, stageStep(entries).title] as const),
    ['report', 'Report'],
  ];
  return carryOut(flags, commandLine, outline, (setting) => runSpireBench({ ...setting, plan }));
}

const operationIds = operations.map(({ id }) => id);

function operationsOf(text: string) {
  const ids = text.split(',').map((id) => id.trim());
  const unknown = ids.find((id) => !operationIds.includes(id));
  if (unknown !== undefined)
    throw new UsageError(
      `--operations ${text}: ${unknown || 'an empty word'} is unknown; there are ${operationIds.join(', ')}`,
    );
  return operations.filter(({ id }) => ids.includes(id));
}

// So many SVIDs an agent keeps ready, where nobody says otherwise; with more, those that are asked for least are made when they are asked for.
// Source: SPIRE 1.15, x509_svid_cache_max_size.
const mostEntries = 1_000;

function entriesOf(text: string): readonly number[] {
  const all = text.split(',').map((one) => one.trim());
  const wrong = all.find((one) => !/^\d+$/.test(one) || Number(one) < 1 || Number(one) > mostEntries);
  if (wrong !== undefined)
    throw new UsageError(
      `--entries ${text}: wants whole numbers from 1 to ${mostEntries}, parted by commas, as in --entries 1,10,100,500`,
    );
  return [...new Set(all.map(Number))];
}

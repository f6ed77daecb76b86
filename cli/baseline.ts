import { generatorTool } from '../engine/measure-rows.ts';
import { leastInRounds } from '../plans/bench.ts';
import { readHistory } from '../reports/read-run.ts';
import { UsageError } from '../src/errors.ts';
import type { BaselineRow, BenchRow, ComparedFigure, RunStarted } from '../src/history.ts';
import { disturbedBeyond, rowBenches, rowName } from '../src/statistics/bench-rows.ts';
import { comparedFigures, yardstickRow } from '../src/statistics/comparison.ts';
import type { Bench } from '../src/statistics/handshakes.ts';
import { ofRunRecord } from './run-record.ts';

/** The runtime of nodes that run already. */
const attached = 'attach';

/** An earlier run that is to be compared with. */
export interface Baseline {
  readonly directory: string;
  readonly started: RunStarted;
  readonly benches: readonly Bench[];
  /** Percentiles that it tells of any row. */
  readonly percentiles: readonly number[];
}

/** @throws UsageError when there is no run that could be compared with */
export async function readBaseline(directory: string): Promise<Baseline> {
  const history = await ofRunRecord('--baseline', () => readHistory(directory));
  const [started] = history;
  if (started?.kind !== 'run-started')
    throw new UsageError(`--baseline ${directory}: its history does not begin a run`);
  const benches = rowBenches(history).filter(
    ({ row }) => row?.generator === 'assay' && row.again === undefined && row.times === undefined,
  );
  if (!benches.some(({ row }) => row?.yardstick === undefined))
    throw new UsageError(
      `--baseline ${directory}: run ${started.id} (${started.command}) has no row of \`assay bench handshake\``,
    );
  const percentiles = benches.flatMap(({ row }) => comparedFigures(row!).map(({ percentile }) => percentile));
  return { directory, started, benches, percentiles: [...new Set(percentiles)] };
}

/** What has to be alike for two rows to be compared, in words; a node may differ, for that is what is judged. */
const alike: Readonly<Record<string, (row: Partial<BenchRow>) => unknown>> = {
  '--rate': ({ wantedPerSecond }) => wantedPerSecond,
  '--arrivals': ({ arrivals }) => arrivals,
  '--shards': ({ shards = 1 }) => shards,
  'seconds a round': ({ seconds = 0, rounds = 1 }) => seconds / rounds,
  'kind of keys': ({ key }) => key,
  'length of chains': ({ chain }) => chain,
  'kind of program': ({ on = 'any' }) => on,
};

/**
 * The rows of an earlier run that are measured again, and the yardsticks beside them.
 *
 * @param tolerance - in percent
 * @param runtime - where the nodes run: a container is behind a network that the yardstick is not behind
 * @throws UsageError when a row was not measured then, or otherwise
 */
export function comparable(
  baseline: Baseline,
  planned: readonly BenchRow[],
  tolerance: number,
  runtime: string,
): BaselineRow[] {
  const elsewhere = runtime === attached;
  const { directory, started } = baseline;
  const refuse = (why: string): never => {
    throw new UsageError(`--baseline ${directory}: run ${started.id} ${why}`);
  };
  if ((started.runtime === attached) !== elsewhere)
    refuse(elsewhere ? 'measured nodes that it started itself' : 'measured nodes that ran already, by --target');
  if (started.runtime !== runtime)
    refuse(`measured nodes on the runtime ${started.runtime}, and this one does on ${runtime}`);
  if (started.versions[generatorTool] === undefined) refuse('was made before anything of its machine was measured');
  const rows = planned.filter(({ generator, yardstick }) => generator === 'assay' && yardstick !== 'alone');
  const yardsticks = new Set(rows.filter(({ yardstick }) => yardstick === undefined).map(yardstickRow));
  return rows
    .filter(({ row, yardstick }) => yardstick === undefined || yardsticks.has(row))
    .map((plan): BaselineRow => {
      if (plan.rounds === undefined)
        throw new UsageError(
          plan.phase === 'authority'
            ? `--baseline ${directory}: ${plan.row} is measured in one piece, since an authority is replaced once, so that nobody sees what it differs by from itself; leave that phase out`
            : `--baseline ${directory}: ${plan.row} is too short for rounds, by which is seen what it differs by from itself; measure it for ${leastInRounds} s or more, here and there`,
        );
      const { row, figures } = whatItTells(baseline, plan, refuse);
      const beside = baseline.benches.find(({ id }) => rowName(id) === yardstickRow(row))?.row;
      for (const [what, of] of Object.entries(alike))
        if (of(row) !== of(plan))
          refuse(
            `measured ${plan.row} otherwise: its ${what} was ${String(of(row))}, and is ${String(of(plan))} here; compared is what was measured alike`,
          );
      return {
        ...{ kind: 'baseline', run: started.id, row: plan.row, allowed: tolerance / 100 },
        generator: started.versions[generatorTool]!,
        figures,
        slowed: beside === undefined ? [] : disturbedBeyond(row, beside),
        besideSlowed: beside?.disturbed ?? [],
        ...(elsewhere && { elsewhere }),
      };
    });
}

function whatItTells(
  { benches }: Baseline,
  plan: BenchRow,
  refuse: (why: string) => never,
): { readonly row: NonNullable<Bench['row']>; readonly figures: readonly ComparedFigure[] } {
  const found = benches.find(({ id }) => rowName(id) === plan.row);
  if (found?.row === undefined) {
    const others = benches.filter(({ row }) => row?.yardstick === undefined).map(({ id }) => rowName(id));
    return refuse(
      `did not measure ${plan.row}; it measured ${others.join(', ')}: those alone can be compared; assay bench handshake is told which by --row and --phases, as in --row full`,
    );
  }
  const { row, errors } = found;
  const figures = comparedFigures(row);
  if (row.state !== 'whole')
    refuse(
      `tells nothing of ${plan.row}: ${row.state === 'unresumed' ? 'no session was resumed' : 'it was not measured to its end'}`,
    );
  if (errors > 0) refuse(`is none to compare ${plan.row} with: ${errors} of its connections failed`);
  if (row.less.length > 0) refuse(`is none to compare ${plan.row} with: ${row.less.join('; ')}`);
  if (figures.length === 0) refuse(`tells nothing of ${plan.row} that could be compared: it has too few handshakes`);
  return { row, figures };
}

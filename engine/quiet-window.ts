import { ownGenerator } from '../fixtures/bench/own-generator.ts';
import type { Run } from '../fixtures/run/run.ts';
import type { Target } from '../fixtures/target/target.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import type { QuietWindow } from '../plans/quiet-window.ts';
import { findError, messageOf } from '../src/errors.ts';
import { HealError } from '../src/heal-error.ts';
import type { BenchRow } from '../src/history.ts';
import { capacityOf } from '../src/reading/healthy.ts';
import { generatorTool, isAsked, measureAll, yardsticks } from './measure-rows.ts';
import type { RunSetting } from './record-run.ts';
import { phase } from './run-work.ts';

/** The program that measures in a quiet window, as it is on this machine. */
export interface QuietTools {
  readonly program: string;
  readonly version: string;
}

/** Builds it where it is not here. @throws ToolchainError when it cannot be had */
export async function locateQuietTools(
  say: (line: string) => void,
  { signal }: Pick<RunSetting, 'signal'>,
): Promise<QuietTools> {
  const tools = await locateTools([generatorTool], {
    signal,
    onProgress: (progress) => say(describeProgress(progress)),
  });
  const { path: program, version } = tools[generatorTool];
  return { program, version };
}

/** Writes down what is wanted of a window, before anything happens that could keep it from being measured. */
export function recordWanted({ recorder }: Run, window: QuietWindow): void {
  if (!isAsked(window)) return;
  for (const wanted of [...window.rows, ...window.objectives, ...window.baseline]) recorder.record(wanted);
}

/**
 * Measures handshakes with the nodes of a mesh in which nothing goes on any more: every clause was looked at, nothing rotates, and no other mesh is
 * there. That it cannot be measured is told by its rows and concerns no clause.
 */
export async function measureQuietly(
  run: Run,
  { steps, seed }: Pick<RunSetting, 'steps' | 'seed'>,
  window: QuietWindow,
  target: Target,
  { program }: QuietTools,
): Promise<void> {
  const { recorder, signal } = run;
  const rows = window.rateIsWanted ? window.rows : window.rows.map((row) => borne(run, row));
  if (!isAsked(window)) for (const row of rows) recorder.record(row);
  await steps.step(quietStep.id, quietStep.title, (say) =>
    phase(run, quietStep.id, async () => {
      await using ground = new AsyncDisposableStack();
      const bench = {
        ...{ run, targets: [target], seed, shards: 1, say },
        generators: new Map([['assay', ownGenerator(program)]] as const),
        yardstickOf: yardsticks(run, program, ground),
      };
      try {
        await target.stopRotating?.(signal);
        await measureAll(bench, rows, window);
      } catch (error) {
        if (findError(error, HealError) !== undefined) throw error;
        signal.throwIfAborted();
        for (const { row } of rows)
          recorder.record({ kind: 'bench-window', row, state: 'ended', cut: true, failed: messageOf(error) });
      }
    }),
  );
}

/** How it is shown while it is measured. */
export const quietStep = {
  id: 'quiet-window',
  title: 'Quiet window: handshakes while nothing else goes on',
} as const;

/**
 * What the node bore at first was measured when it was cold, and beside another mesh: by now it bears twice as much. One that bore less than half
 * of what is usual is asked for that.
 */
function borne({ recorder }: Run, row: BenchRow): BenchRow {
  const capacity = capacityOf(recorder.history, row.node);
  if (capacity === undefined || row.wantedPerSecond === undefined) return row;
  const bore = Math.max(1, Math.floor(capacity.bearsPerSecond));
  return bore < row.wantedPerSecond / 2 ? { ...row, wantedPerSecond: bore } : row;
}

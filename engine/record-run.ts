import { join } from 'node:path';
import { openRecorder, type Recorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import type { Run } from '../fixtures/run/run.ts';
import { withRun } from '../fixtures/run/with-run.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { findError, findErrors, messageOf } from '../src/errors.ts';
import { HealError } from '../src/heal-error.ts';
import type { History, RunStarted } from '../src/history.ts';
import { NotReadyError } from '../src/not-ready-error.ts';
import { version } from '../src/version.ts';
import { wallClockOff, wallClockRightUpTo, wallClockSet } from '../src/reading/wall-clock.ts';
import { buildReport, type Report } from '../src/report/report.ts';
import type { Steps } from './steps.ts';

/** What every run is given, whatever it does. */
export interface RunSetting {
  /** Of the run directory; reports/out/<run id> when absent. */
  readonly out?: string;
  readonly seed: number;
  /** The command line, for the report. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly steps: Steps;
  readonly papers?: Papers;
  /** Is handed the history when it has begun; it grows from then on. */
  readonly watch?: (history: History) => void;
}

/** Writes what is made of a finished run. */
export interface Papers {
  /** @throws FixtureError that says what is kept and how the others are written later */
  write(directory: string, report: Report): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RunResult {
  readonly report: Report;
  /** What the report was made from. */
  readonly history: History;
  readonly directory: string;
  /** What ended the run early, when it was not a person. */
  readonly failure?: unknown;
  /** Its message, without the secrets of the run. */
  readonly failureMessage?: string;
}

/** What one run does between its first line and its last. */
export interface RunBody<P> {
  /** Of the kind of runtime that is used, whose dead runs are swept; undefined where none is. */
  readonly runtime: string | undefined;
  /** Finds what is needed before the clock of the run starts: a first run builds its programs, which is no part of its timeline. */
  prepare(): Promise<P>;
  /** What its first line says beside what every run's does. */
  begins(
    prepared: P,
  ): Pick<RunStarted, 'runtime' | 'target' | 'clauses'> & { readonly versions: Readonly<Record<string, string>> };
  work(run: Run, prepared: P): Promise<void>;
}

/**
 * Runs something and judges what came of it. Leaves history.jsonl and whatever `papers` writes, whatever happens on the way; what goes wrong
 * in the harness itself stands in the history as trouble, and makes the run inconclusive.
 *
 * @throws what kept the run from beginning; nothing is left then
 */
export async function recordRun<P>(setting: RunSetting, body: RunBody<P>): Promise<RunResult> {
  const { steps, signal } = setting;
  const id = newRunId(new Date());
  const directory = setting.out ?? join('reports', 'out', id);
  const recorder = openRecorder(directory);
  await using papers = setting.papers;
  let aborted: string | undefined;
  let failure: unknown;
  const failed = (error: unknown) => {
    failure ??= error;
    const notReady = findErrors(error, NotReadyError).map((one) => one.notReady);
    recorder.record({
      kind: 'trouble',
      clauses: [],
      message: messageOf(error),
      ...(notReady.length > 0 && { notReady }),
    });
    steps.trouble(recorder.clean(messageOf(error)));
  };
  try {
    const prepared = await body.prepare();
    begin(recorder, id, setting, body.begins(prepared));
    setting.watch?.(recorder.history);
    recorder.broken.throwIfAborted();
    await withRun({ id, directory, recorder, signal, runtime: body.runtime }, (run) => body.work(run, prepared));
  } catch (error) {
    if (recorder.history.length === 0) {
      recorder.discard();
      throw error;
    }
    if (signal.aborted) aborted = messageOf(signal.reason);
    // That something could not be healed outweighs that a person stopped the run.
    if (!signal.aborted || findError(error, HealError) !== undefined) failed(error);
  }
  // Whatever came of it: what was broken before it was set stays so, and nothing else.
  const setMs = wallClockSet(recorder.history, wallClockOff(recorder.history, Date.now(), recorder.now()));
  if (setMs !== undefined) {
    const message = `the wall clock of this machine was set by ${setMs.toFixed(0)} ms during the run`;
    const notBefore = wallClockRightUpTo(recorder.history);
    recorder.record({ kind: 'trouble', clauses: [], message, evenFails: true, notBefore });
  }
  recorder.record({ kind: 'run-ended', endedAt: new Date().toISOString(), ...(aborted !== undefined && { aborted }) });
  return await steps.step('report', 'Report', async () => {
    if (recorder.broken.aborted && failure === undefined) failed(recorder.broken.reason);
    recorder.close();
    const report = buildReport(recorder.history, clauses);
    try {
      await papers?.write(directory, report);
    } catch (error) {
      failed(error);
    }
    return {
      report,
      history: recorder.history,
      directory,
      ...(failure !== undefined && { failure, failureMessage: recorder.clean(messageOf(failure)) }),
    };
  });
}

/** Writes the first line of the history. */
function begin(
  recorder: Recorder,
  id: string,
  { command, seed }: RunSetting,
  { versions, ...more }: ReturnType<RunBody<unknown>['begins']>,
): void {
  const startedAt = recorder.startClock();
  recorder.record({
    kind: 'run-started',
    id,
    command,
    startedAt: startedAt.toISOString(),
    seed,
    versions: { assay: version, node: process.versions.node, openssl: process.versions.openssl, ...versions },
    ...more,
  });
}

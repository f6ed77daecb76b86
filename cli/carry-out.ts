import { existsSync, readdirSync, statSync } from 'node:fs';
import type { RunResult, RunSetting } from '../engine/record-run.ts';
import { silent } from '../engine/steps.ts';
import { attestationFile, logs } from '../reports/evidence/files.ts';
import { runFileNames } from '../reports/formats.ts';
import { startPapers, type Sealed } from '../reports/papers.ts';
import { summary } from '../reports/terminal.ts';
import { stoppedSentence } from '../reports/wording.ts';
import { findError, messageOf, UsageError } from '../src/errors.ts';
import type { Deciders } from '../src/report/settled.ts';
import { HealError } from '../src/heal-error.ts';
import { withoutSecrets } from '../src/leaks/withhold.ts';
import { exitCodes, exitCodeOf } from './exit-codes.ts';
import { beginWorkflow } from './github.ts';
import { signerFrom } from './signing.ts';
import { abortOnSignals } from './signals.ts';
import { streamTap } from './tap-stream.ts';
import { withWorkflowFiles } from './workflow-files.ts';
import { terminalSteps } from './terminal-steps.ts';

/** The flags of every command that makes a run, under the names that commander gives them; `color` is false for `--no-color`. */
export interface RunFlags {
  readonly out?: string;
  readonly seed?: number;
  readonly json?: boolean;
  readonly tap?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  /** File of the key that signs the run. */
  readonly signKey?: string;
}

/** @throws UsageError for an option that is there and says nothing */
export function refuseEmpty({ out, node }: { readonly out?: string; readonly node?: string }): void {
  if (out?.trim() === '')
    throw new UsageError(
      '--out: wants the directory that the run is written to, as in --out reports/out/today; without the option Assay names one itself',
    );
  if (node?.trim() === '')
    throw new UsageError('--node: wants the command that starts your node, as in --node "./my-node --flag"');
}

/**
 * A run is sealed as a whole, and writes over nothing that somebody else put there. An earlier run is told of by who opens its history.
 *
 * @throws UsageError where its documents or logs could be taken for those of the run
 */
async function refuseTaken(out: string): Promise<void> {
  const names = existsSync(out) && statSync(out).isDirectory() ? readdirSync(out) : [];
  if (names.length === 0 || names.includes('history.jsonl')) return;
  const own = new Set([attestationFile, logs, ...(await runFileNames())]);
  const taken = names.filter((name) => own.has(name));
  if (taken.length > 0)
    throw new UsageError(
      `--out ${out}: holds ${taken.slice(0, 3).join(', ')} already, which a run would write over; name a directory without, or leave --out away for a new one`,
    );
}

/** What some commands have beside what all that make a run do. */
interface Besides {
  /** What decides its clauses, so that TAP can tell of them while it goes on; left out: it has none. */
  readonly deciders?: Deciders;
  /** Writes a document that is no format, and gives its name; it is sealed with the others. Undefined where it could not. */
  readonly print?: ((directory: string) => Promise<Sealed | undefined>) | undefined;
}

/**
 * Makes a run in front of a person: its steps on standard error, what came of it on standard output, a signal that ends it in order. Gives the
 * exit code.
 *
 * @param outline - the steps that are expected, id and title
 * @throws whatever keeps the run from beginning
 */
export async function carryOut(
  flags: RunFlags,
  command: string,
  outline: readonly (readonly [id: string, title: string])[],
  run: (setting: RunSetting) => Promise<RunResult>,
  { deciders = new Map(), print }: Besides = {},
): Promise<number> {
  const signer = signerFrom(flags.signKey);
  if (flags.out !== undefined) await refuseTaken(flags.out);
  using stopping = abortOnSignals();
  const { signal } = stopping;
  // Machine output is nothing but that.
  const people = flags.json === true || flags.tap === true ? process.stderr : process.stdout;
  const workflow = beginWorkflow(withWorkflowFiles(), (text) => people.write(text));
  const steps = flags.quiet
    ? { ...silent, finish: () => Promise.resolve() }
    : terminalSteps(outline, signal, { plain: flags.tap === true });
  const tap = flags.tap === true ? streamTap((text) => process.stdout.write(text), deciders) : undefined;
  try {
    const result = await run({
      ...{ command, signal, steps: tap?.besides(steps) ?? steps },
      ...(tap && { watch: tap.watch }),
      seed: flags.seed ?? Math.floor(Math.random() * 2 ** 31),
      papers: startPapers(signer, print),
      ...(flags.out !== undefined && { out: flags.out }),
    });
    const { report, history, directory, failure, failureMessage = '' } = result;
    await steps.finish();
    if (tap !== undefined) tap.end(result);
    else if (flags.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else
      process.stdout.write(
        summary(report, history, { color: colorAllowed(flags), directory, width: process.stdout.columns ?? 100 }),
      );
    // What stands in the report was told by it, but perhaps cut short: commands are wanted whole.
    const notHealed = findError(failure, HealError) !== undefined;
    const told = report.troubles.some(({ message }) => message === failureMessage) && !notHealed;
    if (failure !== undefined && !told) process.stderr.write(`assay: ${withoutSecrets(failureMessage)}\n`);
    workflow?.tell(report, history, directory);
    if (notHealed) return exitCodes.notHealed;
    if (signal.aborted) {
      process.stderr.write(`${stoppedSentence(report)}\n`);
      return exitCodes.aborted;
    }
    if (findError(failure, UsageError) !== undefined) return exitCodes.usage;
    return failure !== undefined && report.verdict === 'pass' ? exitCodes.inconclusive : exitCodeOf(report.verdict);
  } catch (error) {
    await steps.finish();
    tap?.bailOut(signal.aborted ? signal.reason : error);
    if (!signal.aborted) throw error;
    process.stderr.write(`${messageOf(signal.reason)}: nothing had begun\n`);
    return exitCodes.aborted;
  }
}

/** Colour for a person at a terminal who did not forbid it. */
function colorAllowed({ color }: RunFlags): boolean {
  return color && process.stdout.isTTY === true && !process.env.NO_COLOR;
}

import { resolve } from 'node:path';
import { findError, messageOf, UsageError } from '../src/errors.ts';
import { HealError } from '../src/heal-error.ts';
import type { RuntimeKind } from '../fixtures/runtime/runtime-kind.ts';
import { defaultRuntime, loadRuntime, missingRuntimes, runtimeNames } from '../fixtures/runtime/runtimes.ts';
import { startPapers } from '../reports/papers.ts';
import { summary } from '../reports/terminal.ts';

import { exitCodes, exitCodeOf } from './exit-codes.ts';
import { abortOnSignals } from './signals.ts';
import { chooseClauses } from '../plans/choose.ts';
import { gatePlan } from '../plans/gate.ts';
import { narrowed, type Chosen, type Plan } from '../plans/plan.ts';
import { runPlan, type RunningTarget } from '../engine/run.ts';
import { silent } from '../engine/steps.ts';
import { terminalSteps } from './terminal-steps.ts';

/**
 * The flags of `assay gate` under the names that commander gives them; what nobody set is absent, and `color` is false for
 * `--no-color`.
 */
export interface GateFlags {
  readonly target?: string;
  readonly runtime?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly only?: string;
  readonly node?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

/**
 * The command `assay gate`. Gives the exit code.
 *
 * @throws UsageError, and whatever else keeps the run from beginning
 */
export async function gateCommand(flags: GateFlags, commandLine: string): Promise<number> {
  const runtime = runtimeOf(flags);
  const chosen = chooseClauses(flags.only);
  const on = runtime === 'attach' ? await attachTo(flags.target!) : runtime;
  const plan = gatePlan(flags.node === undefined ? undefined : { command: flags.node, implementation: flags.node });
  using stopping = abortOnSignals();
  const { signal } = stopping;
  const steps = flags.quiet
    ? { ...silent, finish: () => Promise.resolve() }
    : terminalSteps(outline(plan, typeof on === 'string' ? await loadRuntime(on) : undefined, chosen));
  try {
    const { report, directory, failure } = await runPlan({
      ...{ plan, chosen, on, signal, steps },
      command: commandLine,
      seed: flags.seed ?? Math.floor(Math.random() * 2 ** 31),
      papers: startPapers(),
      ...(flags.out !== undefined && { out: flags.out }),
      ...(flags.node !== undefined && { nodeUnderTest: flags.node }),
    });
    await steps.finish();
    if (flags.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else
      process.stdout.write(
        summary(report, { color: colorAllowed(flags), directory, width: process.stdout.columns ?? 100 }),
      );
    // What stands in the report was told by it, but perhaps cut short: commands are wanted whole.
    const notHealed = findError(failure, HealError) !== undefined;
    const told = report.troubles.some(({ message }) => message === messageOf(failure)) && !notHealed;
    if (failure !== undefined && !told) process.stderr.write(`assay: ${messageOf(failure)}\n`);
    if (notHealed) return exitCodes.notHealed;
    if (signal.aborted) return exitCodes.aborted;
    if (findError(failure, UsageError) !== undefined) return exitCodes.usage;
    return failure !== undefined && report.verdict === 'pass' ? exitCodes.inconclusive : exitCodeOf(report.verdict);
  } catch (error) {
    await steps.finish();
    if (signal.aborted) return exitCodes.aborted;
    throw error;
  }
}

async function attachTo(file: string): Promise<RunningTarget> {
  const { attachTarget } = await import('../fixtures/target/attach.ts');
  return attachTarget(resolve(file));
}

function runtimeOf({ runtime, target, node, out }: GateFlags): string {
  if (runtime !== undefined && missingRuntimes().includes(runtime))
    throw new UsageError(
      `--runtime ${runtime}: this version of Assay has no ${runtime} runtime; use ${runtimeNames().join(', ')}, or --target FILE for a mesh that runs already`,
    );
  const known = runtime ?? (target === undefined ? defaultRuntime : 'attach');
  const names = [...runtimeNames(), 'attach'];
  if (!names.includes(known))
    throw new UsageError(`--runtime ${known}: no such runtime; there are ${names.join(', ')}`);
  if (known === 'attach' && target === undefined)
    throw new UsageError('--runtime attach: wants --target FILE, which names the endpoints that run already');
  if (known !== 'attach' && target !== undefined)
    throw new UsageError(
      `--target ${target}: a target that runs already is judged with --runtime attach, not ${known}`,
    );
  if (node !== undefined && known === 'attach')
    throw new UsageError('--node: starts a node of yours, which --target does not; use one of the two');
  if (out?.trim() === '')
    throw new UsageError(
      '--out: wants the directory that the run is written to, as in --out reports/out/today; without the option Assay names one itself',
    );
  if (node?.trim() === '')
    throw new UsageError('--node: wants the command that starts your node, as in --node "./my-node --flag"');
  return known;
}

/** @param kind - absent for a target that runs already */
function outline(plan: Plan, kind: RuntimeKind | undefined, chosen: Chosen): [string, string][] {
  const { parts } = narrowed(plan, chosen);
  const attached = kind === undefined;
  const work = parts.flatMap(({ suites, scenarios }) => [...suites, ...(attached ? [] : scenarios)]);
  return [
    attached ? ['attach', 'Attach to the target'] : ['toolchain', 'Toolchain'],
    ...(kind?.startsAtOnce === false ? [['runtime', kind.title] satisfies [string, string]] : []),
    ...(attached ? [] : parts.map(({ mesh }): [string, string] => [`mesh-${mesh.name}`, `Mesh ${mesh.name}`])),
    ...work.map(({ id, title }): [string, string] => [id, title]),
    ['report', 'Report'],
  ];
}

/** Colour for a person at a terminal who did not forbid it. */
export function colorAllowed({ color }: Pick<GateFlags, 'color'>): boolean {
  return color && process.stdout.isTTY === true && !process.env.NO_COLOR;
}

import { resolve } from 'node:path';
import { UsageError } from '../src/errors.ts';
import type { RuntimeKind } from '../fixtures/runtime/runtime-kind.ts';
import { defaultRuntime, loadRuntime, missingRuntimes, runtimeNames } from '../fixtures/runtime/runtimes.ts';
import { chooseClauses } from '../plans/choose.ts';
import { gatePlan } from '../plans/gate.ts';
import { narrowed, type Part } from '../plans/plan.ts';
import type { QuietWindow } from '../plans/quiet-window.ts';
import { quietStep } from '../engine/quiet-window.ts';
import { runPlan } from '../engine/run.ts';
import type { AttachedTarget } from '../fixtures/target/attach.ts';
import { readAcceptFile } from './accept-file.ts';
import { carryOut, refuseEmpty, type RunFlags } from './carry-out.ts';
import { quietWanted, type QuietFlags } from './quiet-wanted.ts';

/** The flags of `assay gate`; what nobody set is absent. */
export interface GateFlags extends RunFlags, QuietFlags {
  readonly runtime?: string;
  readonly node?: string;
  /** In seconds. */
  readonly uptake?: number;
  /** File of failures that are accepted. */
  readonly accept?: string;
}

/**
 * The command `assay gate`. Gives the exit code.
 *
 * @throws UsageError, and whatever else keeps the run from beginning
 */
export async function gateCommand(flags: GateFlags, commandLine: string): Promise<number> {
  refuseEmpty(flags);
  const runtime = runtimeOf(flags);
  const chosen = chooseClauses(flags.only);
  const accepted = flags.accept === undefined ? [] : readAcceptFile(flags.accept);
  const on = runtime === 'attach' ? await attachTo(flags.target!) : runtime;
  const plan = gatePlan(
    flags.node === undefined ? undefined : { command: flags.node, implementation: flags.node },
    flags.uptake === undefined ? {} : { uptakeMs: flags.uptake * 1000 },
  );
  const kind = typeof on === 'string' ? await loadRuntime(on) : undefined;
  const { parts } = narrowed(plan, chosen);
  const { quiet, note } = await quietWanted(flags, parts, typeof on === 'string' ? undefined : on, runtime);
  if (note !== undefined && flags.quiet !== true) process.stderr.write(`${note}\n`);
  return carryOut(flags, commandLine, outline(parts, kind, quiet), (setting) =>
    runPlan({
      ...setting,
      ...{ plan, chosen, on, accepted, ...(quiet && { quiet }) },
      ...(flags.node !== undefined && { nodeUnderTest: flags.node }),
    }),
  );
}

async function attachTo(file: string): Promise<AttachedTarget> {
  const { attachTarget } = await import('../fixtures/target/attach.ts');
  return attachTarget(resolve(file));
}

function runtimeOf({ runtime, target, node, uptake }: GateFlags): string {
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
  if (uptake !== undefined && known === 'attach')
    throw new UsageError('--uptake: is for nodes that Assay starts, which --target does not; use one of the two');
  return known;
}

/** @param kind - absent for a target that runs already */
function outline(
  parts: readonly Part[],
  kind: RuntimeKind | undefined,
  quiet: QuietWindow | undefined,
): [string, string][] {
  const attached = kind === undefined;
  const work = parts.flatMap(({ suites, scenarios }) => [...suites, ...(attached ? [] : scenarios)]);
  return [
    ...(attached && quiet === undefined ? [] : [['toolchain', 'Toolchain'] satisfies [string, string]]),
    ...(attached ? [['attach', 'Attach to the target'] satisfies [string, string]] : []),
    ...(kind?.startsAtOnce === false ? [['runtime', kind.title] satisfies [string, string]] : []),
    ...(attached ? [] : parts.map(({ mesh }): [string, string] => [`mesh-${mesh.name}`, `Mesh ${mesh.name}`])),
    ...work.map(({ id, title }): [string, string] => [id, title]),
    ...(quiet === undefined ? [] : [[quietStep.id, quietStep.title] satisfies [string, string]]),
    ['report', 'Report'],
  ];
}

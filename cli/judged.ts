import { resolve } from 'node:path';
import { UsageError } from '../src/errors.ts';
import type { AcceptedFailure } from '../src/history.ts';
import type { RuntimeKind } from '../fixtures/runtime/runtime-kind.ts';
import { defaultRuntime, loadRuntime, missingRuntimes, runtimeNames } from '../fixtures/runtime/runtimes.ts';
import type { AttachedTarget } from '../fixtures/target/attach.ts';
import { isProgram } from '../fixtures/toolchain/cache.ts';
import { programs } from '../fixtures/toolchain/programs.ts';
import { chooseClauses, type Chooser } from '../plans/choose.ts';
import type { DeploymentOverrides, NodeUnderTest } from '../plans/meshes.ts';
import type { Chosen } from '../plans/plan.ts';
import { readAcceptFile } from './accept-file.ts';
import type { RunFlags } from './carry-out.ts';

/** The flags of every command that judges clauses, of what is to be judged; what nobody set is absent. */
export interface JudgedFlags extends RunFlags {
  readonly target?: string;
  readonly runtime?: string;
  readonly only?: string;
  readonly node?: string;
  /** In seconds. */
  readonly uptake?: number;
  /** How long a mesh that runs already is looked at, in milliseconds. */
  readonly watch?: number;
  /** File of failures that are accepted. */
  readonly accept?: string;
  /** Files of programs that are judged in the place of those of the toolchain. */
  readonly spireServer?: string;
  readonly spireAgent?: string;
}

/** What a command line asks to be judged. */
export interface Judged {
  readonly chosen: Chosen;
  readonly accepted: readonly AcceptedFailure[];
  /** The runtime's name, or the mesh that runs already. */
  readonly on: string | AttachedTarget;
  /** The runtime's name, `attach` where nothing is stood up. */
  readonly runtime: string;
  /** Undefined where nothing is stood up. */
  readonly kind: RuntimeKind | undefined;
  readonly node: NodeUnderTest | undefined;
  readonly overrides: DeploymentOverrides;
  /** Where the programs are looked for. */
  readonly env: NodeJS.ProcessEnv;
}

/** @throws UsageError that says what would be right */
export async function whatIsJudged(flags: JudgedFlags, by: Chooser): Promise<Judged> {
  const runtime = runtimeOf(flags);
  const env = spireOf(flags, runtime);
  const chosen = chooseClauses(flags.only, by);
  const accepted = flags.accept === undefined ? [] : readAcceptFile(flags.accept);
  const on = runtime === 'attach' ? await attachTo(flags.target!, flags.watch) : runtime;
  return {
    ...{ chosen, accepted, on, runtime, env },
    kind: typeof on === 'string' ? await loadRuntime(on) : undefined,
    node: flags.node === undefined ? undefined : { command: flags.node, implementation: flags.node },
    overrides: flags.uptake === undefined ? {} : { uptakeMs: flags.uptake * 1000 },
  };
}

/** A SPIRE of somebody's own stands where its setting would name one. @throws UsageError where there is no such file */
function spireOf({ spireServer, spireAgent }: JudgedFlags, runtime: string): NodeJS.ProcessEnv {
  const given = { 'spire-server': spireServer, 'spire-agent': spireAgent } as const;
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, file] of Object.entries(given) as [keyof typeof given, string | undefined][]) {
    if (file === undefined) continue;
    if (runtime === 'attach')
      throw new UsageError(
        `--${name} ${file}: is for a SPIRE that Assay starts, which --target does not; use one of the two`,
      );
    if (!isProgram(file))
      throw new UsageError(
        `--${name} ${file}: is no program that can be run; wanted is the file of a build of ${name}`,
      );
    env[programs[name].setting] = resolve(file);
  }
  return env;
}

async function attachTo(file: string, watchMs: number | undefined): Promise<AttachedTarget> {
  const { attachTarget } = await import('../fixtures/target/attach.ts');
  return attachTarget(resolve(file), watchMs);
}

function runtimeOf({ runtime, target, node, uptake, watch }: JudgedFlags): string {
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
  if (watch !== undefined && known !== 'attach')
    throw new UsageError(
      '--watch: is for a mesh that runs already, whose SVIDs live long; in one that Assay stands up they rotate all the time. Name yours with --target FILE',
    );
  if (uptake !== undefined && known === 'attach')
    throw new UsageError('--uptake: is for nodes that Assay starts, which --target does not; use one of the two');
  return known;
}

import { runCertification, runSelfTest, stepIn } from '../engine/certify.ts';
import { selfTestMinutes, selfTestStep } from '../engine/record-self-test.ts';
import type { RunResult, RunSetting } from '../engine/record-run.ts';
import { certifyPasses, type PassPlan } from '../plans/certify.ts';
import { narrowed } from '../plans/plan.ts';
import type { QuietWindow } from '../plans/quiet-window.ts';
import { availableParallelism } from 'node:os';
import { findChromium } from '../fixtures/chromium/find.ts';
import type { RuntimeKind } from '../fixtures/runtime/runtime-kind.ts';
import type { Sealed } from '../reports/papers.ts';
import { messageOf, UsageError } from '../src/errors.ts';
import { carryOut, refuseEmpty } from './carry-out.ts';
import { outline } from './gate.ts';
import { whatIsJudged, type Judged, type JudgedFlags } from './judged.ts';
import { keepSelfTest, readKeptSelfTest } from './kept-self-test.ts';
import { printRun } from './print-run.ts';
import { quietWanted, type QuietFlags } from './quiet-wanted.ts';

/** The flags of `assay certify`; what nobody set is absent. */
export interface CertifyFlags extends JudgedFlags, QuietFlags {
  /** The self-test alone. */
  readonly selfTest?: boolean;
}

/**
 * The command `assay certify`. Gives the exit code.
 *
 * @throws UsageError, and whatever else keeps the run from beginning
 */
export async function certifyCommand(flags: CertifyFlags, commandLine: string): Promise<number> {
  refuseEmpty(flags);
  if (flags.selfTest === true) return selfTestCommand(flags, commandLine);
  const { chosen, on, kind, node, overrides, runtime, ...judged } = await whatIsJudged(flags, 'certify');
  const passes = certifyPasses(typeof on === 'string', node, overrides, flags.only);
  const { parts } = narrowed(passes[0].plan, chosen);
  const { quiet, note } = await quietWanted(flags, parts, typeof on === 'string' ? undefined : on, runtime);
  const kept = readKeptSelfTest(process.env);
  const selfTest = {
    ...(kept !== undefined && { kept }),
    ...(flags.only !== undefined && { chosen }),
  };
  if (flags.quiet !== true)
    process.stderr.write(`${[note, beforehand(passes, kept?.mark.madeAt)].flatMap((line) => line ?? []).join('\n')}\n`);
  const chromium = findChromium(process.env);
  const print = chromium === undefined ? undefined : (directory: string) => printed(directory, chromium);
  const steps = outlineOf(passes, chosen, kind, quiet, kept === undefined, on);
  const run = async (setting: RunSetting) => {
    const result = await runCertification({
      ...setting,
      ...judged,
      ...{ passes, selfTest, chosen, on, ...(quiet && { quiet }) },
      ...(flags.node !== undefined && { nodeUnderTest: flags.node }),
    });
    return flags.only === undefined ? keeping(result) : result;
  };
  return carryOut(flags, commandLine, steps, run, { print });
}

/** That the page cannot be printed takes nothing from what the run found out. */
async function printed(directory: string, chromium: string): Promise<Sealed | undefined> {
  try {
    return await printRun(directory, chromium);
  } catch (error) {
    process.stderr.write(
      `${messageOf(error)}: there is no PDF of this run, and all else is whole; print it with: assay report pdf ${directory}\n`,
    );
    return undefined;
  }
}

/** The self-test alone, made anew whatever is kept. */
function selfTestCommand(flags: CertifyFlags, commandLine: string): Promise<number> {
  const given = (
    ['target', 'node', 'only', 'accept', 'baseline', 'runtime', 'spireServer', 'spireAgent', 'uptake', 'rate'] as const
  ).find((flag) => flags[flag] !== undefined);
  if (given !== undefined || flags.slo.length > 0)
    throw new UsageError(
      `--self-test: tries Assay itself, on this machine, and judges nothing else; leave --${(given ?? 'slo').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} away`,
    );
  if (flags.quiet !== true) process.stderr.write(`${sentenceOfSelfTest()}\n`);
  return carryOut(
    flags,
    commandLine,
    [
      [selfTestStep.id, selfTestStep.title],
      ['report', 'Report'],
    ],
    async (setting) => keeping(await runSelfTest(setting)),
  );
}

async function keeping(result: RunResult): Promise<RunResult> {
  try {
    await keepSelfTest(result.history, process.env);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}: the self-test is not kept for a later run, and this run is whole\n`);
  }
  return result;
}

/** What a person should know before it begins: how long it takes. */
function beforehand(passes: readonly PassPlan[], keptOf: string | undefined): string {
  const seconds = passes.reduce((sum, { expectedSeconds }) => sum + expectedSeconds, 0);
  const ofPasses = passes.map(({ title, expectedSeconds }) => `${title} (${expectedSeconds} s)`).join(', then ');
  return keptOf === undefined
    ? `certify: ${ofPasses}; ${sentenceOfSelfTest()}; in all some ${Math.ceil(seconds / 60 + selfTestTakes())} minutes`
    : `certify: ${ofPasses}; the self-test of ${keptOf.slice(0, 10)} by this code on this machine stands for one of today (assay certify --self-test makes it anew); in all some ${Math.ceil(seconds / 60)} minutes`;
}

function sentenceOfSelfTest(): string {
  return `the self-test of impostors and right nodes (some ${selfTestTakes()} minutes on ${availableParallelism()} processors)`;
}

/** In minutes: it keeps as many processors busy as there are. */
function selfTestTakes(): number {
  return Math.ceil((selfTestMinutes * 2) / availableParallelism());
}

function outlineOf(
  passes: readonly PassPlan[],
  chosen: Judged['chosen'],
  kind: RuntimeKind | undefined,
  quiet: QuietWindow | undefined,
  makesSelfTest: boolean,
  on: Judged['on'],
): [string, string][] {
  const ofPasses = passes.flatMap((pass, at) => {
    const { parts, ofOthers = [] } = narrowed(pass.plan, chosen);
    const over =
      typeof on === 'string' ? [] : ofOthers.filter(({ needs }) => needs.every((need) => on.grants.has(need)));
    const steps = outline(parts, kind, at === 0 ? quiet : undefined, over).slice(0, -1);
    // The programs are looked for once.
    return steps.filter(([id]) => at === 0 || id !== 'toolchain').map((step) => stepIn(pass, at, step));
  });
  return [
    ...ofPasses,
    ...(makesSelfTest ? [[selfTestStep.id, selfTestStep.title] satisfies [string, string]] : []),
    ['report', 'Report'],
  ];
}

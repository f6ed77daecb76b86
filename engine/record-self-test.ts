import { availableParallelism } from 'node:os';
import type { Run } from '../fixtures/run/run.ts';
import { ToolchainError } from '../fixtures/toolchain/errors.ts';
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import { locateMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import { locateTools, whyLacking, type ToolName } from '../fixtures/toolchain/toolchain.ts';
import { impostors as everyImpostor } from '../impostors/catalogue.ts';
import type { Conformer } from '../impostors/conformer.ts';
import { conformers as everyConformer } from '../impostors/conformers.ts';
import type { Impostor } from '../impostors/impostor.ts';
import type { Chosen } from '../plans/plan.ts';
import { messageOf } from '../src/errors.ts';
import type { SelfTestMark, TriedConformer, TriedImpostor } from '../src/history.ts';
import { version } from '../src/version.ts';
import { codeDigest } from './code-digest.ts';
import { judgeAlone, rightPrograms, wholeGateOf, type RightAlone } from './right-alone.ts';
import { startSelfTest } from './self-test.ts';
import type { Steps } from './steps.ts';
import { triedConformer, triedImpostor } from './tried.ts';

/** A self-test that an earlier run made, by the same code on a machine like this. */
export interface KeptSelfTest {
  readonly mark: SelfTestMark;
  readonly tried: readonly (TriedImpostor | TriedConformer)[];
}

export interface RecordSelfTestOptions {
  readonly steps: Steps;
  /** The clauses that the run judges; left out: all of them. What breaks none of these is not tried, and of right nodes only those beside. */
  readonly chosen?: Chosen;
  readonly kept?: KeptSelfTest;
}

/** How it is shown while it is made. */
export const selfTestStep = { id: 'self-test', title: 'Self-test: impostors and right nodes' } as const;

/** How long it takes on two cores that nothing else is busy on. Source: `npm run detection` on 2026-11-29. */
export const selfTestMinutes = 20;

/** Tries Assay itself on this machine, and records what came of each impostor and of each right node; or records what is kept of that. */
export async function recordSelfTest(run: Run, { steps, chosen, kept }: RecordSelfTestOptions): Promise<void> {
  const { recorder } = run;
  if (kept !== undefined) {
    recorder.record({ ...kept.mark, state: 'begun', kept: true });
    for (const tried of kept.tried) recorder.record(tried);
    recorder.record({ ...kept.mark, state: 'ended', kept: true });
    return;
  }
  const { versions } = await locateMeshTools({ say: () => {}, signal: run.signal });
  const mark = {
    kind: 'self-test',
    madeAt: new Date().toISOString(),
    kept: false,
    cores: availableParallelism(),
    versions: { assay: version, node: process.versions.node, ...versions },
    code: codeDigest(),
  } as const;
  await steps.step(selfTestStep.id, selfTestStep.title, async (say) => {
    recorder.record({ ...mark, state: 'begun' });
    recorder.record({ ...mark, state: 'ended', ...(await tryAll(run, chosen, say)) });
  });
}

/** Gives how many were judged again, and who was not tried. */
async function tryAll(
  run: Run,
  chosen: Chosen | undefined,
  say: (line: string) => void,
): Promise<Required<Pick<SelfTestMark, 'again' | 'leftOut'>>> {
  const { recorder, signal, dir } = run;
  const here = await whatIsHere(signal, say);
  const impostors = everyImpostor.filter((one) => here.has(one) && chosen?.has(one.breaks) !== false);
  const conformers = chosen === undefined ? everyConformer.filter((one) => here.has(one)) : [];
  const test = startSelfTest({
    ...{ impostors, conformers, tool: here.tool, out: dir, signal },
    cores: availableParallelism(),
  });
  const byName = new Map(impostors.map((impostor) => [impostor.id, impostor]));
  const tries = [
    ...[...test.impostors].map(async ([id, judged]) => {
      const impostor = byName.get(id)!;
      recorder.record(await judged.then((one) => triedImpostor(impostor, one), notRun(impostor)));
    }),
    ...[...test.rightNodes].map(async ([batch, judged]) =>
      recorder.record(triedConformer('the reference node', `the impostors of ${batch}`, await judged)),
    ),
    ...[...test.conformers].flatMap(([by, all]) =>
      [...all].map(async ([id, judged]) => recorder.record(triedConformer(id, by, await judged))),
    ),
  ];
  let done = 0;
  const alone: readonly RightAlone[] =
    chosen === undefined
      ? [...rightPrograms, ...conformers.filter(({ wholeGate }) => wholeGate).map((one) => wholeGateOf(one, here.tool))]
      : [];
  const all = tries.length + alone.length;
  const isDone = () => say(`${++done} of ${all}`);
  const settled = await Promise.allSettled(tries.map((one) => one.then(isDone)));
  signal.throwIfAborted();
  // A gate keeps the machine busy by itself: it comes when no crowd is left beside it.
  let again = test.again();
  for (const one of alone) {
    const judged = await judgeAlone(one, { out: dir, signal, again: () => void again++ });
    recorder.record(triedConformer(one.id, one.only ?? 'the gate', judged));
    isDone();
  }
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { again, leftOut: here.leftOut };
}

/** An impostor whose run did not come about was not caught, and nobody can say that it would have been. */
function notRun({ id, breaks }: Impostor): (error: unknown) => TriedImpostor {
  return (error) => ({
    ...{ kind: 'impostor', impostor: id, breaks, outcome: 'missed' },
    said: `its run did not come about: ${messageOf(error)}`,
  });
}

/** Those that this machine has the programs for. */
async function whatIsHere(signal: AbortSignal, say: (line: string) => void) {
  const wanted = [...everyImpostor, ...everyConformer].flatMap((one) => ('tool' in one ? [one.tool] : []));
  const paths = new Map<ToolName, string>();
  const leftOut: { readonly program: ToolName; readonly why: string; readonly count: number }[] = [];
  for (const name of new Set(wanted)) {
    const leave = (why: string) =>
      leftOut.push({ program: name, why, count: wanted.filter((one) => one === name).length });
    const why = await whyLacking(name);
    if (why !== undefined) {
      leave(why);
      continue;
    }
    try {
      const found = await locateTools([name], { signal, onProgress: (progress) => say(describeProgress(progress)) });
      paths.set(name, found[name].path);
    } catch (error) {
      // What cannot be had here is not tried, and that is told: the others are.
      if (!(error instanceof ToolchainError)) throw error;
      leave(messageOf(error));
    }
  }
  return {
    has: (one: Impostor | Conformer) => !('tool' in one) || paths.has(one.tool),
    tool: (name: ToolName) => paths.get(name)!,
    leftOut,
  };
}

import type { Run } from '../fixtures/run/run.ts';
import type { PassPlan } from '../plans/certify.ts';
import { outsideOfPasses } from '../src/reading/passes.ts';
import { recordSelfTest, type RecordSelfTestOptions } from './record-self-test.ts';
import { recordRun, type RunResult, type RunSetting } from './record-run.ts';
import { judging, runOn, type RunOptions } from './run.ts';
import type { Steps } from './steps.ts';

export interface CertifyOptions extends Omit<RunOptions, 'plan'> {
  readonly passes: readonly [PassPlan, ...PassPlan[]];
  readonly selfTest: Pick<RecordSelfTestOptions, 'chosen' | 'kept'>;
}

/** Runs each pass of a certification, then the self-test, and judges what came of it all, as `recordRun` does. */
export function runCertification({ passes, selfTest, ...options }: CertifyOptions): Promise<RunResult> {
  const { quiet, ...others } = options;
  return recordRun(
    options,
    judging({ ...options, plan: passes[0].plan }, async (run, tools) => {
      for (const [at, pass] of passes.entries()) {
        // Figures are those of the first pass: the others are there for what they decide.
        const own = {
          ...others,
          plan: pass.plan,
          ...(at === 0 && quiet && { quiet }),
          steps: stepsOf(options, pass, at),
        };
        await inPass(run, pass, (within) => runOn(own, within, tools));
      }
      await recordSelfTest(run, { ...selfTest, steps: options.steps });
    }),
  );
}

/** A run of nothing but the self-test. */
export function runSelfTest(setting: RunSetting): Promise<RunResult> {
  return recordRun(setting, {
    runtime: 'process',
    prepare: () => Promise.resolve(),
    begins: () => ({ runtime: 'process', versions: {}, target: { kind: 'Assay itself' }, clauses: [] }),
    work: (run) => recordSelfTest(run, { steps: setting.steps }),
  });
}

/** The same suites and scenarios come in each pass, and are told apart by it. */
function stepsOf({ steps }: Pick<RunSetting, 'steps'>, pass: PassPlan, at: number): Steps {
  return { ...steps, step: (id, title, work) => steps.step(...stepIn(pass, at, [id, title]), work) };
}

/** A step, id and title, as it is told in a pass: those of the first are called as in any run. */
export function stepIn(
  { id: pass, title: passTitle }: PassPlan,
  at: number,
  [id, title]: readonly [id: string, title: string],
): [string, string] {
  return at === 0 ? [id, title] : [`${pass}/${id}`, `${title} (${passTitle})`];
}

async function inPass(
  run: Run,
  { id, title, cannotShow, leavesOut }: PassPlan,
  work: (run: Run) => Promise<void>,
): Promise<void> {
  const mark = {
    kind: 'pass',
    ...{ pass: id, title, cannotShow },
    ...(leavesOut !== undefined && { leavesOut: leavesOut.map((clause) => clause.id) }),
  } as const;
  run.recorder.record({ ...mark, state: 'begun' });
  await work({ ...run, recorder: run.recorder.chapter(outsideOfPasses(run.recorder.history)) });
  run.recorder.record({ ...mark, state: 'ended' });
}

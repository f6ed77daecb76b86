/**
 * A verdict says what came of judging something.
 *
 * - `pass`, `fail`: decided, from evidence.
 * - `inconclusive`: the harness could not tell; never taken for a pass.
 * - `skipped`: not applicable to this target or not injectable by this runtime, with the reason.
 * - `deviation`: known not to hold, declared so.
 * - `untested`: a requirement of the catalogue that no clause decides. It stands in coverage, never beside a clause.
 */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'skipped' | 'deviation' | 'untested';

/** A verdict that a clause can have: a clause is what has a check. */
export type ClauseVerdict = Exclude<Verdict, 'untested'>;

/** A verdict with its reason in one sentence and the indexes of the history entries that it rests on. */
export interface Judgement {
  readonly verdict: ClauseVerdict;
  readonly reason: string;
  readonly evidence: readonly number[];
}

/** The worst of several: the first that fails, or else the first that does not pass; undefined where all pass. */
export function worstOf(judgements: readonly Judgement[]): Judgement | undefined {
  return judgements.find(({ verdict }) => verdict === 'fail') ?? judgements.find(({ verdict }) => verdict !== 'pass');
}

export type RunVerdict = 'pass' | 'fail' | 'inconclusive';

/**
 * The verdict of a whole run: its worst, fail before inconclusive before pass.
 * A run in which nothing was decided is inconclusive.
 */
export function worst(verdicts: readonly Verdict[]): RunVerdict {
  if (verdicts.includes('fail')) return 'fail';
  if (verdicts.includes('inconclusive') || !verdicts.includes('pass')) return 'inconclusive';
  return 'pass';
}

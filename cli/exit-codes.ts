import type { RunVerdict } from '../src/verdict.ts';

/** The exit codes of every command. They are fixed by contract: outside programs rely on them. */
export const exitCodes = { pass: 0, fail: 1, usage: 2, inconclusive: 3, notHealed: 4, aborted: 130 } as const;

/**
 * The exit code of a run that came to its end, by its verdict. What outweighs a verdict, such as a fault that was not healed, is for
 * the caller to see first.
 */
export function exitCodeOf(verdict: RunVerdict): number {
  return exitCodes[verdict];
}

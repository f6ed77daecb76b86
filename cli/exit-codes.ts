import type { RunVerdict } from '../src/verdict.ts';

/** Fixed by contract: outside programs rely on them. */
export const exitCodes = { pass: 0, fail: 1, usage: 2, inconclusive: 3, notHealed: 4, aborted: 130 } as const;

export function exitCodeOf(verdict: RunVerdict): number {
  return exitCodes[verdict];
}

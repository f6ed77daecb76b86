import type { Judgement } from '../verdict.ts';
import type { ScenarioWindow } from '../reading/scenarios.ts';

/** Half of the answers later than this, counted from when they were due: a machine that cannot carry mesh and harness at once. */
const tooSlowMs = 400;

/**
 * The same judgement, but for a fail on an overloaded machine: there nodes miss moments that are not theirs to miss, so it is left open.
 * Never makes a pass of anything.
 */
export function unlessOverloaded(window: ScenarioWindow, judgement: Judgement): Judgement {
  if (judgement.verdict !== 'fail') return judgement;
  const late = window.requests
    .filter(({ connection, outcome }) => connection === 'new' && outcome === 'ok')
    .map(({ dueMs, startMs, totalMs }) => startMs - dueMs + totalMs)
    .sort((a, b) => a - b);
  const median = late[Math.floor(late.length / 2)];
  if (median === undefined || median <= tooSlowMs) return judgement;
  return {
    ...judgement,
    verdict: 'inconclusive',
    reason: `this machine was too busy to tell: half of all answers took more than ${median.toFixed(0)} ms from when they were due (${tooSlowMs} ms are the most to judge by). What was seen: ${judgement.reason}`,
  };
}

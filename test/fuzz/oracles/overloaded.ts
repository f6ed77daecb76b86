import type { EntryOf, History } from '../../../src/history.ts';
import { ofKind } from './entries.ts';

// From docs/decisions/0020-healthy-first.md: overload is read beside the nodes, and never from how late they answer. The figures are the
// checker's.

const lateTimerMs = 150;
const waitedShare = 0.9;
const stolenShare = 0.3;
// What piled up while the machine stood still is worked off after it.
const aftermathMs = 1_000;
const leastShare = 0.1;
const leastMs = 1_000;

function isOverload({ lagMs, waitedMs, stolen, fromMs, atMs }: EntryOf<'machine'>): boolean {
  if (lagMs > lateTimerMs) return true;
  if (waitedMs !== undefined && waitedMs > waitedShare * (atMs - fromMs)) return true;
  return stolen !== undefined && stolen > stolenShare;
}

/** For how long the machine was too busy for its own threads between two instants. */
function overloadedMs(history: History, fromMs: number, toMs: number): number {
  let sumMs = 0;
  for (const reading of ofKind(history, 'machine'))
    if (isOverload(reading) && reading.fromMs <= toMs && reading.atMs >= fromMs) sumMs += reading.atMs - reading.fromMs;
  return sumMs;
}

/** Whether the machine may be to blame for what went wrong between two instants: it was too busy for a tenth of that time, or right before. */
export function wasOverloaded(history: History, fromMs: number, toMs: number): boolean {
  return overloadedMs(history, fromMs - aftermathMs, toMs) > leastShare * (toMs - fromMs);
}

/** Whether it may be to blame for what did not come in a whole scenario. */
export function wasOverloadedThrough(history: History, fromMs: number, toMs: number): boolean {
  return overloadedMs(history, fromMs, toMs) >= leastMs;
}

/** Whether an answer is late by no more than the nodes waited for a processor, as the kernel tells, until it came. */
export function wasStarved(
  history: History,
  nodes: readonly string[],
  fromMs: number,
  toMs: number,
  lateByMs: number,
): boolean {
  let waitedMs = 0;
  let times = 0;
  for (const reading of ofKind(history, 'starved')) {
    if (!nodes.includes(reading.node) || reading.fromMs > toMs || reading.atMs < fromMs - aftermathMs) continue;
    waitedMs += reading.waitedMs;
    times++;
  }
  return times > 0 && waitedMs >= lateByMs;
}

import { entriesOf, type History } from '../history.ts';
import { zeroOf } from './nodes.ts';

// Certificates are judged by the wall clock: one that is set meanwhile makes that worthless.

/** More than a clock goes wrong in a run that nobody sets. */
const mostOffMs = 500;

/** How far a wall clock, in milliseconds, has gone from the clock of the run, which says `atMs`. */
export function wallClockOff(history: History, wallMs: number, atMs: number): number {
  return Math.abs(wallMs - zeroOf(history) - atMs);
}

/** By how much the wall clock was set in a run, by the furthest that it was seen to be off, at its end or before; undefined where it was not. */
export function wallClockSet(history: History, atEndMs: number): number | undefined {
  const offMs = Math.max(atEndMs, ...looks(history).map(({ wallClockOffMs }) => wallClockOffMs));
  return offMs > mostOffMs ? offMs : undefined;
}

/** The line up to which nobody had set the wall clock; 0 where nobody looked. */
export function wallClockRightUpTo(history: History): number {
  const all = looks(history);
  const off = all.findIndex(({ wallClockOffMs }) => wallClockOffMs > mostOffMs);
  const right = off === -1 ? all : all.slice(0, off);
  return right.at(-1)?.index ?? 0;
}

function looks(history: History) {
  return entriesOf(history, 'phase').filter((mark): mark is typeof mark & { readonly wallClockOffMs: number } =>
    Number.isFinite(mark.wallClockOffMs),
  );
}

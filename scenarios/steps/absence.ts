import type { Callers } from '../../fixtures/faults/kinds/restart.ts';

/** One call at a service, by the clock of the run. */
export interface Call {
  readonly startMs: number;
  readonly endMs: number;
  /** Nobody listened there (the kernel says so), somebody took the connection, or nobody knows. */
  readonly port: 'closed' | 'open' | 'unknown';
  /** How the right one was let in; undefined where it was not, or was another one. */
  readonly letIn?: string | undefined;
  readonly how: string;
}

// Of two instances behind one address that are dealt by chance, one that is away is met and missed in turn: neither so often in a row.
const closedAtLeast = 3;
const openAtLeast = 12;

/** Whether a service went away as a whole and came back, as those see it who call all the while. */
export interface Absence extends Callers {
  note(call: Call): void;
}

/** Watches one. What overlaps in time tells no order. A close or a reset is no absence: whatever stands before a service, or limits its callers, does that too. */
export function watchAbsence(now: () => number): Absence {
  const closed = { count: 0, how: '', firstEndMs: Infinity, lastStartMs: -Infinity, lastEndMs: -Infinity };
  let open: Call[] = [];
  let fromMs = -Infinity;
  const isAway = () => closed.count >= closedAtLeast;
  const several = () =>
    open.some(({ startMs, endMs }) => startMs >= closed.firstEndMs && endMs <= closed.lastStartMs)
      ? 'some who called were answered while others, before and after them, found nobody: several stand behind its address, or it fell again, and nobody knows from outside which of them was seen'
      : undefined;
  return {
    note(call) {
      if (call.port === 'open') open.push(call);
      if (call.port !== 'closed') return;
      if (call.endMs < closed.firstEndMs) [closed.firstEndMs, closed.how] = [call.endMs, call.how];
      closed.lastStartMs = Math.max(closed.lastStartMs, call.startMs);
      closed.lastEndMs = Math.max(closed.lastEndMs, call.endMs);
      closed.count++;
    },
    away: () => (isAway() && several() === undefined ? `${closed.how}, ${closedAtLeast} times in a row` : undefined),
    back() {
      if (several() !== undefined) return undefined;
      const after = open.filter(({ startMs }) => startMs >= Math.max(fromMs, closed.lastEndMs));
      const at = after.findIndex(({ letIn }) => letIn !== undefined);
      if (at < 0) return undefined;
      const says = `it is let in: ${after[at]!.letIn!}`;
      if (!isAway()) return says;
      return after.length - at >= openAtLeast
        ? `${says}, and nobody found it away in the ${openAtLeast} calls from then on`
        : undefined;
    },
    several,
    anew() {
      if (!isAway()) fromMs = now();
    },
  };
}

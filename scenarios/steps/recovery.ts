import { inTime } from '../../fixtures/run/eventually.ts';
import type { Recorder } from '../../fixtures/run/recorder.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { backByMs, backInARow } from '../../src/checkers/recovery.ts';
import type { RequestEntry } from '../../src/checkers/requests.ts';
import { fewIntervalsMs, pairOf } from '../../src/checkers/schedule.ts';
import { entriesOf, type Entry } from '../../src/history.ts';
import type { BoundDeclaration, ScenarioContext } from '../scenario.ts';

/** The bound on the recovery from an outage of the server, or of the way to it; its value comes from `recoversWithinMs`. */
export const recoveryBound: BoundDeclaration = {
  name: 'recovers',
  says: 'from the heal to a new SVID: half of the outage and one sync interval, 10 % jitter on top, never more than 48 sync intervals; then one sync interval for the SVID, and an allowance for a loaded machine. From the new SVIDs of both ends to traffic that stays, each pair has as long as a node may take to follow (`--uptake`), and six intervals of its schedule',
};

/** Names of the nodes of which it is seen what their agents are given by the server. */
export function servedNodes({ nodes }: Pick<Target, 'nodes'>): string[] {
  return nodes.filter(({ agent }) => agent !== undefined).map(({ name }) => name);
}

/**
 * Waits until each node was given a new SVID and the traffic of every pair is back, or until that is overdue: the history shows which.
 * States the bound, and waits a little longer than that.
 */
export async function recovery({ target, recorder, signal, faults, bound }: ScenarioContext): Promise<void> {
  const outagesMs = faults().map(({ injectedAtMs, healedAtMs }) => (healedAtMs ?? recorder.now()) - injectedAtMs);
  const withinMs = bound(recoveryBound, recoversWithinMs(Math.max(...outagesMs), target.timing.syncIntervalMs)) + 2_000;
  const names = servedNodes(target);
  // Another mesh has its own.
  const own = new Set(faults().map((fault) => fault.target));
  const healing = entriesOf(recorder.history, 'fault').findLast(
    (fault) => fault.state === 'healing' && own.has(fault.target),
  );
  const wait = { fromIndex: healing?.index ?? 0, signal };
  const fresh = new Map(
    await Promise.all(
      names.map(async (name) => {
        const renewed = recorder.until(`new SVID of ${name} after the heal`, delivered(name), { ...wait, withinMs });
        return [name, (await inTime(renewed)) ? (await renewed).atMs : undefined] as const;
      }),
    ),
  );
  await Promise.all(
    pairsOf(recorder, healing?.scenario, new Set(names)).map(async (pair) => {
      const { from, to } = pair[0]!;
      const ends = [from, to].filter((name) => fresh.has(name));
      const freshMs = Math.max(...ends.map((name) => fresh.get(name) ?? Infinity));
      if (freshMs === Infinity) return;
      // And as long again as it takes until somebody has looked: what is lost then is told.
      const overdueMs = backByMs(freshMs, target.timing.uptakeMs, pair) + fewIntervalsMs(pair);
      const back = recorder.until(`${pairOf(pair[0]!)} is back`, inRow(from, to, freshMs, backInARow(ends.length)), {
        ...wait,
        withinMs: Math.max(0, overdueMs - recorder.now()),
      });
      await inTime(back);
    }),
  );
}

/**
 * How long after the heal an agent may take to bring a new SVID, in milliseconds.
 *
 * While it fails, its pauses grow by half each time, so the one under way at the heal is at most half the outage and one sync, 10 % jitter
 * on top, and never more than 48 syncs; then one sync for the SVID. The rest is allowance for a loaded machine.
 *
 * Source: SPIRE 1.15, pkg/agent/manager/manager.go and pkg/common/backoff.
 */
function recoversWithinMs(outageMs: number, syncIntervalMs: number): number {
  const pauseMs = 1.1 * Math.min(outageMs / 2 + syncIntervalMs, 48 * syncIntervalMs);
  const allowanceMs = 2_000;
  return Math.ceil(pauseMs + 1.1 * syncIntervalMs + allowanceMs);
}

function delivered(node: string): (entry: Entry) => boolean {
  return (entry) => entry.kind === 'svid' && entry.seen === 'delivered' && entry.node === node;
}

/** The requests of each pair in which one of these nodes took part by new connections, so far in a scenario. */
function pairsOf(recorder: Recorder, during: string | undefined, names: ReadonlySet<string>): RequestEntry[][] {
  const concerned = entriesOf(recorder.history, 'request').filter(
    ({ scenario, connection, from, to }) =>
      scenario === during && connection === 'new' && (names.has(from) || names.has(to)),
  );
  return [...Map.groupBy(concerned, pairOf).values()];
}

/** So many requests of a pair got through, one after the other, and the last of them began after an instant. */
function inRow(from: string, to: string, sinceMs: number, times: number): (entry: Entry) => boolean {
  let row = 0;
  return (entry) => {
    if (entry.kind !== 'request' || entry.connection !== 'new' || entry.unseen === true) return false;
    if (entry.from !== from || entry.to !== to) return false;
    row = entry.outcome === 'ok' ? row + 1 : 0;
    return row >= times && entry.startMs > sinceMs;
  };
}

import { cutFromServer } from '../../fixtures/faults/kinds/partition.ts';
import type { Fault } from '../../fixtures/faults/fault.ts';
import { inTime } from '../../fixtures/run/eventually.ts';
import type { Recorder } from '../../fixtures/run/recorder.ts';
import type { Target, TargetNode } from '../../fixtures/target/target.ts';
import { FixtureError } from '../../src/errors.ts';
import { entriesOf, type Entry } from '../../src/history.ts';
import type { BoundDeclaration, ScenarioContext } from '../scenario.ts';

/** The bound on the recovery from a partition; its value comes from `recoversWithinMs`. */
export const recoveryBound: BoundDeclaration = {
  name: 'recovers',
  says: 'from the heal to a new SVID: half of the outage and one sync interval, 10 % jitter on top, never more than 48 sync intervals; then one sync interval for the SVID, and an allowance for a loaded machine',
};

/** The nodes whose agents can be cut from the server. */
export function cuttable({ nodes, name }: Target): TargetNode[] {
  const found = nodes.filter(({ serverLink, agent }) => serverLink !== undefined && agent !== undefined);
  if (found.length === 0)
    throw new FixtureError(`partition: no link between an agent and its server of mesh ${name} can be cut`);
  return found;
}

/** The cut of every agent from the server. */
export function cutsFromServer({ target, recorder }: ScenarioContext): Fault[] {
  return cuttable(target).map((node) => cutFromServer(target, node, node.serverLink!, recorder));
}

/**
 * Waits until each node was given a new SVID and every pair that it belongs to got something through again, or until that is overdue: the
 * history shows which. States the bound, and waits a little longer than that.
 */
export async function recovery({ target, recorder, signal, faults, bound }: ScenarioContext): Promise<void> {
  const outagesMs = faults().map(({ injectedAtMs, healingAtMs }) => (healingAtMs ?? injectedAtMs) - injectedAtMs);
  const withinMs = bound(recoveryBound, recoversWithinMs(Math.max(...outagesMs), target.timing.syncIntervalMs)) + 2_000;
  const fromIndex = entriesOf(recorder.history, 'fault').findLast(({ state }) => state === 'healing')?.index ?? 0;
  const recovers = async ({ name }: TargetNode) => {
    const wait = { fromIndex, signal };
    const fresh = await recorder.until(`new SVID of ${name} after the heal`, delivered(name), { ...wait, withinMs });
    await Promise.all(
      pairsOf(recorder, name).map(({ from, to }) =>
        recorder.until(
          `a request ${from} → ${to} after the new SVID of ${name}`,
          (entry) => gotThrough(entry, from, to) && entry.startMs > fresh.atMs,
          { ...wait, withinMs: 5_000 },
        ),
      ),
    );
  };
  await Promise.all(cuttable(target).map((node) => inTime(recovers(node))));
}

/**
 * How long after the heal an agent may take to bring a new SVID, in milliseconds.
 *
 * While it fails, its pauses grow by half each time, so the one under way at the heal is at most half the outage and one sync, 10 % jitter
 * on top, and never more than 48 syncs; then one sync for the SVID. The rest is allowance for a loaded machine.
 *
 * Source: SPIRE 1.15, pkg/agent/manager/manager.go and pkg/common/backoff.
 */
export function recoversWithinMs(outageMs: number, syncIntervalMs: number): number {
  const pauseMs = 1.1 * Math.min(outageMs / 2 + syncIntervalMs, 48 * syncIntervalMs);
  const allowanceMs = 2_000;
  return Math.ceil(pauseMs + 1.1 * syncIntervalMs + allowanceMs);
}

function delivered(node: string): (entry: Entry) => boolean {
  return (entry) => entry.kind === 'svid' && entry.seen === 'delivered' && entry.node === node;
}

/** The pairs in which a node took part by new connections so far. */
function pairsOf(recorder: Recorder, node: string): { readonly from: string; readonly to: string }[] {
  const concerned = entriesOf(recorder.history, 'request').filter(
    ({ connection, from, to }) => connection === 'new' && (from === node || to === node),
  );
  return [...new Map(concerned.map(({ from, to }) => [`${from} → ${to}`, { from, to }])).values()];
}

function gotThrough(entry: Entry, from: string, to: string): entry is Extract<Entry, { readonly kind: 'request' }> {
  return (
    entry.kind === 'request' &&
    entry.connection === 'new' &&
    entry.outcome === 'ok' &&
    entry.from === from &&
    entry.to === to
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import { openControl, type Offer } from '../../fixtures/probes/beside-control.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { inTime } from '../../fixtures/run/eventually.ts';
import type { TargetNode } from '../../fixtures/target/target.ts';
import { unlessBusyFor } from '../../src/checkers/exchanges.ts';
import { bundleTakenUp } from '../../src/clauses/mesh/rotation.ts';
import { entriesOf, type Outcome } from '../../src/history.ts';
import type { Authority } from '../../src/svid/x509/forge.ts';
import type { Judgement } from '../../src/verdict.ts';
import type { BoundDeclaration, ScenarioContext } from '../scenario.ts';

/** The bound on following a bundle; its value is that of the target. */
export const takenUpBound: BoundDeclaration = {
  name: 'bundleTakenUp',
  says: 'from the delivery of a bundle by the agent to the first moment at which a node must judge its peers by it: as long as a node may take (`--uptake`)',
};

// Behind one address may stand several workers, of which each has to have heard of it: one of three goes unmet by less than one run in a hundred.
const inARow = 12;
// The first of them is asked alone, the others with so many at once.
const atOnce = 4;

// How many more bounds a node is asked that was kept from following by the machine.
const moreBounds = 3;

// Where one exchange took so long that the bound passed meanwhile, or the machine kept the node from following.
const asFarAsSeen = 'the first time that it was so, the bound had passed: whether it came in time was not seen';
const overdueFail: Judgement = { verdict: 'fail', reason: asFarAsSeen, evidence: [] };

/** What a node is to have come to, and by when. */
export interface Due {
  readonly node: string;
  readonly wanted: Outcome;
  /** Since the start of the run; what begins later is no longer in time. */
  readonly dueMs: number;
  /** How long the node may take. */
  readonly boundMs: number;
}

/**
 * An exchange that is made again, each time on a connection of its own, until it came to the same many times in a row, or is overdue.
 * Gives the last one: whoever has followed goes on so, whoever comes. Unknown where nobody asked in time. As long as the machine was too
 * busy to hold anything against the node it is asked on, for some more bounds at most: only whoever never follows is found out by that.
 */
export async function untilItStays(
  { recorder, signal }: Pick<ScenarioContext, 'recorder' | 'signal'>,
  { node, wanted, dueMs, boundMs }: Due,
  offer: Offer,
): Promise<Awaited<ReturnType<Offer>>> {
  const excuseOf = (atMs: number, tookMs: number): string | undefined => {
    if (atMs > dueMs + moreBounds * boundMs) return undefined;
    const { verdict, reason } = unlessBusyFor(recorder.history, overdueFail, [{ node, atMs, tookMs }]);
    return verdict === 'fail' ? undefined : reason;
  };
  let row = 0;
  let longest = 0;
  let late = false;
  let excuse: string | undefined;
  for (;;) {
    const overdue = recorder.now() > dueMs;
    const asked = row === 0 ? 1 : Math.min(atOnce, inARow - row);
    for (const seen of await Promise.all(Array.from({ length: asked }, offer))) {
      if (seen === undefined) return undefined;
      row = seen.outcome === wanted ? row + 1 : 0;
      longest = Math.max(longest, row);
      if (row === 1) late = overdue;
      if (row >= inARow)
        return late ? { ...seen, outcome: 'unknown', how: `${seen.how}; ${excuse ?? asFarAsSeen}` } : seen;
      if (row > 0 || !overdue) continue;
      excuse = excuseOf(recorder.now(), seen.tookMs);
      if (excuse === undefined)
        return longest === 0 ? seen : { ...seen, how: `${seen.how}; it had been ${wanted} ${longest} in a row before` };
    }
    if (row === 0) await sleep(25, undefined, { signal });
  }
}

/** When the agent of a node delivered its bundle of now, in milliseconds since the start of the run. */
export function bundleDeliveredMs({ target, recorder }: ScenarioContext, node: TargetNode): number {
  const own = entriesOf(recorder.history, 'bundle').findLast(
    (bundle) => bundle.node === node.name && bundle.trustDomain === target.trustDomain,
  );
  return own?.atMs ?? recorder.now();
}

/**
 * Waits until every node accepts a peer of an authority that came with the prepared one, in each role, or is overdue: whether it came in
 * time, the clause decides. So nobody is asked to accept the prepared authority who may still be about to take it up.
 *
 * @param companion - an authority of ours that came by the same change of the bundle: SPIRE gives nobody the key of its own
 */
export async function untilTakenUp(context: ScenarioContext, companion: Authority, withinMs: number): Promise<void> {
  const { target, recorder, signal } = context;
  const identity = await issueIdentity(companion, target.probeIds.own);
  const row = 'an SVID of an authority that came with the prepared one';
  await Promise.all(
    target.nodes.flatMap((node) =>
      (['server', 'client'] as const).map(async (role) => {
        if (node.lacks?.[role] !== undefined || (role === 'client' && node.dialler === undefined)) return;
        const dueMs = bundleDeliveredMs(context, node) + withinMs;
        // Asked for once: what comes later is no answer to what was asked in time.
        const due = { node: node.name, wanted: 'accepted', dueMs, boundMs: withinMs } as const;
        const asked = untilItStays(context, due, () => showTo(target, node, role, identity));
        const offer = () => asked;
        const name = `${bundleTakenUp.id}/${node.name}/${role}`;
        if (node.judged)
          await openControl({
            ...{ recorder, signal, trust: target, name, node, role },
            right: { clause: bundleTakenUp, row, offer },
          });
        else await asked;
      }),
    ),
  );
}

/**
 * Waits until every node shows an SVID of this authority in each role in which it was seen before, or is overdue: before the authority
 * of the one that it may still show is revoked.
 */
export async function untilShown(
  { target, recorder, signal }: ScenarioContext,
  authority: string,
  withinMs: number,
): Promise<void> {
  const names = new Set(target.nodes.map(({ name }) => name));
  const callers = new Set(entriesOf(recorder.history, 'presented').map(({ node }) => node));
  const left = new Set(
    [...names].flatMap((name) => [`${name} server`, ...(callers.has(name) ? [`${name} client`] : [])]),
  );
  const serials = new Set<string>();
  const shown = recorder.until(
    'every node shows an SVID of the new authority',
    (entry) => {
      if (entry.kind === 'svid' && entry.authority === authority) serials.add(entry.serial);
      if (entry.kind === 'request' && entry.server !== undefined && serials.has(entry.server.serial))
        left.delete(`${entry.to} server`);
      if (entry.kind === 'presented' && serials.has(entry.svid.serial)) left.delete(`${entry.node} ${entry.role}`);
      return left.size === 0;
    },
    { fromIndex: 1, withinMs, signal },
  );
  await inTime(shown);
}

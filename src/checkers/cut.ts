import type { Clause } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { zeroOf } from '../reading/nodes.ts';
import { svidsOf } from '../reading/rotations.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import type { RequestEntry } from './requests.ts';
import { faultSpan, type FaultSpan, type ScenarioWindow } from '../reading/scenarios.ts';
import { skippedOr } from './skipped.ts';

/** A partition of all nodes under test from their server, proven and tight. */
export interface Cut extends FaultSpan {
  readonly window: ScenarioWindow;
  /** By node, when the last SVID that it was given before the heal comes to its end. */
  readonly dies: ReadonlyMap<string, Death>;
}

export interface Death {
  readonly atMs: number;
  /** Of the entry that says so. */
  readonly index: number;
}

/** The cut of a scenario, or why nothing can be judged by it. */
export function cutOf(history: History, clause: Clause, window: ScenarioWindow): Cut | Judgement {
  const span = faultSpan(window);
  if (span === undefined) return skippedOr(history, clause, 'the partition was not proven in force and gone');
  if (window.judged.size === 0)
    return { verdict: 'inconclusive', reason: 'no node under test was cut', evidence: [window.index] };
  for (const node of window.judged)
    if (!span.targets.has(node))
      return { verdict: 'inconclusive', reason: `${node} was not cut`, evidence: [window.index] };
  const through = deliveries(history).filter(
    (svid) => span.targets.has(svid.node) && svid.atMs > span.inForceMs && svid.atMs < span.healingMs,
  );
  if (through.length > 0)
    return {
      verdict: 'inconclusive',
      reason: `${through[0]!.node} was given a new SVID while it was said to be cut`,
      evidence: indexes(through),
    };
  return { ...span, window, dies: deaths(history, span) };
}

function deaths(history: History, { healingMs }: FaultSpan): Map<string, Death> {
  // Wall-clock instants: certificates are judged by them, everything else by the monotonic clock.
  const zero = zeroOf(history);
  const dies = new Map<string, Death>();
  for (const { node, notAfter, index, atMs } of deliveries(history)) {
    const death = { atMs: Date.parse(notAfter) - zero, index };
    if (atMs <= healingMs && !(death.atMs <= (dies.get(node)?.atMs ?? -Infinity))) dies.set(node, death);
  }
  return dies;
}

function deliveries(history: History): EntryOf<'svid'>[] {
  return entriesOf(history, 'svid').filter(({ seen }) => seen === 'delivered');
}

/** The first SVID that a node was given after the heal and never before: an old one handed out again is no renewal. */
export function renewalOf(history: History, { healingMs }: FaultSpan, node: string): EntryOf<'svid'> | undefined {
  const own = svidsOf(history, node, 'delivered');
  const old = new Set(own.filter(({ atMs }) => atMs <= healingMs).map(({ serial }) => serial));
  return own.find(({ atMs, serial }) => atMs > healingMs && !old.has(serial));
}

/** Between mesh nodes only: a probe of the harness holds an SVID that no partition touches. */
export function betweenNodes({ window }: Cut): (request: RequestEntry) => boolean {
  const nodes = new Set(window.nodes.map(({ node }) => node));
  return ({ from, to }) => nodes.has(from) && nodes.has(to) && (window.judged.has(from) || window.judged.has(to));
}

/** When the first of the two SVIDs of a connection comes to its end; undefined when nothing is known of one. */
export function deathOf({ dies }: Cut, { from, to }: RequestEntry): Death | undefined {
  const [one, other] = [dies.get(from), dies.get(to)];
  return one === undefined || other === undefined ? undefined : one.atMs <= other.atMs ? one : other;
}

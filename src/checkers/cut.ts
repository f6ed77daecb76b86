import type { Clause } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { zeroOf } from '../reading/nodes.ts';
import { deliveries, svidsOf } from '../reading/rotations.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { outageWords } from './outage-words.ts';
import type { RequestEntry } from './requests.ts';
import { faultSpan, type FaultSpan, type ScenarioWindow } from '../reading/scenarios.ts';
import { skippedOr } from './skipped.ts';

/** Certificates count in whole seconds and are good through notAfter: who reads the clock in whole seconds too accepts until the second is over. */
export const lastSecondMs = 1_000;
/** By how much an instant of the wall clock may be off beside one of the history, whose zero is known to a whole millisecond only. */
export const clockMs = 20;

/** An outage that kept all nodes under test from their server, a cut or whatever else, proven and tight. */
export interface Cut extends FaultSpan {
  readonly window: ScenarioWindow;
  /** By node, when the last SVID that it was given before the heal comes to its end. */
  readonly dies: ReadonlyMap<string, Death>;
  /** When the first of the SVIDs ends that a node may rightly hold at this moment; -Infinity when nothing is known of one. */
  surelyLivesUntilMs(node: string, atMs: number): number;
}

export interface Death {
  readonly atMs: number;
  /** Of the entry that says so. */
  readonly index: number;
}

/** What kept the nodes of a scenario from their server, or why nothing can be judged by it. */
export function cutOf(history: History, clause: Clause, window: ScenarioWindow): Cut | Judgement {
  const span = faultSpan(window);
  const { outage, kept } = outageWords(window);
  if (span === undefined) return skippedOr(history, clause, `${outage} was not proven in force and gone`);
  if (window.judged.size === 0)
    return { verdict: 'inconclusive', reason: `no node under test was ${kept}`, evidence: [window.index] };
  for (const node of window.judged)
    if (!span.targets.has(node))
      return { verdict: 'inconclusive', reason: `${node} was not ${kept}`, evidence: [window.index] };
  const through = deliveries(history).filter(
    (svid) => span.targets.has(svid.node) && svid.atMs > span.inForceMs && svid.atMs < span.healingMs,
  );
  if (through.length > 0)
    return {
      verdict: 'inconclusive',
      reason: `${through[0]!.node} was given a new SVID while it was said to be ${kept}`,
      evidence: indexes(through),
    };
  return { ...span, window, dies: deaths(history, window, span), surelyLivesUntilMs: livesOf(history, window, span) };
}

/** By node, the end of whatever it may still have held when the cut was in force, or was given in it. */
function deaths(history: History, window: ScenarioWindow, { inForceMs, healingMs }: FaultSpan): Map<string, Death> {
  // Wall-clock instants: certificates are judged by them, everything else by the monotonic clock.
  const zero = zeroOf(history);
  const given = Map.groupBy(
    deliveries(history).filter(({ atMs }) => atMs <= healingMs),
    ({ node }) => node,
  );
  const uptake = new Map(window.nodes.map(({ node, uptakeMs }) => [node, uptakeMs]));
  const lastOf = (node: string, own: readonly EntryOf<'svid'>[]): Death => {
    const followedMs = (at: number) => (own[at + 1]?.atMs ?? Infinity) + (uptake.get(node) ?? Infinity);
    const ends = own.flatMap(({ notAfter, index }, at) =>
      followedMs(at) > inForceMs ? [{ atMs: Date.parse(notAfter) - zero, index }] : [],
    );
    return ends.reduce((last, end) => (end.atMs > last.atMs ? end : last));
  };
  return new Map([...given].map(([node, own]) => [node, lastOf(node, own)]));
}

/**
 * A node may take up an SVID a little after it was delivered, and hold the one before until then; what it was seen to hold it does not give
 * back.
 */
function livesOf(history: History, window: ScenarioWindow, { healingMs }: FaultSpan): Cut['surelyLivesUntilMs'] {
  const zero = zeroOf(history);
  const given = Map.groupBy(
    deliveries(history).filter(({ atMs }) => atMs <= healingMs),
    ({ node }) => node,
  );
  const uptake = new Map(window.nodes.map(({ node, uptakeMs }) => [node, uptakeMs]));
  const seen = entriesOf(history, 'presented').filter(({ scenario }) => scenario === window.scenario);
  return (node, atMs) => {
    const own = given.get(node) ?? [];
    const shown = new Set(
      seen.flatMap((entry) => (entry.node === node && entry.startMs <= atMs ? [entry.svid.serial] : [])),
    );
    const from = Math.max(
      0,
      own.findLastIndex(({ serial }) => shown.has(serial)),
    );
    const held = own.filter(
      (_, at) => at >= from && (own[at + 1]?.atMs ?? Infinity) + (uptake.get(node) ?? Infinity) > atMs,
    );
    return held.length === 0 ? -Infinity : Math.min(...held.map(({ notAfter }) => Date.parse(notAfter) - zero));
  };
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

import type { EntryOf, History } from '../../../src/history.ts';
import type { KnownClause } from '../../../src/clauses/catalogue.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracles } from '../verdict-of.ts';
import { endOf, ofKind, skipped } from './entries.ts';
import { refusedRows } from './exchanges.ts';
import { provenOutage, type Outage } from './faults.ts';
import {
  endedMs,
  fewIntervalsMs,
  healthyTraffic,
  isLost,
  metAnExplainedEnd,
  noneLost,
  type Request,
} from './lost-requests.ts';
import { wasOverloadedThrough } from './overloaded.ts';
import { inEachScenario, inScenario, nodesOf, svidsOf, type Window } from './scenario-windows.ts';

// From docs/scenarios/partition-short.md, partition-long.md, server-killed.md and server-hung.md, docs/decisions/0016-shown-in-the-quiet.md and
// 0041-few-invariants-many-scenarios.md, and the titles of the clauses.

// Our clock may be off a little beside the one that certificates are judged by.
const clockMs = 20;
// Who reads the clock in whole seconds accepts until the second of the notAfter is over.
const surelyPastMs = 1_000 + clockMs;

type InWindow = (history: History, window: Window, clause: KnownClause) => Verdict;

/**
 * What is decided by a cut, or by another outage of the server: proven, of every node under test, and such that nobody was given anything while it
 * was in force.
 */
function inTheCut(judge: (history: History, window: Window, cut: Outage, clause: KnownClause) => Verdict): InWindow {
  return (history, window, clause) => {
    const cut = provenOutage(history, window);
    if (cut === undefined) return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
    const judged = nodesOf(history, window).filter((node) => node.judged);
    if (judged.length === 0 || !judged.every(({ node }) => cut.targets.has(node))) return 'inconclusive';
    for (const { node, seen, atMs } of ofKind(history, 'svid'))
      if (seen === 'delivered' && cut.targets.has(node) && atMs > cut.inForceMs && atMs < cut.healingMs)
        return 'inconclusive';
    return judge(history, window, cut, clause);
  };
}

/** What a node was given before the heal, in the order of time. */
function given(history: History, node: string, { healingMs }: Outage): EntryOf<'svid'>[] {
  return svidsOf(history, node, 'delivered').filter(({ atMs }) => atMs <= healingMs);
}

/** By node, when the last of the SVIDs comes to its end that it was given before the heal, and need not have let go before the cut. */
function lastEnds(history: History, window: Window, cut: Outage): Map<string, number> {
  const ends = new Map<string, number>();
  for (const node of new Set([...nodesOf(history, window).map((one) => one.node), ...cut.targets])) {
    const uptakeMs = nodesOf(history, window).find((one) => one.node === node)?.uptakeMs ?? Infinity;
    let next = Infinity;
    for (const svid of given(history, node, cut).toReversed()) {
      if (next + uptakeMs > cut.inForceMs) ends.set(node, Math.max(ends.get(node) ?? -Infinity, endOf(history, svid)));
      next = svid.atMs;
    }
  }
  return ends;
}

/** When the first of two nodes is left without a living SVID in the cut; nothing where nobody knows. */
function pairEndMs({ from, to }: Request, ends: ReadonlyMap<string, number>): number | undefined {
  const [one, other] = [ends.get(from), ends.get(to)];
  return one === undefined || other === undefined ? undefined : Math.min(one, other);
}

/** When the first SVID ends that a node may rightly hold at an instant: each until it has had its time to take up the next, or has shown it. */
function mayEndMs(history: History, window: Window, node: string, atMs: number, cut: Outage): number {
  const own = given(history, node, cut);
  const uptakeMs = nodesOf(history, window).find((one) => one.node === node)?.uptakeMs ?? Infinity;
  let firstMs = Infinity;
  own.forEach((svid, at) => {
    const next = own[at + 1];
    const replaced = next !== undefined && next.atMs + uptakeMs <= atMs;
    const shownLater = ofKind(history, 'presented').some(
      (shown) =>
        shown.scenario === window.scenario &&
        shown.node === node &&
        shown.startMs <= atMs &&
        own.findIndex(({ serial }) => serial === shown.svid.serial) > at,
    );
    if (!replaced && !shownLater) firstMs = Math.min(firstMs, endOf(history, svid));
  });
  return firstMs === Infinity ? -Infinity : firstMs;
}

/** New connections between two nodes of the mesh, one of them under test: the probe's own SVID was never touched. */
function between(history: History, window: Window): (request: Request) => boolean {
  const nodes = nodesOf(history, window);
  const names = new Set(nodes.map(({ node }) => node));
  const judged = new Set(nodes.filter((node) => node.judged).map(({ node }) => node));
  return ({ connection, from, to }) =>
    connection === 'new' && names.has(from) && names.has(to) && (judged.has(from) || judged.has(to));
}

function requestsOf(history: History, window: Window): Request[] {
  return ofKind(history, 'request').filter(
    (request) => request.scenario === window.scenario && !metAnExplainedEnd(history, request),
  );
}

/** The first SVID that a node was given after the heal, and never before. */
function renewal(history: History, node: string, cut: Outage): EntryOf<'svid'> | undefined {
  return svidsOf(history, node, 'delivered').find(({ atMs }) => atMs > cut.healingMs);
}

const shortSurvives = inTheCut((history, window, cut, { id }) => {
  const verdict = noneLost(
    history,
    window,
    { connection: 'new', duePerSecond: 50, begunPerSecond: 10, mostSilentMs: 2_000 },
    id,
  );
  const ends = lastEnds(history, window, cut);
  // One that lasted longer than an SVID is no short one.
  const outlived = [...cut.targets].some(
    (node) => (renewal(history, node, cut)?.atMs ?? Infinity) >= (ends.get(node) ?? -Infinity),
  );
  if (verdict === 'fail' && outlived) return 'inconclusive';
  const syncs = nodesOf(history, window).filter(({ node }) => cut.targets.has(node));
  const missableMs = 2 * Math.max(...syncs.map(({ syncIntervalMs }) => syncIntervalMs));
  // One that is over before a renewal could be missed shows nothing.
  return verdict === 'pass' && cut.healingMs - cut.inForceMs < missableMs ? 'inconclusive' : verdict;
});

const whileValid = inTheCut((history, window, cut, { id }) => {
  const isBetween = between(history, window);
  const fewMs = fewIntervalsMs(requestsOf(history, window).filter(isBetween));
  const ends = lastEnds(history, window, cut);
  return noneLost(
    history,
    window,
    {
      connection: 'new',
      duePerSecond: 5,
      begunPerSecond: 5,
      leastOfPair: 3,
      mostSilentMs: fewMs,
      during: { fromMs: cut.inForceMs, toMs: Math.min(...ends.values()) },
      among: isBetween,
      tells(request) {
        if (request.startMs < cut.inForceMs) return false;
        const lastMs = (pairEndMs(request, ends) ?? -Infinity) - clockMs;
        if (request.outcome === 'ok') return endedMs(request) < lastMs;
        if (request.startMs >= lastMs) return false;
        const livesMs =
          Math.min(
            mayEndMs(history, window, request.from, request.startMs, cut),
            mayEndMs(history, window, request.to, request.startMs, cut),
          ) - clockMs;
        // What began well before the end and came to nothing after it was not kept from its answer by that: it hung.
        return endedMs(request) < livesMs || request.startMs < livesMs - fewMs;
      },
    },
    id,
  );
});

const failsClosed = inTheCut((history, window, cut, clause) => {
  const rows = refusedRows(history, clause);
  const shown = rows === 'pass' && !shownAtBothMoments(history, window, cut, clause) ? 'inconclusive' : rows;
  const both = [traffic(history, window, cut), shown];
  if (both.includes('fail')) return 'fail';
  return both.find((verdict) => verdict !== 'pass') ?? 'pass';
});

/** Past the end of one of its SVIDs no pair gets through; and it did before, and does after the heal. */
function traffic(history: History, window: Window, cut: Outage): Verdict {
  const ends = lastEnds(history, window, cut);
  const all = requestsOf(history, window).filter(between(history, window));
  const past = all.filter(
    (request) =>
      request.startMs >= (pairEndMs(request, ends) ?? Infinity) + surelyPastMs &&
      // As soon as the agents are connected again a new SVID may be there.
      endedMs(request) < cut.healingMs,
  );
  if (past.some(({ outcome }) => outcome === 'ok')) return 'fail';
  // What hangs may have been let in: that somebody was refused is not told by it.
  if (!window.ended || past.some(({ outcome }) => outcome === 'info')) return 'inconclusive';
  for (const { node, judged } of nodesOf(history, window)) {
    if (!judged) continue;
    for (const way of ['from', 'to'] as const) {
      const tried = past.filter((request) => request[way] === node);
      const dials = all.some(({ from }) => from === node);
      if (tried.length < 3 && (way === 'to' || dials)) return 'inconclusive';
    }
    for (const { from, to } of past) {
      if (from !== node && to !== node) continue;
      const served = all.filter((other) => other.from === from && other.to === to && other.outcome === 'ok');
      const before = served.some((other) => endedMs(other) < (pairEndMs(other, ends) ?? -Infinity));
      if (!before || !served.some(({ startMs }) => startMs > cut.healingMs)) return 'inconclusive';
    }
  }
  return 'pass';
}

/** What ended in the cut was shown to each node while its own SVID lived, and once more past the end of that. */
function shownAtBothMoments(history: History, window: Window, cut: Outage, clause: KnownClause): boolean {
  const ends = lastEnds(history, window, cut);
  const late = ofKind(history, 'exchange').filter((row) => row.clause === clause.id && row.expect === 'refused');
  for (const { node, judged } of nodesOf(history, window)) {
    if (!judged) continue;
    const ownMs = ends.get(node) ?? NaN;
    for (const role of clause.roles) {
      const own = late.filter((row) => row.node === node && row.role === role);
      const within = (fromMs: number, toMs: number) =>
        own.some(({ atMs, tookMs }) => atMs - tookMs >= fromMs && atMs <= toMs);
      // Whether it had to be looked at in this role was asked before.
      if (own.length === 0) continue;
      if (!within(cut.inForceMs, ownMs - clockMs) || !within(ownMs + surelyPastMs, cut.healingMs)) return false;
    }
  }
  return true;
}

const recovers = inTheCut((history, window, cut) => {
  const boundMs = window.boundsMs['recovers'];
  if (boundMs === undefined) return 'inconclusive';
  const found: Verdict[] = [];
  for (const node of cut.targets) {
    const fresh = renewal(history, node, cut);
    if (fresh === undefined || fresh.atMs - cut.healedMs > boundMs) found.push(window.ended ? 'fail' : 'inconclusive');
  }
  if (found.length === 0) found.push(...trafficOfAll(history, window, cut));
  if (found.includes('fail'))
    return wasOverloadedThrough(history, window.fromMs, window.toMs) ? 'inconclusive' : 'fail';
  return found.includes('inconclusive') ? 'inconclusive' : 'pass';
});

/** Whether the traffic of each pair of which one was cut is back. Of requests nothing is said where healthy traffic lost some already. */
function trafficOfAll(history: History, window: Window, cut: Outage): Verdict[] {
  if (healthyTraffic(history) !== 'pass') return ['inconclusive'];
  const all = requestsOf(history, window).filter(
    ({ connection, from, to }) => connection === 'new' && (cut.targets.has(from) || cut.targets.has(to)),
  );
  const found: Verdict[] = [];
  for (const node of cut.targets) if (!all.some(({ to }) => to === node)) found.push('inconclusive');
  for (const pair of Map.groupBy(all, ({ from, to }) => `${from} → ${to}`).values())
    found.push(trafficOf(history, window, cut, pair));
  return found;
}

/** Back is the first of several in a row after which nothing fails any more; several, where both ends were cut. */
function trafficOf(history: History, window: Window, cut: Outage, pair: readonly Request[]): Verdict {
  const ends = [pair[0]!.from, pair[0]!.to].filter((node) => cut.targets.has(node));
  const freshMs = Math.max(...ends.map((node) => renewal(history, node, cut)!.atMs));
  // From then on each had its time to follow; and it takes a few intervals until somebody has looked.
  const followedMs = freshMs + Math.max(...nodesOf(history, window).map(({ uptakeMs }) => uptakeMs));
  const dueMs = followedMs + fewIntervalsMs(pair);
  const inOrder = pair.filter(({ unseen }) => unseen !== true).sort((one, other) => one.startMs - other.startMs);
  const stays = inOrder.slice(inOrder.findLastIndex(isLost) + 1);
  const wanted = ends.length === 2 ? 4 : 1;
  const isBack = stays.length >= wanted && stays.some(({ startMs }) => startMs > freshMs);
  if (isBack && stays[0]!.startMs <= dueMs) return 'pass';
  if (!window.ended) return 'inconclusive';
  // Nobody knows what would have come of what nobody tried in time.
  const lateLoss = inOrder.filter(isLost).some(({ startMs }) => startMs > (isBack ? followedMs : dueMs));
  return lateLoss ? 'fail' : 'inconclusive';
}

export const partitionOracles: Oracles = {
  'mesh/partition/short-requests-survive': inScenario(shortSurvives),
  'mesh/partition/short-recovers': inScenario(recovers),
  'mesh/partition/long-traffic-while-valid': inScenario(whileValid),
  'mesh/partition/long-fails-closed': inScenario(failsClosed),
  'mesh/partition/long-recovers': inScenario(recovers),
  'mesh/outage/requests-survive': inEachScenario(shortSurvives),
  'mesh/outage/recovers': inEachScenario(recovers),
};

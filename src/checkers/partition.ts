import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { noFailedRequest } from './requests.ts';
import { faultSpan, windowOf } from './scenario-window.ts';
import { skippedOr } from './skipped.ts';

type RequestEntry = EntryOf<'request'>;

const long = 'partition-long';

/** Between mesh nodes only: a probe of the harness holds an SVID that no partition touches. */
function betweenNodes(history: History): (request: RequestEntry) => boolean {
  const nodes = new Set(entriesOf(history, 'node').map(({ node }) => node));
  return ({ from, to }) => nodes.has(from) && nodes.has(to);
}

/** Wall-clock instants of the history: certificates are judged by them, everything else by the monotonic clock. */
function wallClockAt(history: History): (atMs: number) => number {
  const start = Date.parse(entriesOf(history, 'run-started')[0]?.startedAt ?? '');
  return (atMs) => start + atMs;
}

/** The last SVID that each node of the long partition was given before the cut came into force, by notAfter as atMs. */
function expiries(history: History, healedMs: number): Map<string, { atMs: number; index: number }> {
  const wall = wallClockAt(history);
  const found = new Map<string, { atMs: number; index: number }>();
  for (const svid of entriesOf(history, 'svid')) {
    if (svid.seen !== 'delivered' || svid.atMs > healedMs) continue;
    found.set(svid.node, { atMs: Date.parse(svid.notAfter) - wall(0), index: svid.index });
  }
  return found;
}

/** While the SVIDs live, a cut between agents and server is not felt. */
export function trafficWhileValid(history: History): Judgement {
  const clause = 'partition-long/traffic-while-valid';
  const span = faultSpan(history, long);
  if (span === undefined) return skippedOr(history, clause, 'the partition was not proven in force and gone');
  const between = betweenNodes(history);
  const dies = expiries(history, span.healedMs);
  const lastGood = (request: RequestEntry) => Math.min(dies.get(request.from)?.atMs ?? -Infinity, dies.get(request.to)?.atMs ?? -Infinity);
  return noFailedRequest(clause, long, 'new', { perSecond: 5, maxGapMs: 1_500 },
    (request) => between(request) && request.startMs >= span.inForceMs && request.startMs + request.totalMs < lastGood(request))(history);
}

/** Past its notAfter an SVID opens no connection. */
export function failsClosed(history: History): Judgement {
  const clause = 'partition-long/fails-closed';
  const span = faultSpan(history, long);
  if (span === undefined) return skippedOr(history, clause, 'the partition was not proven in force and gone');
  const between = betweenNodes(history);
  const dies = expiries(history, span.healedMs);
  const judged = new Set(entriesOf(history, 'node').filter((node) => node.judged).map(({ node }) => node));
  const past = (windowOf(history, long)?.requests ?? []).filter((request) => {
    const died = Math.min(dies.get(request.from)?.atMs ?? Infinity, dies.get(request.to)?.atMs ?? Infinity);
    // As soon as the agents are connected again, a new SVID may be there.
    return between(request) && request.connection === 'new' && request.startMs > died && request.startMs + request.totalMs < span.healedMs;
  });
  const accepted = past.filter(({ outcome }) => outcome === 'ok');
  if (accepted.length > 0) {
    const first = accepted[0]!;
    const late = (first.startMs - Math.min(dies.get(first.from)?.atMs ?? 0, dies.get(first.to)?.atMs ?? 0)) / 1000;
    return { verdict: 'fail', reason: `${accepted.length} connections were made with an expired SVID; the first ${first.from} → ${first.to}, ${late.toFixed(2)} s past notAfter`, evidence: [...indexes(accepted.slice(0, 5)), ...[dies.get(first.from)?.index, dies.get(first.to)?.index].filter((index) => index !== undefined)] };
  }
  const refused = past.filter(({ outcome }) => outcome === 'fail');
  const requests = windowOf(history, long)?.requests ?? [];
  for (const node of judged) {
    for (const role of ['from', 'to'] as const) {
      // A node that does not dial has no requests from it at all.
      if (!dies.has(node) || !requests.some((request) => request[role] === node) || refused.filter((request) => request[role] === node).length >= 3) continue;
      return { verdict: 'inconclusive', reason: `fewer than 3 connections ${role} ${node} were tried past its SVID's notAfter`, evidence: indexes(past.slice(0, 5)) };
    }
  }
  if (refused.length === 0) return { verdict: 'inconclusive', reason: 'no connection was tried past an SVID\'s notAfter', evidence: [] };
  return { verdict: 'pass', reason: `${refused.length} connections tried past notAfter, every one refused`, evidence: indexes(refused.slice(0, 6)) };
}

/** After the heal each node gets a new SVID within the computed bound, and traffic flows again. */
export function recovers(clause: string, scenario: string): (history: History) => Judgement {
  return (history) => {
    const span = faultSpan(history, scenario);
    const window = windowOf(history, scenario);
    if (span === undefined || window === undefined) return skippedOr(history, clause, 'the partition was not proven in force and gone');
    const boundMs = window.boundsMs.recovers ?? 0;
    const cut = new Set(entriesOf(history, 'fault').filter((fault) => fault.scenario === scenario).map(({ target }) => target));
    const reports: string[] = [];
    const evidence: number[] = [];
    for (const node of cut) {
      const fresh = entriesOf(history, 'svid').find((svid) => svid.node === node && svid.seen === 'delivered' && svid.atMs > span.healedMs);
      const tookMs = (fresh?.atMs ?? Infinity) - span.healedMs;
      if (fresh === undefined && !window.ended) return { verdict: 'inconclusive', reason: `the run ended before ${node} could recover`, evidence: [window.index] };
      if (fresh === undefined || tookMs > boundMs) return { verdict: 'fail', reason: `${node} got ${fresh === undefined ? 'no new SVID' : `a new SVID only ${(tookMs / 1000).toFixed(1)} s`} after the heal; the bound is ${(boundMs / 1000).toFixed(1)} s`, evidence: [window.index, ...(fresh ? [fresh.index] : [])] };
      const again = window.requests.find(({ startMs, outcome, connection, from, to }) => startMs > fresh.atMs && outcome === 'ok' && connection === 'new' && (from === node || to === node));
      if (again === undefined) return { verdict: 'fail', reason: `${node} has a new SVID since ${(tookMs / 1000).toFixed(1)} s after the heal, but nothing got through to or from it`, evidence: [fresh.index] };
      reports.push(`${node} ${(tookMs / 1000).toFixed(1)} s`);
      evidence.push(fresh.index, again.index);
    }
    if (reports.length === 0) return { verdict: 'inconclusive', reason: 'no node was cut', evidence: [window.index] };
    return { verdict: 'pass', reason: `after the heal, a new SVID and traffic: ${reports.join(', ')} (bound ${(boundMs / 1000).toFixed(1)} s)`, evidence };
  };
}

/** A partition shorter than the SVID's life is not felt, and was long enough to matter: no SVID came through it. */
export function shortSurvives(history: History): Judgement {
  const clause = 'partition-short/requests-survive';
  const span = faultSpan(history, 'partition-short');
  if (span === undefined) return skippedOr(history, clause, 'the partition was not proven in force and gone');
  const cut = new Set(entriesOf(history, 'fault').filter((fault) => fault.scenario === 'partition-short').map(({ target }) => target));
  const through = entriesOf(history, 'svid').filter((svid) => svid.seen === 'delivered' && cut.has(svid.node) && svid.atMs > span.inForceMs && svid.atMs < span.healedMs);
  if (through.length > 0) return { verdict: 'inconclusive', reason: `${through[0]!.node} was given a new SVID while it was said to be cut`, evidence: indexes(through) };
  return noFailedRequest(clause, 'partition-short', 'new', { perSecond: 50, maxGapMs: 1_500 })(history);
}

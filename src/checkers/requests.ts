import type { EntryOf, History } from '../history.ts';
import { indexes } from './exchanges.ts';
import { answerBoundMs, failureOf, healthyTrafficBefore, isLost, toldOf, unhealthy } from './healthy.ts';
import { unlessOverloaded } from './overload.ts';
import { svidsOf } from '../reading/rotations.ts';
import type { ScenarioWindow } from '../reading/scenarios.ts';
import type { Judgement } from '../verdict.ts';
import type { ScenarioJudge } from './scenario.ts';
import { blindSpotMs, pairOf, rateOf } from './schedule.ts';
import { skippedOr } from './skipped.ts';

export type RequestEntry = EntryOf<'request'>;

/** Which requests of a scenario are judged, and how many of them it takes. */
export interface Traffic {
  readonly connection: RequestEntry['connection'];
  /**
   * The rate of arrivals, over all pairs, that the clause is about; a schedule below it is too thin to judge by. A scenario that was asked to
   * bear a share of the usual load is judged by that share of it, and its pass says so.
   */
  readonly perSecond: number;
  /** As many have to have begun a second, however late; `perSecond` when absent. A machine that is busy sends late, but does not skip. */
  readonly begunPerSecond?: number;
  /**
   * A longer silence of one pair, also at the beginning or the end, is a blind spot; so is always one of more than a few intervals of the
   * pair's own schedule.
   */
  readonly maxGapMs?: number;
  /** Fewer requests of one pair than this say nothing of it; one when absent. */
  readonly perPair?: number;
  /** The part of the scenario to look at, in milliseconds; all of it when absent. */
  readonly during?: { readonly fromMs: number; readonly toMs: number };
  /** Whether a request between this pair concerns the clause at all; every pair when absent. */
  readonly between?: (request: RequestEntry) => boolean;
  /** Of those, the ones to judge: the others were made at a moment that says nothing. An answer may take as long as the bound. */
  readonly counts?: (request: RequestEntry, boundMs: number) => boolean;
  /** From when on a request is rightly refused, in milliseconds: of what was refused then it counts only that it took too long. */
  readonly refusedFromMs?: (request: RequestEntry) => number;
}

/**
 * No request of the scenario is lost: refused, ended, left without an answer or answered later than the bound. Loss in healthy traffic leaves
 * it open, as do windows without enough traffic, and endings that nobody saw.
 */
export function noFailedRequest(traffic: Traffic): ScenarioJudge {
  const { connection, between = () => true, counts = () => true, refusedFromMs = () => Infinity } = traffic;
  return (window, history, clause) => {
    const { scenario, judged } = window;
    const all = window.requests.filter((request) => request.connection === connection && between(request));
    const boundOf = answerBoundMs(history, window);
    const requests = all.filter((request) => counts(request, boundOf(request)));
    if (requests.length === 0)
      return skippedOr(history, clause, `scenario ${scenario} saw no ${connection} connection that could decide it`);
    const open = (reason: string, evidence: readonly number[]): Judgement => ({
      verdict: 'inconclusive',
      reason,
      evidence,
    });
    const isLate = (request: RequestEntry) => request.outcome === 'ok' && request.totalMs > boundOf(request);
    const concerns = ({ from, to }: RequestEntry) => judged.has(from) || judged.has(to);
    // Traffic that no node under test took part in is not held against them.
    const held = requests.filter((request) => concerns(request) && (isLost(request) || isLate(request)));
    const before = healthyTrafficBefore(history);
    if (held.length > 0) {
      const failed = `${held.length} of ${requests.length} requests failed; the first ${told(held, boundOf)}`;
      if (before.verdict !== 'pass')
        return open(`${unhealthy(before)}; meanwhile ${failed}`, [...before.evidence, ...indexes(held.slice(0, 10))]);
      return unlessOverloaded(
        window,
        { verdict: 'fail', reason: failed, evidence: indexes(held) },
        held.map((request) => failureOf(request, boundOf, refusedFromMs(request))),
      );
    }
    const failed = requests.filter(({ outcome }) => outcome === 'fail');
    if (failed.length > 0)
      return open(
        `${failed.length} requests failed, none of them to or from a node under test; the first ${told(failed, boundOf)}`,
        indexes(failed),
      );
    if (!window.ended) return open(`scenario ${scenario} did not come to its end`, [window.index]);
    const unknown = requests.filter(({ outcome }) => outcome === 'info');
    if (unknown.length > 0)
      return open(
        `nobody knows what became of ${unknown.length} of ${requests.length} requests; the first ${told(unknown, boundOf)}`,
        indexes(unknown),
      );
    const none = connection === 'kept' ? nothingKept(history, all, judged) : undefined;
    if (none !== undefined) return { verdict: 'skipped', reason: none, evidence: indexes(all.slice(0, 3)) };
    const thin = thinTraffic(window, all, requests, traffic);
    if (thin !== undefined) return open(thin, [window.index]);
    if (before.verdict !== 'pass') return open(unhealthy(before), before.evidence);
    return {
      verdict: 'pass',
      reason: `${requests.length} requests on ${connection} connections over ${startsOf(requests).size} pairs, none failed${ofUsualLoad(window)}; the slowest took ${slowestMs(requests).toFixed(0)} ms (bound ${boundsTold(requests, boundOf)})`,
      evidence: indexes(requests.slice(0, 3)),
    };
  };
}

/** Why there is no long-lived connection to look at: every node under test ends each before it could meet a new SVID, or after its first answer. */
function nothingKept(history: History, all: readonly RequestEntry[], judged: ReadonlySet<string>): string | undefined {
  const keeps = [...judged].some((node) => {
    const own = all.filter(({ to }) => to === node);
    if (own.length < 2) return true;
    const deliveries = svidsOf(history, node, 'delivered');
    return [...Map.groupBy(own, ({ openedMs }) => openedMs).values()].some((one) => {
      const starts = one.map(({ startMs }) => startMs);
      return deliveries.some(({ atMs }) => atMs > Math.min(...starts) && atMs < Math.max(...starts));
    });
  });
  return keeps || judged.size === 0
    ? undefined
    : `${[...judged].join(' and ')} offered no long-lived connection: each was ended in order before its node was given another SVID`;
}

function slowestMs(requests: readonly RequestEntry[]): number {
  return requests.reduce((slowest, { totalMs }) => Math.max(slowest, totalMs), 0);
}

function boundsTold(requests: readonly RequestEntry[], boundOf: (request: RequestEntry) => number): string {
  const bounds = new Set(requests.map((request) => `${boundOf(request).toFixed(0)} ms`));
  return [...bounds].slice(0, 2).join(' and ');
}

function ofUsualLoad({ loadShare }: ScenarioWindow): string {
  return loadShare < 1 ? `, at ${(100 * loadShare).toFixed(0)} % of the usual load` : '';
}

function told(requests: readonly RequestEntry[], boundOf: (request: RequestEntry) => number): string {
  const first = requests.reduce((earliest, request) => (request.startMs < earliest.startMs ? request : earliest));
  if (first.outcome !== 'ok') return toldOf(first);
  const late = `answered only after ${first.totalMs.toFixed(0)} ms (bound ${boundOf(first).toFixed(0)} ms)`;
  return toldOf({ ...first, detail: late });
}

function thinTraffic(
  { judged, fromMs, toMs, loadShare }: ScenarioWindow,
  all: readonly RequestEntry[],
  requests: readonly RequestEntry[],
  { perPair = 1, maxGapMs = Infinity, during, ...rates }: Traffic,
): string | undefined {
  const perSecond = rates.perSecond * loadShare;
  const begunPerSecond = (rates.begunPerSecond ?? rates.perSecond) * loadShare;
  const starts = startsOf(requests);
  if (judged.size === 0) return 'no node under test took part';
  for (const node of judged) if (!requests.some(({ to }) => to === node)) return `${node} was asked nothing`;
  const due = rateOf(requests.map(({ dueMs }) => dueMs));
  if (due < perSecond) return `only ${due.toFixed(0)} requests a second were due, ${perSecond} are needed to judge`;
  const begun = rateOf([...starts.values()].flat());
  if (begun < begunPerSecond)
    return `only ${begun.toFixed(0)} requests a second were begun, ${begunPerSecond} are needed to judge; is this machine busy with something else?`;
  const span = during ?? { fromMs, toMs };
  // A pair of which nothing counts was silent all the time.
  for (const [pair, every] of startsOf(all)) {
    const own = starts.get(pair) ?? [];
    const gap = widestGap(own, span.fromMs, span.toMs);
    const allowedMs = Math.min(maxGapMs, blindSpotMs(every));
    if (gap > allowedMs) return `${pair} was silent for ${gap.toFixed(0)} ms, more than ${allowedMs.toFixed(0)} ms`;
    if (own.length < perPair) return `${pair} was tried ${own.length} times only, at least ${perPair} are needed`;
  }
  return undefined;
}

/** When the requests of each pair began; by that and not by when they were due, for a stalled source saw nothing meanwhile. */
function startsOf(requests: readonly RequestEntry[]): Map<string, number[]> {
  const pairs = new Map<string, number[]>();
  for (const request of requests) {
    const starts = pairs.get(pairOf(request));
    if (starts === undefined) pairs.set(pairOf(request), [request.startMs]);
    else starts.push(request.startMs);
  }
  return pairs;
}

function widestGap(times: readonly number[], fromMs: number, toMs: number): number {
  // How long it was silent after the span says nothing of the span.
  const marks = [...times.filter((time) => time < toMs), toMs].sort((a, b) => a - b);
  return marks.reduce(
    ({ widest, last }, mark) => ({ widest: Math.max(widest, mark - last), last: Math.max(last, mark) }),
    { widest: 0, last: fromMs },
  ).widest;
}

import type { EntryOf } from '../history.ts';
import { indexes } from './exchanges.ts';
import { unlessOverloaded } from './overload.ts';
import type { ScenarioWindow } from '../reading/scenarios.ts';
import type { ScenarioJudge } from './scenario.ts';
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
  /** A longer silence of one pair, also at the beginning or the end, is a blind spot. */
  readonly maxGapMs: number;
  /** Fewer requests of one pair than this say nothing of it; one when absent. */
  readonly perPair?: number;
  /** The part of the scenario to look at, in milliseconds; all of it when absent. */
  readonly during?: { readonly fromMs: number; readonly toMs: number };
  /** Whether a request between this pair concerns the clause at all; every pair when absent. */
  readonly between?: (request: RequestEntry) => boolean;
  /** Of those, the ones to judge: the others were made at a moment that says nothing. */
  readonly counts?: (request: RequestEntry) => boolean;
}

/** No request of the scenario fails. Windows without enough traffic, and answers nobody knows of, leave it open. */
export function noFailedRequest(traffic: Traffic): ScenarioJudge {
  const { connection, between = () => true, counts = () => true } = traffic;
  return (window, history, clause) => {
    const { scenario } = window;
    const all = window.requests.filter((request) => request.connection === connection && between(request));
    const requests = all.filter(counts);
    if (requests.length === 0)
      return skippedOr(history, clause, `scenario ${scenario} saw no ${connection} connection that could decide it`);
    const failed = requests.filter(({ outcome }) => outcome === 'fail');
    // Traffic that no node under test took part in is not held against them.
    const held = failed.filter(({ from, to }) => window.judged.has(from) || window.judged.has(to));
    if (held.length > 0)
      return unlessOverloaded(window, {
        verdict: 'fail',
        reason: `${held.length} of ${requests.length} requests failed; the first ${told(held)}`,
        evidence: indexes(held),
      });
    if (failed.length > 0)
      return {
        verdict: 'inconclusive',
        reason: `${failed.length} requests failed, none of them to or from a node under test; the first ${told(failed)}`,
        evidence: indexes(failed),
      };
    if (!window.ended)
      return {
        verdict: 'inconclusive',
        reason: `scenario ${scenario} did not come to its end`,
        evidence: [window.index],
      };
    const unknown = requests.filter(({ outcome }) => outcome === 'info');
    if (unknown.length > 0)
      return {
        verdict: 'inconclusive',
        reason: `nobody knows what became of ${unknown.length} of ${requests.length} requests; the first ${told(unknown)}`,
        evidence: indexes(unknown),
      };
    const thin = thinTraffic(window, all, requests, traffic);
    if (thin !== undefined) return { verdict: 'inconclusive', reason: thin, evidence: [window.index] };
    return {
      verdict: 'pass',
      reason: `${requests.length} requests on ${connection} connections over ${startsOf(requests).size} pairs, none failed${ofUsualLoad(window)}`,
      evidence: indexes(requests.slice(0, 3)),
    };
  };
}

function ofUsualLoad({ loadShare }: ScenarioWindow): string {
  return loadShare < 1 ? `, at ${(100 * loadShare).toFixed(0)} % of the usual load` : '';
}

function told(requests: readonly RequestEntry[]): string {
  const first = requests.reduce((earliest, request) => (request.startMs < earliest.startMs ? request : earliest));
  return `${first.from} → ${first.to} at ${(first.startMs / 1000).toFixed(2)} s: ${first.detail ?? 'no answer'}`;
}

function thinTraffic(
  { judged, fromMs, toMs, loadShare }: ScenarioWindow,
  all: readonly RequestEntry[],
  requests: readonly RequestEntry[],
  { perPair = 1, maxGapMs, during, ...rates }: Traffic,
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
  for (const pair of startsOf(all).keys()) {
    const own = starts.get(pair) ?? [];
    const gap = widestGap(own, span.fromMs, span.toMs);
    if (gap > maxGapMs) return `${pair} was silent for ${gap.toFixed(0)} ms, more than ${maxGapMs} ms`;
    if (own.length < perPair) return `${pair} was tried ${own.length} times only, at least ${perPair} are needed`;
  }
  return undefined;
}

/** How many a second, from the first to the last. */
function rateOf(times: readonly number[]): number {
  const [first, last] = times.reduce(
    ([low, high], time) => [Math.min(low, time), Math.max(high, time)],
    [Infinity, -Infinity],
  );
  return last > first ? (times.length - 1) / ((last - first) / 1000) : 0;
}

/** When the requests of each pair began; by that and not by when they were due, for a stalled source saw nothing meanwhile. */
function startsOf(requests: readonly RequestEntry[]): Map<string, number[]> {
  const pairs = new Map<string, number[]>();
  for (const { from, to, startMs } of requests) {
    const pair = `${from} → ${to}`;
    const starts = pairs.get(pair);
    if (starts === undefined) pairs.set(pair, [startMs]);
    else starts.push(startMs);
  }
  return pairs;
}

function widestGap(times: readonly number[], fromMs: number, toMs: number): number {
  const marks = [...times, toMs].sort((a, b) => a - b);
  return marks.reduce(
    ({ widest, last }, mark) => ({ widest: Math.max(widest, mark - last), last: Math.max(last, mark) }),
    { widest: 0, last: fromMs },
  ).widest;
}

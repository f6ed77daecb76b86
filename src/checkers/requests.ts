import type { EntryOf, History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { windowOf } from './scenario-window.ts';
import { skippedOr } from './skipped.ts';

type RequestEntry = EntryOf<'request'>;

export interface TrafficNeeds {
  /** Fewer requests a second than this, over all pairs, is too thin to judge by. */
  readonly perSecond: number;
  /** A longer silence of one pair is a blind spot. */
  readonly maxGapMs: number;
}

/** No request of the scenario fails. Windows without enough traffic, and answers nobody knows of, leave it open. */
export function noFailedRequest(clause: string, scenario: string, connection: RequestEntry['connection'], needs: TrafficNeeds, counts: (request: RequestEntry) => boolean = () => true): (history: History) => Judgement {
  return (history) => {
    const window = windowOf(history, scenario);
    const requests = (window?.requests ?? []).filter((request) => request.connection === connection && counts(request));
    if (window === undefined || requests.length === 0) return skippedOr(history, clause, `scenario ${scenario} saw no ${connection} connection`);
    const failed = requests.filter(({ outcome }) => outcome === 'fail');
    if (failed.length > 0) {
      const first = failed[0]!;
      return { verdict: 'fail', reason: `${failed.length} of ${requests.length} requests failed; the first ${first.from} → ${first.to} at ${(first.startMs / 1000).toFixed(2)} s: ${first.detail ?? 'no answer'}`, evidence: indexes(failed) };
    }
    if (!window.ended) return { verdict: 'inconclusive', reason: `scenario ${scenario} did not come to its end`, evidence: [window.index] };
    const unknown = requests.filter(({ outcome }) => outcome === 'info');
    if (unknown.length > 0) return { verdict: 'inconclusive', reason: `nobody knows what became of ${unknown.length} of ${requests.length} requests: ${unknown[0]!.detail ?? ''}`, evidence: indexes(unknown) };
    const thin = thinTraffic(requests, needs);
    if (thin !== undefined) return { verdict: 'inconclusive', reason: thin, evidence: [window.index] };
    return { verdict: 'pass', reason: `${requests.length} requests on ${connection} connections over ${pairsOf(requests).size} pairs, none failed`, evidence: indexes(requests.slice(0, 3)) };
  };
}

function thinTraffic(requests: readonly RequestEntry[], needs: TrafficNeeds): string | undefined {
  const due = requests.map(({ dueMs }) => dueMs);
  const spanMs = Math.max(...due) - Math.min(...due);
  const perSecond = spanMs === 0 ? 0 : (requests.length - 1) / (spanMs / 1000);
  if (perSecond < needs.perSecond) return `only ${perSecond.toFixed(0)} requests a second, ${needs.perSecond} are needed to judge`;
  for (const [pair, times] of pairsOf(requests)) {
    times.sort((a, b) => a - b);
    const gap = times.slice(1).reduce((widest, time, at) => Math.max(widest, time - times[at]!), 0);
    if (gap > needs.maxGapMs) return `${pair} was silent for ${gap.toFixed(0)} ms, more than ${needs.maxGapMs} ms`;
  }
  return undefined;
}

function pairsOf(requests: readonly RequestEntry[]): Map<string, number[]> {
  const pairs = new Map<string, number[]>();
  for (const { from, to, dueMs } of requests) {
    const pair = `${from} → ${to}`;
    const times = pairs.get(pair);
    if (times === undefined) pairs.set(pair, [dueMs]);
    else times.push(dueMs);
  }
  return pairs;
}

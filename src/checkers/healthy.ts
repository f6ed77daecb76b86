import type { Judge } from '../clause.ts';
import { entriesOf, type History } from '../history.ts';
import { capacityOf, healthy, healthyTraffic, nearRotation } from '../reading/healthy.ts';
import { nodesBeside } from '../reading/nodes.ts';
import type { ScenarioWindow } from '../reading/scenarios.ts';
import { worstOf, type Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { unlessOverloaded, type Failure } from './overload.ts';
import type { RequestEntry } from './requests.ts';
import { skippedOr } from './skipped.ts';

// Fewer say nothing.
export const leastRequests = 12;
// A load of half of that says nothing in the few seconds of a scenario.
const leastPerSecond = 10;

// What a caller takes for an answer: a second, or ten times what the slowest took when nothing was wrong.
export const leastBoundMs = 1_000;
export const timesHealthy = 10;
const leastSilenceMs = 1_000;

/** While nothing is broken and nothing rotates, no request to a node under test or from it is lost. */
export const healthyTrafficHolds: Judge = (history, clause) => {
  const before = healthyTrafficBefore(history);
  return before.evidence.length === 0 ? skippedOr(history, clause, before.reason) : before;
};

/**
 * What healthy traffic was like, before anything was broken or changed: what comes later is judged against it. The meshes of a run have nodes of
 * one kind under test, so that what one of them loses is held against no rotation and no outage of another.
 */
export function healthyTrafficBefore(history: History): Judgement {
  const known = before.get(history);
  if (known?.upTo === history.length) return known.judgement;
  const judgement = judgeHealthy(history);
  before.set(history, { upTo: history.length, judgement });
  return judgement;
}

// All that is judged of traffic asks for it.
const before = new WeakMap<History, { readonly upTo: number; readonly judgement: Judgement }>();

function judgeHealthy(history: History): Judgement {
  const asked = new Set(
    entriesOf(history, 'request').flatMap(({ scenario, to }) => (scenario === healthy ? [to] : [])),
  );
  const nodes = nodesBeside(history, asked).filter(({ judged }) => judged);
  if (nodes.length === 0) return { verdict: 'inconclusive', reason: 'no healthy traffic was seen', evidence: [] };
  const each = nodes.map(({ node }) => ofOne(history, node));
  const worst = worstOf(each);
  if (worst !== undefined) return worst;
  return {
    verdict: 'pass',
    reason: each.map(({ reason }) => reason).join('; '),
    evidence: each.flatMap(({ evidence }) => evidence),
  };
}

/** Why nothing can be judged by healthy traffic that was like this. */
export function unhealthy(before: Judgement): string {
  return `healthy traffic gives nothing to judge this by: ${before.reason}`;
}

function ofOne(history: History, node: string): Judgement {
  const requests = healthyTraffic(history, node);
  const allLost = requests.filter(isLost);
  const lost = allLost.filter((request) => !nearRotation(history, request));
  const first = lost[0];
  if (first !== undefined)
    return unlessOverloaded(
      {
        machine: entriesOf(history, 'machine'),
        starved: entriesOf(history, 'starved'),
        fromMs: 0,
        toMs: Infinity,
      },
      {
        verdict: 'fail',
        reason: `${node} lost ${lost.length} of ${requests.length} requests (${((100 * lost.length) / requests.length).toFixed(1)} %) before anything was broken or changed; the first ${toldOf(first)}`,
        evidence: indexes(lost.slice(0, 10)),
      },
      lost.map((request) => failureOf(request, answerBoundMs(history, { judged: new Set([node]), fromMs: 0 }))),
    );
  const open = (reason: string, evidence: readonly number[] = []): Judgement => ({
    verdict: 'inconclusive',
    reason,
    evidence,
  });
  const capacity = capacityOf(history, node);
  if (capacity === undefined) return open(`it was not measured what ${node} bears when healthy`);
  const { bearsPerSecond, loadPerSecond, share, p99Ms } = capacity;
  const bears = `${node} bore ${bearsPerSecond.toFixed(0)} new connections a second when healthy`;
  if (bearsPerSecond < leastPerSecond)
    return open(`${bears}, ${leastPerSecond} are needed for a verdict`, [capacity.index]);
  // What was lost near a rotation is held against nobody, and is no healthy traffic either.
  const told = requests.length - allLost.length;
  // It is one that answers too little which is to be found by so few: what it asked itself says nothing of that.
  const answered = requests.filter((request) => request.to === node && !isLost(request)).length;
  if (answered < leastRequests)
    return open(`only ${answered} requests to ${node} were healthy traffic, ${leastRequests} are needed`, [
      capacity.index,
    ]);
  const unseen = requests.filter((request) => request.unseen === true);
  if (unseen.length > 0)
    return open(
      `nobody saw what became of ${unseen.length} of ${requests.length} healthy requests; the first ${toldOf(unseen[0]!)}`,
      indexes(unseen.slice(0, 5)),
    );
  return {
    verdict: 'pass',
    reason: `${bears}, 99 in 100 answered within ${p99Ms.toFixed(0)} ms; ${told} requests, none lost; the load is ${(share * loadPerSecond).toFixed(0)} a second`,
    evidence: [capacity.index, ...indexes(requests.slice(0, 3))],
  };
}

/** No answer: refused, ended, or none in the time that was given. What nobody saw is held against nobody, whatever its outcome says. */
export function isLost({ outcome, unseen }: RequestEntry): boolean {
  return outcome !== 'ok' && unseen !== true;
}

/** How long an answer between these nodes may take, in milliseconds, by what the node under test took when healthy. */
export function answerBoundMs(
  history: History,
  { judged, fromMs }: Pick<ScenarioWindow, 'judged' | 'fromMs'>,
): (request: RequestEntry) => number {
  const bounds = new Map(
    [...judged].map((node) => [
      node,
      Math.max(leastBoundMs, timesHealthy * (capacityOf(history, node, fromMs)?.p99Ms ?? 0)),
    ]),
  );
  return ({ from, to }) => Math.max(bounds.get(from) ?? 0, bounds.get(to) ?? 0) || leastBoundMs;
}

/**
 * When a request that was lost or late was under way, and by how much its answer came too late, or would have, where that is what is held against it.
 *
 * @param refusedFromMs - from when on a refusal was right, in milliseconds: what was refused after that is held against nobody but for the time it took
 */
export function failureOf(
  request: RequestEntry,
  boundOf: (request: RequestEntry) => number,
  refusedFromMs = Infinity,
): Failure {
  const { startMs, totalMs, outcome, from, to } = request;
  const span = { fromMs: startMs, toMs: startMs + totalMs };
  if (outcome === 'fail' && span.toMs < refusedFromMs) return span;
  const tooLateMs = totalMs - boundOf(request);
  const byMs = {
    ok: tooLateMs,
    fail: Math.min(tooLateMs, span.toMs - refusedFromMs),
    // Of what was never answered nobody knows by how much it would have been late.
    info: Math.max(leastSilenceMs, tooLateMs),
  }[outcome];
  return { ...span, late: { byMs, nodes: [from, to] } };
}

/** Which request it was, and what became of it. */
export function toldOf({ from, to, startMs, detail }: RequestEntry): string {
  return `${from} → ${to} at ${(startMs / 1000).toFixed(2)} s: ${detail ?? 'no answer'}`;
}

import type { History } from '../history.ts';
import { worstOf, type Judgement } from '../verdict.ts';
import { cutOf, renewalOf, type Cut } from './cut.ts';
import { indexes } from './exchanges.ts';
import { healthyTrafficBefore, isLost, unhealthy } from './healthy.ts';
import { unlessOverloaded } from './overload.ts';
import type { RequestEntry } from './requests.ts';
import { boundOf, type ScenarioJudge } from './scenario.ts';
import { fewIntervalsMs, pairOf } from './schedule.ts';
import { seconds } from './seconds.ts';

/**
 * So many requests of a pair of nodes in a row have to get through before its traffic counts as back. Of a pair with a probe of the harness
 * one is enough: it calls seldom, and its own SVID was never touched.
 */
export const backInARow = (nodes: number): number => (nodes === 2 ? 4 : 1);

/**
 * Until when the traffic of a pair has to be back, in milliseconds since the start of the run: from the new SVIDs of both ends each has its
 * time to follow; then it takes a few intervals of the pair until somebody has looked.
 */
export function backByMs(freshMs: number, uptakeMs: number, pair: readonly RequestEntry[]): number {
  return freshMs + uptakeMs + fewIntervalsMs(pair);
}

/** After the heal each node gets a new SVID within the computed bound, and traffic flows again to it, and from it where it dials. */
export const recovers: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const boundMs = boundOf(window, 'recovers');
  if (typeof boundMs !== 'number') return boundMs;
  const renewed = [...cut.targets].map((node) => recovery(history, cut, node, boundMs));
  const pairs = Map.groupBy(
    window.requests.filter(
      ({ connection, from, to }) => connection === 'new' && (cut.targets.has(from) || cut.targets.has(to)),
    ),
    pairOf,
  );
  // Of traffic nothing can be said where an SVID did not come.
  const traffic = renewed.every(({ verdict }) => verdict === 'pass') ? trafficsBack(history, cut, pairs) : [];
  const each = [...renewed, ...traffic];
  const worst = worstOf(each);
  if (worst !== undefined) return unlessOverloaded(window, worst);
  return {
    verdict: 'pass',
    reason: `after the heal, new SVIDs: ${told(renewed)} (bound ${seconds(boundMs)}); traffic: ${told(traffic)}`,
    evidence: each.flatMap(({ evidence }) => evidence),
  };
};

/** Traffic is back as far as it was there: what healthy traffic lost already, no outage took away. */
function trafficsBack(history: History, cut: Cut, pairs: ReadonlyMap<string, readonly RequestEntry[]>): Judgement[] {
  const before = healthyTrafficBefore(history);
  if (before.verdict !== 'pass')
    return [{ verdict: 'inconclusive', reason: unhealthy(before), evidence: before.evidence }];
  const untried = [...cut.targets].find((node) => ![...pairs.values()].some(([one]) => one!.to === node));
  if (untried !== undefined)
    return [{ verdict: 'inconclusive', reason: `${untried} was asked nothing`, evidence: [cut.window.index] }];
  return [...pairs.values()].map((pair) => trafficBack(history, cut, pair));
}

function told(each: readonly Judgement[]): string {
  return each.map(({ reason }) => reason).join(', ');
}

function recovery(history: History, cut: Cut, node: string, boundMs: number): Judgement {
  const { window, healedMs } = cut;
  const fresh = renewalOf(history, cut, node);
  const tookMs = Math.max(0, (fresh?.atMs ?? 0) - healedMs);
  const late =
    fresh === undefined ? 'no new SVID' : tookMs > boundMs ? `a new SVID only ${seconds(tookMs)}` : undefined;
  if (fresh === undefined || late !== undefined) {
    if (!window.ended)
      return {
        verdict: 'inconclusive',
        reason: `the scenario ended before ${node} could recover`,
        evidence: [window.index],
      };
    return {
      verdict: 'fail',
      reason: `${node} got ${late ?? ''} after the heal; the bound is ${seconds(boundMs)}`,
      evidence: [window.index, ...(fresh ? [fresh.index] : [])],
    };
  }
  return {
    verdict: 'pass',
    reason: `${node} ${seconds(tookMs)}`,
    evidence: [fresh.index],
  };
}

/** Traffic of one pair is back when several requests in a row get through, and nothing fails any more; soon after both ends have a new SVID. */
function trafficBack(history: History, cut: Cut, pair: readonly RequestEntry[]): Judgement {
  const { window, healingMs } = cut;
  const { from, to } = pair[0]!;
  const ends = [from, to].filter((node) => cut.targets.has(node));
  const freshMs = Math.max(...ends.map((node) => renewalOf(history, cut, node)?.atMs ?? Infinity));
  const uptakeMs = Math.max(...window.nodes.map((node) => node.uptakeMs));
  const followedMs = freshMs + uptakeMs;
  const boundMs = backByMs(freshMs, uptakeMs, pair);
  // What nobody saw is held against nobody.
  const own = pair.filter(({ unseen }) => unseen !== true).toSorted((one, other) => one.startMs - other.startMs);
  const since = own.filter(({ startMs }) => startMs > freshMs);
  const run = own.slice(own.findLastIndex(({ outcome }) => outcome !== 'ok') + 1);
  const wanted = backInARow(ends.length);
  const judgement = (verdict: Judgement['verdict'], reason: string, of: readonly RequestEntry[]): Judgement => ({
    verdict,
    reason,
    evidence: [window.index, ...indexes(of.slice(0, 5))],
  });
  const told = `${from} → ${to}`;
  const back = run.length >= wanted && since.some(({ outcome }) => outcome === 'ok') ? run[0]! : undefined;
  if (back !== undefined && back.startMs <= boundMs)
    return judgement('pass', `${told} ${seconds(Math.max(0, back.startMs - healingMs))}`, run);
  if (!window.ended) return judgement('inconclusive', `the scenario ended before ${told} could recover`, since);
  // Where nothing was lost after both had their time, nobody asked in time: what was lost in the cut tells nothing of it.
  const lost = since.filter(isLost);
  if (back !== undefined && lost.some(({ startMs }) => startMs > followedMs))
    return judgement(
      'fail',
      `${told} got through again only ${seconds(back.startMs - freshMs)} after both ends had a living SVID; the bound is ${seconds(boundMs - freshMs)}`,
      [back, ...since],
    );
  if (lost.some(({ startMs }) => startMs > boundMs))
    return judgement(
      'fail',
      since.some(({ outcome }) => outcome === 'ok')
        ? `${told} got through after the heal, but did not stay so: ${lost.at(-1)!.detail ?? 'no answer'}`
        : `both ends of ${told} have a new SVID since ${seconds(freshMs - healingMs)} after the heal, but nothing got through: ${lost[0]!.detail ?? 'no answer'}`,
      lost,
    );
  return judgement('inconclusive', `too little was tried ${told} after the new SVIDs`, since);
}

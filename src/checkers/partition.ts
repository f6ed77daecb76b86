import { entriesOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { betweenNodes, cutOf, deathOf, renewalOf, type Cut } from './cut.ts';
import { indexes } from './exchanges.ts';
import { unlessOverloaded } from './overload.ts';
import { noFailedRequest, type RequestEntry } from './requests.ts';
import type { ScenarioJudge } from './scenario.ts';

const leastTries = 3;
// Certificates count in whole seconds and are good through notAfter: who reads the clock in whole seconds too accepts until the second is over.
const lastSecondMs = 1_000;
// A history's zero is known to a millisecond of the wall clock, which is slewed by at most 500 ppm beside the one that times requests.
const clockMs = 20;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const endMs = ({ startMs, totalMs }: RequestEntry) => startMs + totalMs;

/** While the SVIDs live, a cut between agents and server is not felt. */
export const trafficWhileValid: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const firstDeathMs = Math.min(...[...cut.dies.values()].map(({ atMs }) => atMs));
  return noFailedRequest({
    connection: 'new',
    perSecond: 5,
    perPair: leastTries,
    maxGapMs: 1_500,
    during: { fromMs: cut.inForceMs, toMs: firstDeathMs },
    between: betweenNodes(cut),
    counts: (request) =>
      request.startMs >= cut.inForceMs && endMs(request) < (deathOf(cut, request)?.atMs ?? -Infinity) - clockMs,
  })(window, history, clause);
};

/** Past its notAfter an SVID opens no connection. Each pair was let through before that, and is again after the heal. */
export const failsClosed: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const { healingMs } = cut;
  const between = betweenNodes(cut);
  const all = window.requests.filter((request) => request.connection === 'new' && between(request));
  // As soon as the agents are connected again, a new SVID may be there.
  const past = all.filter(
    (request) =>
      request.startMs >= (deathOf(cut, request)?.atMs ?? Infinity) + lastSecondMs && endMs(request) < healingMs,
  );
  const accepted = past.filter(({ outcome }) => outcome === 'ok');
  if (accepted.length > 0) return lateAcceptance(cut, accepted);
  const open = (reason: string, evidence: readonly RequestEntry[] = []): Judgement => ({
    verdict: 'inconclusive',
    reason,
    evidence: [window.index, ...indexes(evidence.slice(0, 5))],
  });
  if (!window.ended) return open(`scenario ${window.scenario} did not come to its end`);
  const unknown = past.filter(({ outcome }) => outcome === 'info');
  if (unknown.length > 0)
    return open(
      `nobody knows what became of ${unknown.length} of ${past.length} connections tried past notAfter`,
      unknown,
    );
  for (const node of window.judged) {
    for (const role of ['from', 'to'] as const) {
      const own = all.filter((request) => request[role] === node);
      // A node that does not dial has no requests from it at all.
      if (own.length === 0 && role === 'from') continue;
      const tried = past.filter((request) => request[role] === node);
      if (tried.length < leastTries)
        return open(`fewer than ${leastTries} connections ${role} ${node} were tried past notAfter`, tried);
      const uncontrolled = tried.find(
        (request) =>
          !letThrough(
            cut,
            own.filter(({ from, to }) => from === request.from && to === request.to),
          ),
      );
      if (uncontrolled !== undefined)
        return open(
          `${uncontrolled.from} → ${uncontrolled.to} was refused past notAfter, but was not let through both before it and after the heal`,
          [uncontrolled],
        );
    }
  }
  return {
    verdict: 'pass',
    reason: `${past.length} connections tried past notAfter, every one refused, each pair let through before and after`,
    evidence: indexes(past.slice(0, 6)),
  };
};

/** The control on both sides of the refusals of one pair. */
function letThrough(cut: Cut, pair: readonly RequestEntry[]): boolean {
  const accepted = pair.filter(({ outcome }) => outcome === 'ok');
  return (
    accepted.some((request) => endMs(request) < (deathOf(cut, request)?.atMs ?? -Infinity)) &&
    accepted.some(({ startMs }) => startMs > cut.healingMs)
  );
}

function lateAcceptance(cut: Cut, accepted: readonly RequestEntry[]): Judgement {
  const first = accepted.reduce((earliest, request) => (request.startMs < earliest.startMs ? request : earliest));
  const death = deathOf(cut, first);
  const late = first.startMs - (death?.atMs ?? NaN);
  return {
    verdict: 'fail',
    evidence: [...indexes(accepted.slice(0, 5)), ...(death ? [death.index] : [])],
    reason: `${accepted.length} ${accepted.length === 1 ? 'connection was' : 'connections were'} made with an expired SVID; the first ${first.from} → ${first.to}, ${(late / 1000).toFixed(2)} s past notAfter`,
  };
}

/** After the heal each node gets a new SVID within the computed bound, and traffic flows again to it, and from it where it dials. */
export const recovers: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const boundMs = window.boundsMs.recovers;
  if (boundMs === undefined) {
    const reason = `scenario ${window.scenario} did not come to its end, where it says its bound`;
    return { verdict: 'inconclusive', reason, evidence: [window.index] };
  }
  const each = [...cut.targets].map((node) => recovery(history, cut, node, boundMs));
  const worst = each.find(({ verdict }) => verdict === 'fail') ?? each.find(({ verdict }) => verdict !== 'pass');
  if (worst !== undefined) return unlessOverloaded(window, worst);
  return {
    verdict: 'pass',
    reason: `after the heal, a new SVID and traffic: ${each.map(({ reason }) => reason).join(', ')} (bound ${seconds(boundMs)})`,
    evidence: each.flatMap(({ evidence }) => evidence),
  };
};

function recovery(history: History, cut: Cut, node: string, boundMs: number): Judgement {
  const { window, healingMs } = cut;
  const fresh = renewalOf(history, cut, node);
  const late =
    fresh === undefined
      ? 'no new SVID'
      : fresh.atMs - healingMs > boundMs
        ? `a new SVID only ${seconds(fresh.atMs - healingMs)}`
        : undefined;
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
  const again: RequestEntry[] = [];
  for (const role of ['to', 'from'] as const) {
    const own = window.requests.filter((request) => request[role] === node && request.connection === 'new');
    if (own.length === 0 && role === 'from') continue;
    const since = own.filter(({ startMs }) => startMs > fresh.atMs);
    const through = since.find(({ outcome }) => outcome === 'ok');
    const failed = since.filter(({ outcome }) => outcome === 'fail');
    if (through !== undefined) again.push(through);
    else if (!window.ended || failed.length < leastTries)
      return {
        verdict: 'inconclusive',
        reason: `too little was tried ${role} ${node} after its new SVID`,
        evidence: [fresh.index, ...indexes(since.slice(0, 5))],
      };
    else
      return {
        verdict: 'fail',
        reason: `${node} has a new SVID since ${seconds(fresh.atMs - healingMs)} after the heal, but nothing got through ${role} it: ${failed[0]!.detail ?? 'no answer'}`,
        evidence: [fresh.index, ...indexes(failed.slice(0, 5))],
      };
  }
  return {
    verdict: 'pass',
    reason: `${node} ${seconds(fresh.atMs - healingMs)}`,
    evidence: [fresh.index, ...indexes(again)],
  };
}

/** A partition shorter than the SVID's life is not felt, and was long enough to matter: renewals were missed. */
export const shortSurvives: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const judgement = noFailedRequest({
    connection: 'new',
    perSecond: 50,
    begunPerSecond: 10,
    maxGapMs: 2_000,
  })(window, history, clause);
  if (judgement.verdict === 'fail') {
    const outlived = [...cut.targets].find(
      (node) => (renewalOf(history, cut, node)?.atMs ?? Infinity) >= (cut.dies.get(node)?.atMs ?? -Infinity),
    );
    if (outlived !== undefined)
      return {
        ...judgement,
        verdict: 'inconclusive',
        reason: `the partition was not short: the SVID of ${outlived} came to its end before it was renewed; ${judgement.reason}`,
      };
  }
  const missableMs =
    2 *
    Math.max(
      ...entriesOf(history, 'node')
        .filter(({ node }) => cut.targets.has(node))
        .map(({ syncIntervalMs }) => syncIntervalMs),
    );
  if (judgement.verdict === 'pass' && cut.healingMs - cut.inForceMs < missableMs) {
    return {
      verdict: 'inconclusive',
      reason: `the partition was in force for ${(cut.healingMs - cut.inForceMs).toFixed(0)} ms, shorter than two sync intervals`,
      evidence: [cut.window.index],
    };
  }
  return judgement;
};

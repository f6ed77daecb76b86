import type { Clause } from '../clause.ts';
import { entriesOf, type History } from '../history.ts';
import { worstOf, type Judgement } from '../verdict.ts';
import { betweenNodes, clockMs, cutOf, deathOf, lastSecondMs, type Cut } from './cut.ts';
import { indexes, refusedBesideControl } from './exchanges.ts';
import { noFailedRequest, type RequestEntry } from './requests.ts';
import type { ScenarioJudge } from './scenario.ts';
import { fewIntervalsMs } from './schedule.ts';

/** Fewer connections say too little of a pair, or of a node each way. */
export const leastTries = 3;

const endMs = ({ startMs, totalMs }: RequestEntry) => startMs + totalMs;

/** While the SVIDs live, a cut between agents and server is not felt. */
export const trafficWhileValid: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const between = betweenNodes(cut);
  const fewMs = fewIntervalsMs(window.requests.filter((request) => request.connection === 'new' && between(request)));
  const bothLiveUntilMs = ({ from, to, startMs }: RequestEntry) =>
    Math.min(cut.surelyLivesUntilMs(from, startMs), cut.surelyLivesUntilMs(to, startMs));
  // What another mesh holds at the same time is none of these.
  const firstDeathMs = Math.min(...window.nodes.map(({ node }) => cut.dies.get(node)?.atMs ?? Infinity));
  return noFailedRequest({
    connection: 'new',
    perSecond: 5,
    perPair: leastTries,
    maxGapMs: fewMs,
    during: { fromMs: cut.inForceMs, toMs: firstDeathMs },
    between,
    counts: (request, boundMs) => {
      if (request.startMs < cut.inForceMs) return false;
      if (request.outcome === 'ok') return endMs(request) < (deathOf(cut, request)?.atMs ?? -Infinity) - clockMs;
      const livesMs = bothLiveUntilMs(request);
      // What began well before the end, and took longer than an answer may or had none, was not kept from it by that: it hung.
      const tookTooLong = request.outcome === 'info' || request.totalMs > boundMs;
      const hung = request.startMs < livesMs - clockMs - fewMs && tookTooLong;
      return endMs(request) < livesMs - clockMs || hung;
    },
    refusedFromMs: (request) => bothLiveUntilMs(request) - clockMs,
  })(window, history, clause);
};

/**
 * Past its notAfter an SVID opens no connection. Each pair was let through before that, and is again after the heal. Where the peer of a
 * node does the refusing that shows nothing of the node, so each was shown identities that ended in the cut, too: while its own SVID lived,
 * and past the end of that.
 */
export const failsClosed: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const pairs = pairsFailClosed(cut);
  const nodes = refusedBesideControl(history, clause);
  const each = [pairs, nodes.verdict === 'pass' ? (shownInTime(history, clause, cut) ?? nodes) : nodes];
  return (
    worstOf(each) ?? {
      verdict: 'pass',
      reason: `${pairs.reason}; of identities that ended in the cut, ${nodes.reason}`,
      evidence: [...pairs.evidence, ...nodes.evidence],
    }
  );
};

/** What keeps refusals of identities that ended in the cut from telling: not shown to a node both while its own SVID lived and afterwards. */
function shownInTime(history: History, { id, roles }: Clause, cut: Cut): Judgement | undefined {
  const { window, dies, inForceMs, healingMs } = cut;
  const late = entriesOf(history, 'exchange').filter(({ clause, expect }) => clause === id && expect === 'refused');
  for (const node of window.judged) {
    const ownMs = dies.get(node)?.atMs ?? NaN;
    for (const role of roles) {
      const own = late.filter((row) => row.node === node && row.role === role);
      // One that does not offer to be looked at in this role.
      if (own.length === 0) continue;
      const during = (fromMs: number, toMs: number) =>
        own.some(({ atMs, tookMs }) => atMs - tookMs >= fromMs && atMs <= toMs);
      const missing = !during(inForceMs, ownMs - clockMs)
        ? 'while its own SVID still lived'
        : !during(ownMs + lastSecondMs + clockMs, healingMs)
          ? 'past the end of its own'
          : undefined;
      if (missing !== undefined)
        return {
          verdict: 'inconclusive',
          reason: `${node} as ${role} was not shown an identity that had ended ${missing}, in the cut`,
          evidence: [window.index, ...indexes(own)],
        };
    }
  }
  return undefined;
}

function pairsFailClosed(cut: Cut): Judgement {
  const { window, healingMs } = cut;
  const between = betweenNodes(cut);
  const all = window.requests.filter((request) => request.connection === 'new' && between(request));
  // As soon as the agents are connected again, a new SVID may be there.
  const past = all.filter(
    (request) =>
      request.startMs >= (deathOf(cut, request)?.atMs ?? Infinity) + lastSecondMs + clockMs &&
      endMs(request) < healingMs,
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
}

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

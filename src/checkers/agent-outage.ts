import { entriesOf, type EntryOf, type History } from '../history.ts';
import { svidsOf } from '../reading/rotations.ts';
import { faultSpan, type FaultSpan, type ScenarioWindow } from '../reading/scenarios.ts';
import type { Judgement } from '../verdict.ts';
import { uncovered } from './coverage.ts';
import { indexes, refusedBesideControl } from './exchanges.ts';
import { endsOf } from '../reading/lives.ts';
import { byFindingsOfNodes, type Finding } from './findings.ts';
import { unlessOverloaded } from './overload.ts';
import { noFailedRequest } from './requests.ts';
import { boundOf, type ScenarioJudge } from './scenario.ts';
import { seconds } from './seconds.ts';
import { skippedOr } from './skipped.ts';

// The agents of the nodes under test end and are started again: their streams break, and the nodes go on.

const unproven = "the agents' outage was not proven in force and gone";

/** While its agent is away a node serves with what it holds. */
export const servesWithoutAgent: ScenarioJudge = (window, history, clause) => {
  const span = faultSpan(window);
  if (span === undefined) return skippedOr(history, clause, unproven);
  const traffic = { connection: 'new', perSecond: 50, begunPerSecond: 10 } as const;
  return spared(window, span) ?? noFailedRequest(traffic)(window, history, clause);
};

/** Strangers are refused all through, and some of them came while the agent was away. */
export const refusesWithoutAgent: ScenarioJudge = (window, history, clause) => {
  const judgement = refusedBesideControl(history, clause);
  if (judgement.verdict !== 'pass') return judgement;
  const span = faultSpan(window);
  if (span === undefined) return skippedOr(history, clause, unproven);
  const meanwhile = entriesOf(history, 'exchange').filter(
    ({ clause: id, expect, atMs, tookMs }) =>
      id === clause.id &&
      expect === 'refused' &&
      atMs - tookMs >= span.inForceMs &&
      // Whoever comes while it is started again may meet it back already.
      atMs - tookMs <= span.healingMs &&
      atMs <= span.healedMs,
  );
  return (
    spared(window, span) ??
    uncovered(history, clause, meanwhile, 'no stranger came while the agents were away') ??
    judgement
  );
};

function spared({ judged, index }: ScenarioWindow, { targets }: FaultSpan): Judgement | undefined {
  const one = [...judged].find((node) => !targets.has(node));
  return one === undefined
    ? undefined
    : { verdict: 'inconclusive', reason: `the agent of ${one} was not away`, evidence: [index] };
}

/** After its agent is back a node shows an SVID that the agent has delivered since. */
export const reconnects: ScenarioJudge = (window, history, clause) => {
  const span = faultSpan(window);
  if (span === undefined) return skippedOr(history, clause, unproven);
  const boundMs = boundOf(window, 'takenUp');
  if (typeof boundMs !== 'number') return boundMs;
  const findings = [...window.judged].map((node) => findingOf(history, window, span, node, boundMs));
  const judgement = unlessOverloaded(window, byFindingsOfNodes(history, clause, findings));
  // One whose agent was not away has nothing to come back to.
  return judgement.verdict === 'pass' ? (spared(window, span) ?? judgement) : judgement;
};

function findingOf(
  history: History,
  window: ScenarioWindow,
  span: FaultSpan,
  subject: string,
  boundMs: number,
): Finding {
  const dueMs = span.healedMs + boundMs;
  const newer = newerThan(history, subject, span.healingMs);
  // Of several workers one may be left behind, which shows whenever it is met.
  const shown = entriesOf(history, 'request')
    .filter(
      ({ to, outcome, connection, resumed, server, startMs }) =>
        to === subject &&
        outcome === 'ok' &&
        connection === 'new' &&
        resumed !== true &&
        server !== undefined &&
        startMs >= window.fromMs,
    )
    .sort((one, other) => one.startMs - other.startMs);
  const late = shown.find(({ startMs, server }) => startMs > dueMs && !newer(server!.serial));
  const fresh = shown.find(({ server }) => newer(server!.serial));
  const unknown = (says: string, evidence: readonly number[]): Finding => ({
    ...{ subject, state: 'unknown', says, evidence },
  });
  if (late === undefined) {
    // A new one that was first seen past the bound may have been there in time.
    if (fresh === undefined || fresh.startMs > dueMs)
      return unknown(`nobody saw which SVID it showed ${seconds(boundMs)} after its agent was back`, [window.index]);
    const end = endsOf(history).find(
      ({ node, entry }) => node === subject && entry.atMs >= window.fromMs && entry.atMs <= fresh.startMs,
    );
    if (end !== undefined) return unknown('it ended and was started again meanwhile', [end.entry.index]);
    const tookMs = Math.max(0, fresh.startMs - span.healedMs);
    const says = `showed a new SVID ${seconds(tookMs)} after its agent was back`;
    return { subject, state: 'holds', says, evidence: [fresh.index] };
  }
  const says = `still showed SVID ${late.server!.serial} ${seconds(boundMs)} after its agent was back, the bound for taking up a new one`;
  return { subject, state: 'broken', says, evidence: indexes([late]) };
}

/**
 * Tells which SVIDs of a node are newer than an instant: those that were delivered after it for the first time, and those that end later
 * than whatever was delivered before it. The second is for one that nobody but the node was delivered.
 */
export function newerThan(history: History, node: string, fromMs: number): (serial: string) => boolean {
  const delivered = svidsOf(history, node, 'delivered');
  const before = delivered.filter(({ atMs }) => atMs < fromMs);
  const lastEnd = Math.max(...before.map(endOf));
  const old = new Set(before.map(({ serial }) => serial));
  const newer = new Set(
    svidsOf(history, node)
      .filter(
        (svid) =>
          !old.has(svid.serial) && ((svid.seen === 'delivered' && svid.atMs >= fromMs) || endOf(svid) > lastEnd),
      )
      .map(({ serial }) => serial),
  );
  return (serial) => newer.has(serial);
}

function endOf({ notAfter }: EntryOf<'svid'>): number {
  return Date.parse(notAfter);
}

import type { Clause } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { FaultRead } from '../reading/faults.ts';
import type { ScenarioWindow } from '../reading/scenarios.ts';
import type { Judgement } from '../verdict.ts';
import { uncovered } from './coverage.ts';
import { indexes, refusedBesideControl } from './exchanges.ts';
import { byFindingsOfNodes, type Finding } from './findings.ts';
import { sayingIfOverloaded, unlessOverloaded } from './overload.ts';
import type { ScenarioJudge } from './scenario.ts';
import { seconds } from './seconds.ts';
import { skippedOr, skipsOf } from './skipped.ts';

// A service goes away and comes back, as its owner has it restarted or paused. Strangers and the right one stand at its door all the while.

type ExchangeEntry = EntryOf<'exchange'>;

/** Who has to be turned away there, whatever rights a run has: none of them takes more than a key of its own. */
export const strangersAtTheDoor = {
  nobody: 'nobody: no certificate',
  selfSigned: 'the right ID, self-signed',
  unknownAuthority: 'the right ID below an unknown authority',
  inTheClear: 'a question in the clear',
} as const;

// Who opens for a moment, does so until an update comes or a file is read.
export const unlookedMs = 2_000;

/** No stranger is let in from the moment on in which a service shows itself again, and each of them came in that moment. */
export const refusesAtTheDoor: ScenarioJudge = (window, history, clause) => {
  const judgement = strangersRefused(history, clause);
  if (judgement.verdict !== 'pass') return sayingIfOverloaded(window, judgement, window);
  // Each service for itself: one may be away for longer than another.
  if (window.faults.length === 0 || window.faults.some(({ missing }) => missing.length > 0))
    return skippedOr(history, clause, unproven(window));
  const looked: { node: string; role: 'server' }[] = [];
  const untold = new Set(skipsOf(history, clause).map(({ node }) => node));
  for (const { target, inForceAtMs, healedAtMs } of window.faults) {
    if (untold.has(target)) continue;
    const came = callsAt(history, window, target).filter(
      (call) => call.clause === clause.id && begunMs(call) >= inForceAtMs! && begunMs(call) <= healedAtMs! + unlookedMs,
    );
    const missed = Object.values(strangersAtTheDoor).find((title) => !came.some(({ row }) => row === title));
    if (missed !== undefined)
      return {
        verdict: 'inconclusive',
        reason: `nobody came to ${target} as ${JSON.stringify(missed)} until ${seconds(unlookedMs)} after it was back`,
        evidence: [window.index],
      };
    looked.push({ node: target, role: 'server' });
  }
  return uncovered(history, clause, looked, 'no stranger came when it was back') ?? judgement;
};

/** Whoever is late is not held to account here: a right one that is refused leaves open what refusals mean beside it. */
function strangersRefused(history: History, clause: Clause): Judgement {
  const judgement = refusedBesideControl(history, clause);
  const wrong = new Set(judgement.evidence);
  const isStranger = entriesOf(history, 'exchange').some(
    ({ index, expect, killed }) => wrong.has(index) && (expect === 'refused' || killed === true),
  );
  return judgement.verdict !== 'fail' || isStranger
    ? judgement
    : { ...judgement, verdict: 'inconclusive', reason: `could not tell: ${judgement.reason}` };
}

/** After a restart a service lets the right one in within the bound, and whatever it shows from the first moment on is its own. */
export const isBackAfterRestart: ScenarioJudge = (window, history, clause) => {
  const usualMs = window.boundsMs.back;
  return backWithin(window, history, clause, (fault) => ({
    fromMs: fault.inForceAtMs!,
    since: 'its restart was begun',
    sinceMs: fault.injectedAtMs,
    boundMs: fault.withinMs ?? usualMs,
    isSaid: fault.withinMs !== undefined,
    wanted: 'within',
    ownFromMs: fault.inForceAtMs!,
  }));
};

/** After a pause a service lets the right one in within the time that it may take to follow, and from then on shows what is valid. */
export const isBackAfterPause: ScenarioJudge = (window, history, clause) => {
  return backWithin(window, history, clause, (fault) => {
    const node = window.nodes.find((one) => one.node === fault.target);
    const boundMs = fault.healedAtMs === null ? undefined : node?.uptakeMs;
    const sinceMs = fault.healedAtMs ?? Infinity;
    return {
      fromMs: fault.healingAtMs ?? Infinity,
      since: 'it was resumed',
      ...{ sinceMs, boundMs },
      isSaid: node?.uptakeAssumed !== true,
      wanted: 'uptake',
      ownFromMs: sinceMs + (boundMs ?? 0),
      endsMeanwhile: true,
    };
  });
};

interface Due {
  /** From when on it may be back. */
  readonly fromMs: number;
  readonly since: string;
  readonly sinceMs: number;
  /** Undefined where nobody said it, and the scenario did not come to its end. */
  readonly boundMs: number | undefined;
  readonly isSaid: boolean;
  /** The key of the target file that says it. */
  readonly wanted: string;
  /** From when on whatever it shows has to be its own. */
  readonly ownFromMs: number;
  /** Its SVID may have ended while it was away, so that one that has ended is one that it has not followed yet. */
  readonly endsMeanwhile?: true;
}

function backWithin(
  window: ScenarioWindow,
  history: History,
  clause: Parameters<ScenarioJudge>[2],
  dueOf: (fault: FaultRead) => Due,
): Judgement {
  const inForce = window.faults.filter(({ inForceAtMs }) => inForceAtMs !== null);
  if (inForce.length === 0) return skippedOr(history, clause, unproven(window));
  const shown: Finding[] = [];
  const back: Finding[] = [];
  for (const fault of inForce) {
    const { target: subject } = fault;
    const due = dueOf(fault);
    const calls = callsAt(history, window, subject).filter((call) => begunMs(call) >= due.fromMs);
    const showing = calls.filter((call) => call.shown !== undefined && begunMs(call) >= due.ownFromMs);
    const wrong = showing.filter((call) => call.unproven !== undefined);
    const isEnded = (call: ExchangeEntry) => due.endsMeanwhile === true && call.unproven!.startsWith(expired);
    const says = (call: ExchangeEntry) =>
      `showed ${call.shown?.join(', ') || 'somebody without a SPIFFE ID'} ${seconds(Math.max(0, begunMs(call) - due.sinceMs))} after ${due.since}, which does not prove that it is the service: ${call.unproven}`;
    const others = wrong.find((call) => !isEnded(call));
    if (others !== undefined) shown.push({ subject, state: 'broken', says: says(others), evidence: indexes([others]) });
    const ended = wrong.find(isEnded);
    if (ended !== undefined) {
      back.push(late(subject, due, says(ended), indexes([ended])));
      continue;
    }
    const own = calls.filter(({ clause: id }) => id === clause.id);
    const finding = backOf(subject, due, own, window);
    const open =
      fault.missing[0] ?? (showing.length > 0 ? undefined : 'nobody saw what it shows when its time was over');
    back.push(finding.state === 'holds' && open !== undefined ? { ...finding, state: 'unknown', says: open } : finding);
  }
  const foreign = byFindingsOfNodes(history, clause, shown);
  if (shown.length > 0 && foreign.verdict === 'fail') return foreign;
  return unlessOverloaded(window, byFindingsOfNodes(history, clause, back));
}

// As `whoAnswered` tells it.
const expired = 'expired: ';

/** It was too late: broken where somebody said how long it may take. */
function late(subject: string, { isSaid, wanted }: Due, says: string, evidence: readonly number[]): Finding {
  return isSaid
    ? { subject, state: 'broken', says, evidence }
    : {
        ...{ subject, state: 'unknown', evidence },
        says: `${says}, and the target file does not say how long it may take (${wanted})`,
      };
}

const isIn = ({ outcome, shown, unproven: why }: ExchangeEntry) =>
  outcome === 'accepted' && shown !== undefined && why === undefined;

function backOf(subject: string, due: Due, calls: readonly ExchangeEntry[], window: ScenarioWindow): Finding {
  const { since, sinceMs, boundMs } = due;
  const unknown = (says: string, evidence: readonly number[]): Finding => ({
    ...{ subject, state: 'unknown', says, evidence },
  });
  const first = calls.find(isIn);
  if (boundMs === undefined) return unknown('the scenario did not come to its end, where it says its bound', []);
  const dueMs = sinceMs + boundMs;
  if (first !== undefined && first.atMs <= dueMs) {
    const fell = calls.find((call) => begunMs(call) > first.atMs && !isIn(call));
    if (fell !== undefined)
      return unknown(
        `let the probe in again, and ${seconds(begunMs(fell) - first.atMs)} later not (${fell.how}): it fell again, or another one stands behind its address`,
        indexes([first, fell]),
      );
    const says = `let the probe in again, as itself, ${seconds(Math.max(0, first.atMs - sinceMs))} after ${since} (bound ${seconds(boundMs)})`;
    return { subject, state: 'holds', says, evidence: [first.index] };
  }
  // One that was turned away before its time was over says nothing of when it was back.
  const last = calls.findLast(
    (call) => first === undefined || (begunMs(call) >= dueMs && begunMs(call) < begunMs(first)),
  );
  if (last === undefined || (first === undefined && last.atMs < dueMs))
    return unknown(`nobody saw whether it was back ${seconds(boundMs)} after ${since}`, [window.index]);
  const says =
    first === undefined
      ? `had not let the probe in again ${seconds(boundMs)} after ${since}: ${last.how}`
      : `let the probe in again only ${seconds(first.atMs - sinceMs)} after ${since} (bound ${seconds(boundMs)})`;
  return late(subject, due, says, indexes([first ?? last]));
}

/** The calls at one node by this scenario, in the order of time. */
function callsAt(history: History, { clauses, fromMs }: ScenarioWindow, node: string): ExchangeEntry[] {
  return entriesOf(history, 'exchange')
    .filter((one) => one.node === node && clauses.includes(one.clause) && one.atMs >= fromMs)
    .sort((one, other) => one.atMs - other.atMs);
}

const begunMs = ({ atMs, tookMs }: ExchangeEntry) => atMs - tookMs;

const unproven = ({ faults }: ScenarioWindow) =>
  `that it went away and came back was not proven${faults.length === 0 ? '' : `: ${faults.flatMap(({ missing }) => missing)[0] ?? 'not all at one time'}`}`;

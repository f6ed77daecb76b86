import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import { ofKind, skipped } from './entries.ts';
import { wasOverloaded, wasStarved } from './overloaded.ts';
import { nodesOf, svidsOf, type Window } from './scenario-windows.ts';

export type Request = EntryOf<'request'>;

// From docs/decisions/0020-healthy-first.md: a timeout is a loss, late is a loss too, and nobody is blamed for what nobody saw. From
// docs/decisions/0017-the-life-of-a-node.md: what failed while a node was away because of an exchange is that exchange's business.

export const endedMs = ({ startMs, totalMs }: Request) => startMs + totalMs;

export function isLost({ outcome, unseen }: Request): boolean {
  return outcome !== 'ok' && unseen !== true;
}

const leastLateMs = 1_000;
const timesHealthy = 10;

/** When an answer is late: after a second, and after ten times what its ends took when healthy, as it was measured last by an instant. */
function lateAfterMs(history: History, { from, to }: Request, judged: readonly string[], byMs: number): number {
  let boundMs = leastLateMs;
  for (const { node, atMs } of measured(history)) {
    if ((node !== from && node !== to) || !judged.includes(node) || atMs > byMs) continue;
    const last = measured(history).filter((one) => one.node === node && one.atMs <= byMs);
    boundMs = Math.max(boundMs, timesHealthy * last.at(-1)!.p99Ms);
  }
  return boundMs;
}

function measured(history: History): readonly EntryOf<'capacity'>[] {
  return ofKind(history, 'capacity');
}

/** Whether the machine may be to blame for a loss: it was busy then; or the nodes waited for processors as long as the answer was late. */
function isExcused(history: History, request: Request, boundMs: number): boolean {
  const { from, to, startMs, totalMs, outcome } = request;
  if (wasOverloaded(history, startMs, endedMs(request))) return true;
  if (outcome === 'fail') return false;
  // Of what had no answer nobody knows by how much that would have been late: by a second at least.
  const lateByMs = outcome === 'info' ? Math.max(1_000, totalMs - boundMs) : totalMs - boundMs;
  return wasStarved(history, [from, to], startMs, endedMs(request), lateByMs);
}

// A process closes its connections before anybody hears of its end.
const beforeItIsKnownMs = 500;

/** Whether one of its ends was away when a request was made, and an exchange that ended that node twice explains why. */
export function metAnExplainedEnd(history: History, request: Request): boolean {
  for (const end of ofKind(history, 'life')) {
    if (end.state !== 'ended' || (end.node !== request.from && end.node !== request.to)) continue;
    const explained = ofKind(history, 'exchange').some(
      ({ killed, node, clause, role, row }) =>
        killed === true && node === end.node && (end.underWay ?? []).includes(`${clause} as ${role}: ${row}`),
    );
    if (!explained) continue;
    const back = ofKind(history, 'life').find(
      ({ node, state, index }) => node === end.node && state === 'started' && index > end.index,
    );
    if (request.startMs <= (back?.atMs ?? Infinity) && endedMs(request) >= end.atMs - beforeItIsKnownMs) return true;
  }
  return false;
}

const leastHealthy = 12;
const leastBorne = 10;

/** What healthy traffic was like: every node under test of the meshes that were asked was measured, was asked enough, and lost nothing. */
export function healthyTraffic(history: History): Verdict | undefined {
  const asked = new Set<string>();
  for (const { scenario, to } of ofKind(history, 'request')) if (scenario === 'healthy') asked.add(to);
  const meshes = new Set<string>();
  for (const { node, mesh } of ofKind(history, 'node')) if (asked.has(node)) meshes.add(mesh);
  const found: Verdict[] = [];
  for (const { node, mesh, judged } of ofKind(history, 'node'))
    if (judged && meshes.has(mesh)) found.push(healthyTrafficOf(history, node));
  if (found.length === 0) return undefined;
  for (const verdict of ['fail', 'inconclusive'] as const) if (found.includes(verdict)) return verdict;
  return 'pass';
}

function healthyTrafficOf(history: History, node: string): Verdict {
  let lost = false;
  let blamed = false;
  let unseen = false;
  let served = 0;
  for (const request of ofKind(history, 'request')) {
    if (request.scenario !== 'healthy' || (request.from !== node && request.to !== node)) continue;
    if (request.unseen === true) unseen = true;
    else if (request.outcome === 'ok') served += request.to === node ? 1 : 0;
    else if (!isNearRotation(history, request)) {
      lost = true;
      if (!isExcused(history, request, lateAfterMs(history, request, [node], 0))) blamed = true;
    }
  }
  if (blamed) return 'fail';
  const capacity = measured(history).filter((one) => one.node === node);
  if (lost || unseen || served < leastHealthy || capacity.length === 0) return 'inconclusive';
  return capacity.at(-1)!.bearsPerSecond < leastBorne ? 'inconclusive' : 'pass';
}

/** What met a rotation of one of its ends, or began right after one, is no healthy traffic: half of a sync interval is right after. */
function isNearRotation(history: History, request: Request): boolean {
  for (const { node, syncIntervalMs } of ofKind(history, 'node')) {
    if (node !== request.from && node !== request.to) continue;
    for (const { atMs } of svidsOf(history, node, 'delivered').slice(1))
      if (atMs > request.startMs - syncIntervalMs / 2 && atMs < endedMs(request)) return true;
  }
  return false;
}

/** Which requests of a scenario are to survive it, and how many of them it takes to tell. */
export interface Wanted {
  readonly connection: Request['connection'];
  /** New requests a second over all pairs that have to have been due, and begun. */
  readonly duePerSecond: number;
  readonly begunPerSecond: number;
  /** No pair may be silent for longer, whatever its own schedule. */
  readonly mostSilentMs?: number;
  readonly leastOfPair?: number;
  /** When silence counts; all of the scenario where absent. */
  readonly during?: { readonly fromMs: number; readonly toMs: number };
  /** Which requests are looked at, and which of those say something; all where absent. */
  readonly among?: (request: Request) => boolean;
  readonly tells?: (request: Request) => boolean;
}

/** The requests of a scenario, where healthy traffic lost none and there were enough of them all the time: none may have been lost. */
export function noneLost(history: History, window: Window, wanted: Wanted, id: string): Verdict {
  const { among = () => true, tells = () => true } = wanted;
  const judged: string[] = [];
  for (const node of nodesOf(history, window)) if (node.judged) judged.push(node.node);
  const all = ofKind(history, 'request').filter(
    (request) =>
      request.scenario === window.scenario &&
      request.connection === wanted.connection &&
      among(request) &&
      !metAnExplainedEnd(history, request),
  );
  const told = all.filter(tells);
  if (told.length === 0) return skipped(history, { id }).length > 0 ? 'skipped' : 'inconclusive';
  let blamed = false;
  let open = !window.ended || healthyTraffic(history) !== 'pass';
  for (const request of told) {
    if (request.unseen === true) open = true;
    // At once, as most are in time.
    if (request.outcome === 'ok' && request.totalMs <= leastLateMs) continue;
    const boundMs = lateAfterMs(history, request, judged, window.fromMs);
    if (!isLost(request) && (request.outcome !== 'ok' || request.totalMs <= boundMs)) continue;
    // Where no node under test took part, nobody is blamed.
    const concerns = judged.includes(request.from) || judged.includes(request.to);
    if (concerns && !isExcused(history, request, boundMs)) blamed = true;
    else if (concerns || request.outcome !== 'ok') open = true;
  }
  if (blamed) return healthyTraffic(history) === 'pass' ? 'fail' : 'inconclusive';
  if (open) return 'inconclusive';
  if (wanted.connection === 'kept' && noneKept(history, all, judged)) return 'skipped';
  return isThin(history, window, wanted, all, told, judged) ? 'inconclusive' : 'pass';
}

/** No node under test kept a connection until its agent had another SVID for it: who keeps none loses none. */
function noneKept(history: History, requests: readonly Request[], judged: readonly string[]): boolean {
  for (const node of judged) {
    const own = requests.filter(({ to }) => to === node);
    if (own.length < 2) return false;
    for (const { atMs } of svidsOf(history, node, 'delivered'))
      for (const one of own)
        for (const other of own)
          if (one.openedMs === other.openedMs && one.startMs < atMs && other.startMs > atMs) return false;
  }
  return judged.length > 0;
}

function isThin(
  history: History,
  window: Window,
  wanted: Wanted,
  all: readonly Request[],
  told: readonly Request[],
  judged: readonly string[],
): boolean {
  if (judged.length === 0) return true;
  for (const node of judged) if (!told.some(({ to }) => to === node)) return true;
  const share = window.loadShare * shareBorne(history, window, judged);
  if (perSecond(told.map(({ dueMs }) => dueMs)) < wanted.duePerSecond * share) return true;
  if (perSecond(told.map(({ startMs }) => startMs)) < wanted.begunPerSecond * share) return true;
  const { fromMs, toMs } = wanted.during ?? window;
  for (const pair of Map.groupBy(all, ({ from, to }) => `${from} → ${to}`).values()) {
    const own = pair.filter((request) => told.includes(request)).map(({ startMs }) => startMs);
    // Four intervals of its own, and half a second as sources have pauses.
    const fewMs = Math.max(500, 4_000 / perSecond(pair.map(({ startMs }) => startMs)));
    if (longestSilence(own, fromMs, toMs) > Math.min(wanted.mostSilentMs ?? Infinity, fewMs)) return true;
    if (own.length < (wanted.leastOfPair ?? 1)) return true;
  }
  return false;
}

/** The share of the load that the weakest node under test bears, as it was measured last before the scenario. */
function shareBorne(history: History, window: Window, judged: readonly string[]): number {
  let least = 1;
  for (const node of judged) {
    const before = measured(history).filter((one) => one.node === node && one.atMs <= window.fromMs);
    least = Math.min(least, before.at(-1)?.share ?? 1);
  }
  return least;
}

/** How many a second, from the first to the last: so many less one lie between them. */
function perSecond(instants: readonly number[]): number {
  const tookMs = Math.max(...instants) - Math.min(...instants);
  return tookMs > 0 ? (1_000 * (instants.length - 1)) / tookMs : 0;
}

/** The longest time without any of these, the beginning and the end with it. */
function longestSilence(begun: readonly number[], fromMs: number, toMs: number): number {
  let longestMs = 0;
  let lastMs = fromMs;
  for (const at of [...begun, toMs].sort((one, other) => one - other)) {
    if (at > toMs) break;
    longestMs = Math.max(longestMs, at - lastMs);
    lastMs = Math.max(lastMs, at);
  }
  return longestMs;
}

/** Six intervals of the slowest of these pairs, by the schedule: the middle one of all steps between two. */
export function fewIntervalsMs(requests: readonly Request[]): number {
  let longestMs = 0;
  for (const pair of Map.groupBy(requests, ({ from, to }) => `${from} → ${to}`).values()) {
    const due = pair.map(({ dueMs }) => dueMs).sort((one, other) => one - other);
    const steps: number[] = [];
    for (let at = 1; at < due.length; at++) steps.push(due[at]! - due[at - 1]!);
    steps.sort((one, other) => one - other);
    longestMs = Math.max(longestMs, steps[Math.floor(steps.length / 2)] ?? 0);
  }
  return Math.ceil(6 * longestMs);
}

import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { ofKind } from './entries.ts';
import { metAnExplainedEnd, noneLost, type Wanted } from './lost-requests.ts';
import { wasOverloaded, wasStarved } from './overloaded.ts';
import { inScenario, nodesOf, svidsOf, type Window } from './scenario-windows.ts';

type Svid = EntryOf<'svid'>;

// From docs/scenarios/rotation.md and the titles of the clauses.

const leastRotations = 5;

/** How often a node was given, or showed, a new SVID in the place of another while a scenario ran. */
function rotations(history: History, node: string, seen: 'delivered' | 'presented', window: Window): number {
  const later = svidsOf(history, node, seen).slice(1);
  return later.filter(({ atMs }) => atMs >= window.fromMs && atMs <= window.toMs).length;
}

/** The scenario came to its end, and every node under test was given a new SVID at least five times in it. */
function rotatedOften(history: History, window: Window): boolean {
  const judged = nodesOf(history, window).filter((node) => node.judged);
  if (!window.ended || judged.length === 0) return false;
  return judged.every(({ node }) => rotations(history, node, 'delivered', window) >= leastRotations);
}

/** The authorities of its mesh that came into use while a scenario ran. */
function activated(history: History, window: Window): string[] {
  const meshes = nodesOf(history, window).map(({ mesh }) => mesh);
  return ofKind(history, 'authority')
    .filter(({ state, mesh }) => state === 'activated' && meshes.includes(mesh))
    .filter(({ atMs }) => atMs >= window.fromMs && atMs <= window.toMs)
    .map(({ authority }) => authority);
}

/** At least five rotations of every node under test, and one of the authority. */
export function rotated(history: History, window: Window): boolean {
  return rotatedOften(history, window) && activated(history, window).length > 0;
}

function throughRotations(wanted: Wanted): Oracle {
  return inScenario((history, window, { id }) => {
    const verdict = noneLost(history, window, wanted, id);
    return verdict === 'pass' && !rotated(history, window) ? 'inconclusive' : verdict;
  });
}

interface Shown {
  readonly node: string;
  readonly role: 'server' | 'client';
  readonly serial: string;
  readonly startMs: number;
}

/** Every SVID that a node showed on a connection of ours while a scenario ran: as a server, and in its calls to us. */
function allShown(history: History, window: Window): Shown[] {
  const shown: Shown[] = [];
  for (const entry of history) {
    if (entry.kind === 'presented' && entry.scenario === window.scenario)
      shown.push({ node: entry.node, role: entry.role, serial: entry.svid.serial, startMs: entry.startMs });
    if (entry.kind !== 'request' || entry.scenario !== window.scenario || entry.connection !== 'new') continue;
    // A resumed session shows nothing: what stands there was shown when it was opened.
    if (entry.server === undefined || entry.resumed === true || metAnExplainedEnd(history, entry)) continue;
    shown.push({ node: entry.to, role: 'server', serial: entry.server.serial, startMs: entry.startMs });
  }
  return shown;
}

const newShown = inScenario((history, window) => {
  const judged = nodesOf(history, window).filter((node) => node.judged);
  const boundMs = window.boundsMs['newSvidPresented'];
  if (boundMs === undefined) return 'inconclusive';
  let open = judged.length === 0 || !rotatedOften(history, window);
  let activatedMs = window.fromMs;
  for (const { authority, atMs, state } of ofKind(history, 'authority'))
    if (state === 'activated' && activated(history, window).includes(authority))
      activatedMs = Math.max(activatedMs, atMs);
  for (const { node } of judged) {
    const delivered = svidsOf(history, node, 'delivered');
    const own = allShown(history, window).filter((shown) => shown.node === node);
    // What it showed before anything changed tells nothing.
    const later = own.filter(({ startMs }) => startMs >= activatedMs);
    if (!later.some(({ role }) => role === 'server')) open = true;
    const calls = ofKind(history, 'request').some(
      ({ scenario, from, outcome }) => scenario === window.scenario && from === node && outcome === 'ok',
    );
    if (calls && !later.some(({ role }) => role === 'client')) open = true;
    for (const { serial, startMs } of own) {
      const newest = delivered.filter(({ atMs }) => atMs + boundMs <= startMs).at(-1);
      const svid = ofKind(history, 'svid').find((one) => one.node === node && one.serial === serial);
      if (svid === undefined) open = true;
      else if (newest !== undefined && isOlder(svid, newest, delivered)) {
        const lateByMs = startMs - newest.atMs - boundMs;
        if (
          !wasOverloaded(history, newest.atMs, startMs) &&
          !wasStarved(history, [node], newest.atMs, startMs, lateByMs)
        )
          return 'fail';
        open = true;
      }
    }
    if (rotations(history, node, 'presented', window) < leastRotations) open = true;
  }
  return open ? 'inconclusive' : 'pass';
});

/** By the order of delivery; one that was delivered to the node and not to us stands where its end puts it. */
function isOlder(one: Svid, other: Svid, delivered: readonly Svid[]): boolean {
  const place = ({ serial }: Svid) => delivered.findIndex((svid) => svid.serial === serial);
  if (place(one) >= 0) return place(one) < place(other);
  return Date.parse(one.notAfter) < Date.parse(other.notAfter);
}

const freshKeys = inScenario((history, window) => {
  const given = nodesOf(history, window).flatMap(({ node }) => svidsOf(history, node, 'delivered'));
  for (const one of given)
    for (const other of given) if (one.serial !== other.serial && one.publicKey === other.publicKey) return 'fail';
  return rotatedOften(history, window) ? 'pass' : 'inconclusive';
});

/** Whether a node's agent had delivered an authority by the time that an SVID of it was seen. What was taken out again was known once. */
function knewBefore(history: History, node: string, svid: Svid): boolean {
  const trustDomain = svid.spiffeId.split('/')[2];
  for (const bundle of ofKind(history, 'bundle'))
    if (bundle.node === node && bundle.trustDomain === trustDomain && bundle.atMs <= svid.atMs)
      if (bundle.authorities.includes(svid.authority)) return true;
  return false;
}

const knownBeforeUse = inScenario((history, window): Verdict => {
  const nodes = nodesOf(history, window);
  // Of whom no bundle was seen nobody knows what it held.
  for (const { node } of nodes)
    if (!ofKind(history, 'bundle').some((bundle) => bundle.node === node)) return 'inconclusive';
  const used = ofKind(history, 'svid').filter(
    ({ node, atMs }) => nodes.some((one) => one.node === node) && atMs >= window.fromMs && atMs <= window.toMs,
  );
  if (nodes.length < 2) return 'inconclusive';
  for (const svid of used)
    for (const { node } of nodes) if (node !== svid.node && !knewBefore(history, node, svid)) return 'fail';
  // Without an SVID of a new authority nothing was tried.
  const fresh = activated(history, window);
  const judged = nodes.filter((node) => node.judged);
  const tried = judged.every(({ node }) => used.some((svid) => svid.node === node && fresh.includes(svid.authority)));
  return window.ended && judged.length > 0 && tried ? 'pass' : 'inconclusive';
});

export const rotationOracles: Oracles = {
  'mesh/rotation/requests-survive': throughRotations({ connection: 'new', duePerSecond: 200, begunPerSecond: 50 }),
  'mesh/rotation/connections-survive': throughRotations({ connection: 'kept', duePerSecond: 0.5, begunPerSecond: 0.5 }),
  'mesh/rotation/new-svid-presented': newShown,
  'mesh/rotation/fresh-key': freshKeys,
  'mesh/rotation/authority-known-before-use': knownBeforeUse,
};

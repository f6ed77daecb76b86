import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { windowOf, type ScenarioWindow } from './scenario-window.ts';
import { skippedOr } from './skipped.ts';

type Svid = EntryOf<'svid'>;

const leastRotations = 5;

/** How many SVIDs a node was given and showed, less the first: its rotations. */
export function rotationsOf(history: History, node: string): { readonly delivered: number; readonly presented: number } {
  const count = (seen: Svid['seen']) => Math.max(0, new Set(entriesOf(history, 'svid').filter((svid) => svid.node === node && svid.seen === seen).map(({ serial }) => serial)).size - 1);
  return { delivered: count('delivered'), presented: count('presented') };
}

interface Showing { readonly index: number; readonly atMs: number; readonly role: 'server' | 'client'; readonly serial: string }

/** What a node showed to its peers: on each new connection as server, on each call as client. */
function showings(history: History, scenario: string, node: string): Showing[] {
  const asServer = entriesOf(history, 'request').flatMap(({ index, scenario: during, to, connection, server, startMs }) =>
    during === scenario && to === node && connection === 'new' && server !== undefined ? [{ index, atMs: startMs, role: 'server', serial: server.serial } as const] : []);
  const asClient = entriesOf(history, 'presented').flatMap(({ index, scenario: during, node: who, role, svid, startMs }) =>
    during === scenario && who === node ? [{ index, atMs: startMs, role, serial: svid.serial }] : []);
  return [...asServer, ...asClient];
}

/**
 * Soon after its agent delivered a new SVID, each new connection of a node shows that one or a later one.
 *
 * Later is told by notAfter, which only grows under one TTL: so an SVID that the harness itself was not delivered, because
 * two came in quick succession, is still placed.
 */
export function newSvidPresented(history: History): Judgement {
  const clause = 'rotation/new-svid-presented';
  const window = windowOf(history, 'rotation');
  if (window === undefined) return skippedOr(history, clause, 'scenario rotation did not run');
  const svids = entriesOf(history, 'svid');
  const soonMs = window.boundsMs.newSvidPresented ?? 0;
  const counts: string[] = [];
  const evidence: number[] = [];
  for (const { node } of entriesOf(history, 'node').filter(({ judged }) => judged).filter(({ node: name }) => showings(history, 'rotation', name).length > 0)) {
    const own = svids.filter((svid) => svid.node === node);
    const delivered = own.filter(({ seen, atMs }) => seen === 'delivered' && atMs <= window.toMs);
    const bySerial = new Map(own.map((svid) => [svid.serial, svid]));
    const shown = showings(history, 'rotation', node);
    const withinMs = soonMs + slowest(window, node);
    for (const showing of shown) {
      const due = delivered.findLast(({ atMs }) => atMs + withinMs <= showing.atMs);
      const presented = bySerial.get(showing.serial);
      if (due === undefined || presented === undefined || Date.parse(presented.notAfter) >= Date.parse(due.notAfter)) continue;
      return {
        verdict: 'fail', evidence: [due.index, showing.index, presented.index],
        reason: `${node} as ${showing.role} still showed SVID ${short(showing.serial)} ${((showing.atMs - due.atMs) / 1000).toFixed(1)} s after its agent had delivered ${short(due.serial)} (bound ${(withinMs / 1000).toFixed(1)} s)`,
      };
    }
    const roles = new Set(shown.map(({ role }) => role));
    const { delivered: given, presented: seen } = rotationsOf(history, node);
    if (!roles.has('server')) return { verdict: 'inconclusive', reason: `${node} was not seen as server during the rotations`, evidence: [window.index] };
    if (given < leastRotations || seen < leastRotations) return { verdict: 'inconclusive', reason: `${node} was given ${given} new SVIDs and showed ${seen}; at least ${leastRotations} are needed`, evidence: indexes(delivered) };
    counts.push(`${node} ${given}`);
    evidence.push(...indexes(delivered.slice(0, 6)));
  }
  if (counts.length === 0) return { verdict: 'inconclusive', reason: 'no node under test was seen in scenario rotation', evidence: [window.index] };
  return { verdict: 'pass', reason: `rotations seen: ${counts.join(', ')}; every new connection showed the newest SVID within ${(soonMs / 1000).toFixed(1)} s`, evidence };
}

/** The longest answer of a node: on a machine so loaded, it may be as late with a new SVID. */
function slowest({ requests }: ScenarioWindow, node: string): number {
  return requests.reduce((longest, { from, to, totalMs }) => from === node || to === node ? Math.max(longest, totalMs) : longest, 0);
}

/** Each rotation brings a new key: the old one is not certified again. */
export function freshKey(history: History): Judgement {
  const byKey = new Map<string, Svid>();
  const delivered = entriesOf(history, 'svid').filter(({ seen }) => seen === 'delivered');
  for (const svid of delivered) {
    const before = byKey.get(svid.publicKey);
    if (before !== undefined && before.serial !== svid.serial) {
      return { verdict: 'fail', reason: `SVID ${short(svid.serial)} of ${svid.node} certifies the same key as ${short(before.serial)}`, evidence: [before.index, svid.index] };
    }
    byKey.set(svid.publicKey, svid);
  }
  if (delivered.length <= new Set(delivered.map(({ node }) => node)).size) return skippedOr(history, 'rotation/fresh-key', 'no rotation was seen');
  return { verdict: 'pass', reason: `${delivered.length} SVIDs, each with a key of its own`, evidence: indexes(delivered.slice(0, 10)) };
}

/** Nobody holds an SVID of an authority before every peer's bundle holds that authority. */
export function authorityKnownBeforeUse(history: History): Judgement {
  const clause = 'rotation/authority-known-before-use';
  const window = windowOf(history, 'rotation');
  if (window === undefined) return skippedOr(history, clause, 'scenario rotation did not run');
  const mesh = new Map(entriesOf(history, 'node').map(({ node, mesh: name }) => [node, name]));
  const bundles = entriesOf(history, 'bundle');
  const used = entriesOf(history, 'svid').filter(({ atMs }) => atMs >= window.fromMs && atMs <= window.toMs);
  const authorities = new Set<string>();
  const evidence = new Set<number>();
  for (const svid of used) {
    authorities.add(svid.authority);
    const peers = new Set(bundles.filter(({ node }) => node !== svid.node && mesh.get(node) === mesh.get(svid.node)).map(({ node }) => node));
    for (const peer of peers) {
      const held = bundles.find(({ node, atMs, authorities: ids }) => node === peer && atMs <= svid.atMs && ids.includes(svid.authority));
      if (held !== undefined) {
        evidence.add(held.index);
        continue;
      }
      return {
        verdict: 'fail', evidence: indexes([svid, ...bundles.filter(({ node }) => node === peer)]),
        reason: `${svid.node} was ${svid.seen === 'delivered' ? 'given' : 'seen with'} SVID ${short(svid.serial)} of authority ${short(svid.authority)} before the bundle of ${peer} held that authority`,
      };
    }
  }
  const activated = entriesOf(history, 'authority').filter(({ state }) => state === 'activated').map(({ authority }) => authority);
  if (!activated.some((authority) => authorities.has(authority))) return { verdict: 'inconclusive', reason: 'no SVID of a newly activated authority was seen', evidence: [window.index] };
  return { verdict: 'pass', reason: `${used.length} SVIDs of ${authorities.size} authorities, each authority in every peer's bundle before its first use`, evidence: [...evidence].slice(0, 10) };
}

export function short(id: string): string {
  return id.length > 12 ? `${id.slice(0, 8)}…` : id;
}

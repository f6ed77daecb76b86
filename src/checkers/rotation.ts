import { entriesOf, type EntryOf, type History } from '../history.ts';
import { worstOf, type Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { unlessOverloaded, type Failure } from './overload.ts';
import { countRotations, svidsOf } from '../reading/rotations.ts';
import { spiffeIdsOf } from '../reading/nodes.ts';
import { authorityMarksOf, type ScenarioWindow } from '../reading/scenarios.ts';
import { boundOf, type ScenarioJudge } from './scenario.ts';
import { seconds } from './seconds.ts';

type Svid = EntryOf<'svid'>;

/** Fewer rotations of a node say too little of how it bears them. */
export const leastRotations = 5;

/** Why the scenario says too little about rotations, or how many each node under test went through; with `shown`, also in the eyes of its peers. */
function rotationsSeen(
  history: History,
  window: ScenarioWindow,
  shown = false,
): { readonly tooFew: string } | { readonly told: string } {
  const { scenario } = window;
  if (!window.ended) return { tooFew: `scenario ${scenario} did not come to its end` };
  if (window.judged.size === 0) return { tooFew: `no node under test was seen in scenario ${scenario}` };
  const told: string[] = [];
  for (const node of window.judged) {
    const { delivered, presented } = countRotations(history, node, window.fromMs, window.toMs);
    if (delivered < leastRotations || (shown && presented < leastRotations))
      return {
        tooFew: `${node} was given ${delivered} new SVIDs and showed ${presented} during the scenario; at least ${leastRotations} are needed`,
      };
    told.push(`${node} ${delivered}`);
  }
  return { told: `rotations seen: ${told.join(', ')}` };
}

/** What passes only when every node under test rotated often enough meanwhile, and the authority with them. */
export function throughRotations(judge: ScenarioJudge): ScenarioJudge {
  return (window, history, clause) => {
    const judgement = judge(window, history, clause);
    if (judgement.verdict !== 'pass') return judgement;
    const seen = rotationsSeen(history, window);
    if ('tooFew' in seen) return { verdict: 'inconclusive', reason: seen.tooFew, evidence: [window.index] };
    if (activated(history, window).length === 0)
      return {
        verdict: 'inconclusive',
        reason: 'no new authority was activated during the scenario',
        evidence: [window.index],
      };
    return { ...judgement, reason: `${judgement.reason}; ${seen.told}` };
  };
}

/** Authorities of the scenario's mesh that came into use while it ran. */
function activated(history: History, window: ScenarioWindow): string[] {
  return authorityMarksOf(history, window)
    .filter(({ state }) => state === 'activated')
    .map(({ authority }) => authority);
}

interface Showing {
  readonly index: number;
  readonly atMs: number;
  readonly role: 'server' | 'client';
  readonly serial: string;
}

/** What a node showed to its peers, in the order of time: on each new connection as server, on each call as client. A resumed session shows nothing. */
function showings(history: History, { scenario, requests }: ScenarioWindow, node: string): Showing[] {
  const asServer = requests.flatMap(({ index, to, connection, resumed, server, startMs }) =>
    to === node && connection === 'new' && resumed !== true && server !== undefined
      ? [{ index, atMs: startMs, role: 'server', serial: server.serial } as const]
      : [],
  );
  const asClient = entriesOf(history, 'presented').flatMap(
    ({ index, scenario: during, node: who, role, svid, startMs }) =>
      during === scenario && who === node ? [{ index, atMs: startMs, role, serial: svid.serial }] : [],
  );
  return [...asServer, ...asClient].sort((a, b) => a.atMs - b.atMs);
}

/** Soon after its agent delivered a new SVID, each new connection of a node shows that one or a later one. */
export const newSvidPresented: ScenarioJudge = (window, history) => {
  const boundMs = boundOf(window, 'newSvidPresented');
  if (typeof boundMs !== 'number') return boundMs;
  const evidence: number[] = [];
  const activations = authorityMarksOf(history, window).filter(({ state }) => state === 'activated');
  const changedMs = Math.max(window.fromMs, ...activations.map(({ atMs }) => atMs));
  let open: Judgement | undefined;
  for (const node of window.judged) {
    const shown = showings(history, window, node);
    const svids = svidsOf(history, node);
    const wrong = wrongShowings(node, shown, svids, boundMs).map((one) =>
      unlessOverloaded(window, one, [lateSpan(one, history, node, boundMs)]),
    );
    // What is open does not hide a showing that was late at a quiet moment.
    const judgement = worstOf(wrong);
    if (judgement?.verdict === 'fail') return judgement;
    // What was seen before anything rotated tells nothing.
    const roles = new Set(shown.filter(({ atMs }) => atMs >= changedMs).map(({ role }) => role));
    const dials = window.requests.some(({ from, outcome }) => from === node && outcome === 'ok');
    const unseen = !roles.has('server') ? 'server' : dials && !roles.has('client') ? 'client' : undefined;
    open ??=
      judgement ??
      (unseen && {
        verdict: 'inconclusive',
        reason: `${node} was not seen as ${unseen} after the rotations`,
        evidence: [window.index],
      });
    evidence.push(
      ...indexes(svids.filter(({ seen, atMs }) => seen === 'delivered' && atMs >= window.fromMs).slice(0, 6)),
    );
  }
  if (open !== undefined) return open;
  const seen = rotationsSeen(history, window, true);
  if ('tooFew' in seen) return { verdict: 'inconclusive', reason: seen.tooFew, evidence: [window.index] };
  return {
    verdict: 'pass',
    reason: `${seen.told}; every new connection showed the newest SVID within ${seconds(boundMs)}`,
    evidence,
  };
};

/** From the delivery that a judgement rests on to the showing that came too late. */
function lateSpan({ evidence }: Judgement, history: History, node: string, boundMs: number): Failure {
  const times = evidence
    .slice(0, 2)
    .flatMap((line) => history.find(({ index }) => index === line) ?? [])
    // What was shown was shown in the beginning, whenever that was written down.
    .map((entry) => (entry.kind === 'request' || entry.kind === 'presented' ? entry.startMs : entry.atMs));
  const [fromMs, toMs] = [Math.min(...times), Math.max(...times)];
  return { fromMs, toMs, late: { byMs: Math.max(0, toMs - fromMs - boundMs), nodes: [node] } };
}

/**
 * The SVIDs that were shown too long after their successor was delivered, and those of which nobody can tell.
 *
 * Which is later is told by the order of delivery. An SVID that the harness itself was not delivered, because two came in quick succession,
 * is placed by its notAfter, which under one TTL only grows; in whole seconds, so that within one second no order is told.
 */
function wrongShowings(node: string, shown: readonly Showing[], svids: readonly Svid[], soonMs: number): Judgement[] {
  const delivered = svids.filter(({ seen }) => seen === 'delivered');
  const place = new Map(delivered.map(({ serial }, at) => [serial, at]));
  const bySerial = new Map(svids.map((svid) => [svid.serial, svid]));
  const wrong: Judgement[] = [];
  let due = -1;
  for (const showing of shown) {
    while (due + 1 < delivered.length && delivered[due + 1]!.atMs + soonMs <= showing.atMs) due++;
    const newest = delivered[due];
    const presented = bySerial.get(showing.serial);
    if (presented === undefined) {
      wrong.push({
        verdict: 'inconclusive',
        reason: `${node} as ${showing.role} showed SVID ${short(showing.serial)}, of which nothing more is known`,
        evidence: [showing.index],
      });
      continue;
    }
    if (newest === undefined) continue;
    const at = place.get(showing.serial);
    if (at !== undefined ? at >= due : Date.parse(presented.notAfter) >= Date.parse(newest.notAfter)) continue;
    wrong.push({
      verdict: 'fail',
      evidence: [newest.index, showing.index, presented.index],
      reason: `${node} as ${showing.role} still showed SVID ${short(showing.serial)} ${seconds(showing.atMs - newest.atMs)} after its agent had delivered ${short(newest.serial)} (bound ${seconds(soonMs)})`,
    });
  }
  return wrong;
}

/** Each rotation brings a new key: the old one is not certified again. */
export const freshKey: ScenarioJudge = (window, history) => {
  const nodes = new Set(window.nodes.map(({ node }) => node));
  const delivered = entriesOf(history, 'svid').filter(({ node, seen }) => seen === 'delivered' && nodes.has(node));
  const byKey = new Map<string, Svid>();
  for (const svid of delivered) {
    const before = byKey.get(svid.publicKey);
    if (before !== undefined && before.serial !== svid.serial) {
      return {
        verdict: 'fail',
        reason: `SVID ${short(svid.serial)} of ${svid.node} certifies the same key as ${short(before.serial)}`,
        evidence: [before.index, svid.index],
      };
    }
    byKey.set(svid.publicKey, svid);
  }
  const seen = rotationsSeen(history, window);
  if ('tooFew' in seen) return { verdict: 'inconclusive', reason: seen.tooFew, evidence: [window.index] };
  return {
    verdict: 'pass',
    reason: `${byKey.size} SVIDs, each with a key of its own; ${seen.told}`,
    evidence: indexes(delivered.slice(0, 10)),
  };
};

/** Nobody holds an SVID of an authority before every peer's bundle holds that authority. */
export const authorityKnownBeforeUse: ScenarioJudge = (window, history) => {
  const { scenario } = window;
  const open = (reason: string): Judgement => ({ verdict: 'inconclusive', reason, evidence: [window.index] });
  const nodes = [...new Set(window.nodes.map(({ node }) => node))];
  if (nodes.length < 2) return open(`scenario ${scenario} had no two nodes that could be each other's peers`);
  const known = firstKnown(history);
  const blind = nodes.find((node) => !known.has(node));
  if (blind !== undefined) return open(`no bundle of ${blind} was seen`);
  const used = entriesOf(history, 'svid').filter(
    ({ node, atMs }) => nodes.includes(node) && atMs >= window.fromMs && atMs <= window.toMs,
  );
  const evidence = new Set<number>();
  for (const svid of used) {
    for (const peer of nodes) {
      if (peer === svid.node) continue;
      const held = known.get(peer)?.get(svid.authority);
      if (held === undefined || held.atMs > svid.atMs) return unknownAuthority(svid, peer, held);
      evidence.add(held.index);
    }
  }
  if (!window.ended) return open(`scenario ${scenario} did not come to its end`);
  const fresh = new Set(activated(history, window));
  const without = [...window.judged].find(
    (node) => !used.some((svid) => svid.node === node && fresh.has(svid.authority)),
  );
  if (window.judged.size === 0 || without !== undefined)
    return open(`no SVID of a newly activated authority was seen${without === undefined ? '' : ` at ${without}`}`);
  return {
    verdict: 'pass',
    reason: `${used.length} SVIDs of ${new Set(used.map(({ authority }) => authority)).size} authorities, each authority in every peer's bundle before its first use`,
    evidence: [...evidence].slice(0, 10),
  };
};

function unknownAuthority(svid: Svid, peer: string, held: EntryOf<'bundle'> | undefined): Judgement {
  return {
    verdict: 'fail',
    evidence: indexes([svid, ...(held ? [held] : [])]),
    reason: `${svid.node} was ${svid.seen === 'delivered' ? 'given' : 'seen with'} SVID ${short(svid.serial)} of authority ${short(svid.authority)} before the bundle of ${peer} held that authority`,
  };
}

/** By node and authority, the earliest bundle of the node's own trust domain that held it. */
function firstKnown(history: History): Map<string, Map<string, EntryOf<'bundle'>>> {
  const own = spiffeIdsOf(history);
  const known = new Map<string, Map<string, EntryOf<'bundle'>>>();
  for (const bundle of entriesOf(history, 'bundle')) {
    if (own.get(bundle.node)?.startsWith(`spiffe://${bundle.trustDomain}/`) !== true) continue;
    const first = known.get(bundle.node) ?? new Map<string, EntryOf<'bundle'>>();
    known.set(bundle.node, first);
    for (const authority of bundle.authorities)
      if ((first.get(authority)?.atMs ?? Infinity) > bundle.atMs) first.set(authority, bundle);
  }
  return known;
}

function short(id: string): string {
  return id.length > 12 ? `${id.slice(0, 8)}…` : id;
}

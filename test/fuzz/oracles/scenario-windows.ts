import type { KnownClause } from '../../../src/clauses/catalogue.ts';
import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle } from '../verdict-of.ts';
import { ofKind, skipped } from './entries.ts';

/** A scenario from its beginning to its end, as its two marks say. */
export interface Window {
  readonly scenario: string;
  readonly fromMs: number;
  /** Infinity where it did not come to its end. */
  readonly toMs: number;
  readonly ended: boolean;
  /** The share of the usual load that it was asked for. */
  readonly loadShare: number;
  readonly boundsMs: Readonly<Record<string, number>>;
}

/** What the scenario of a clause came to. One that nobody began decides nothing. */
export function inScenario(judge: (history: History, window: Window, clause: KnownClause) => Verdict): Oracle {
  return (history, clause) => {
    const marks = ofKind(history, 'scenario');
    const begun = marks.find(({ state, clauses }) => state === 'begun' && clauses.includes(clause.id));
    if (begun === undefined) return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
    return judge(history, windowOf(history, begun.scenario), clause);
  };
}

/** What all scenarios of a clause came to, by the worst of them. */
export function inEachScenario(judge: (history: History, window: Window, clause: KnownClause) => Verdict): Oracle {
  return (history, clause) => {
    const names = new Set<string>();
    for (const { scenario, state } of ofKind(history, 'scenario')) {
      const first = ofKind(history, 'scenario').find((mark) => mark.scenario === scenario && mark.state === 'begun');
      if (state === 'begun' && first?.clauses.includes(clause.id)) names.add(scenario);
    }
    const found: Verdict[] = [];
    for (const name of names) found.push(judge(history, windowOf(history, name), clause));
    for (const verdict of ['fail', 'inconclusive', 'pass'] as const) if (found.includes(verdict)) return verdict;
    return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
  };
}

function windowOf(history: History, scenario: string): Window {
  const own = ofKind(history, 'scenario').filter((mark) => mark.scenario === scenario);
  const first = own.find(({ state }) => state === 'begun')!;
  const ended = own.filter(({ state }) => state === 'ended').at(-1);
  return {
    scenario,
    fromMs: first.atMs,
    toMs: ended?.atMs ?? Infinity,
    ended: ended !== undefined,
    loadShare: first.loadShare ?? 1,
    boundsMs: ended?.boundsMs ?? {},
  };
}

/** The nodes of the mesh that a scenario ran on: of all of them, whatever of it names them. */
export function nodesOf(history: History, { scenario }: Window): EntryOf<'node'>[] {
  const named = new Set<string>();
  for (const entry of history) {
    if (!('scenario' in entry) || entry.scenario !== scenario) continue;
    if (entry.kind === 'request') for (const end of [entry.from, entry.to]) named.add(end);
    else if (entry.kind === 'fault') for (const name of [entry.target, ...(entry.nodes ?? [])]) named.add(name);
    else if (entry.kind === 'presented') named.add(entry.node);
  }
  const nodes = ofKind(history, 'node');
  const meshes = new Set(nodes.filter(({ node }) => named.has(node)).map(({ mesh }) => mesh));
  return nodes.filter(({ mesh }) => meshes.has(mesh));
}

/** The SVIDs of a node in the order of time, each where it was first delivered by its agent, or first seen on the wire. */
export function svidsOf(history: History, node: string, seen: 'delivered' | 'presented'): EntryOf<'svid'>[] {
  const all = ofKind(history, 'svid').filter((svid) => svid.node === node && svid.seen === seen);
  const found: EntryOf<'svid'>[] = [];
  for (const svid of all.sort((one, other) => one.atMs - other.atMs))
    if (!found.some(({ serial }) => serial === svid.serial)) found.push(svid);
  return found;
}

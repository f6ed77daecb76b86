import { entriesOf, type EntryOf, type History } from '../history.ts';
import { readFaults, type FaultRead } from './faults.ts';
import { capacityOf } from './healthy.ts';
import { endsOf, falls } from './lives.ts';
import { nodesBeside } from './nodes.ts';

/** What belongs to one scenario: its bounds in time, its faults, requests and nodes. Another mesh may run beside it at the same time. */
export interface ScenarioWindow {
  readonly scenario: string;
  readonly hypothesis: string;
  /** Ids of the clauses that it decides. */
  readonly clauses: readonly string[];
  readonly fromMs: number;
  /** Infinity when it never ended. */
  readonly toMs: number;
  readonly ended: boolean;
  /** The share of the usual load that it bore: what it was asked for, as far as the weakest of its nodes under test bears that. */
  readonly loadShare: number;
  /** Of a mesh that others run, which is seen from outside alone. */
  readonly light: boolean;
  readonly boundsMs: Readonly<Record<string, number>>;
  readonly faults: readonly FaultRead[];
  /** But for those that fell with a node which had ended of an exchange. */
  readonly requests: readonly EntryOf<'request'>[];
  /** The nodes of the meshes that its requests, presentations and faults name. */
  readonly nodes: readonly EntryOf<'node'>[];
  /** Those of them that are under test. */
  readonly judged: ReadonlySet<string>;
  /** How busy the machine was, all through the run: the meshes share it. */
  readonly machine: readonly EntryOf<'machine'>[];
  /** When nodes waited for processors that others held, all through the run. */
  readonly starved: readonly EntryOf<'starved'>[];
  /** Index of the entry that began it. */
  readonly index: number;
}

/** The scenarios that a history begins, in order: the one reading of them, for checkers and reports alike. */
export function scenariosOf(history: History): readonly ScenarioWindow[] {
  const known = read.get(history);
  if (known !== undefined && known.upTo === history.length) return known.windows;
  const names = new Set(
    entriesOf(history, 'scenario')
      .filter(({ state }) => state === 'begun')
      .map(({ scenario }) => scenario),
  );
  const windows = [...names].map((scenario) => windowOf(history, scenario));
  read.set(history, { upTo: history.length, windows });
  return windows;
}

// Each clause of a scenario asks for it.
const read = new WeakMap<History, { readonly upTo: number; readonly windows: readonly ScenarioWindow[] }>();

/** The scenario that says it decides a clause, or undefined when none that began does. */
export function scenarioOf(history: History, clause: string): ScenarioWindow | undefined {
  return scenariosOf(history).find(({ clauses }) => clauses.includes(clause));
}

function windowOf(history: History, scenario: string): ScenarioWindow {
  const marks = entriesOf(history, 'scenario').filter((mark) => mark.scenario === scenario);
  const begun = marks.find(({ state }) => state === 'begun')!;
  const end = marks.findLast(({ state }) => state === 'ended');
  const ends = endsOf(history);
  const requests = entriesOf(history, 'request').filter(
    (request) => request.scenario === scenario && !(ends.length > 0 && falls(ends, request)),
  );
  const nodes = nodesBeside(history, namesIn(history, scenario, requests));
  const judged = nodes.flatMap((one) => (one.judged ? [one.node] : []));
  return {
    scenario,
    hypothesis: begun.hypothesis,
    clauses: begun.clauses,
    fromMs: begun.atMs,
    toMs: end?.atMs ?? Infinity,
    ended: end !== undefined,
    loadShare:
      (begun.loadShare ?? 1) * Math.min(1, ...judged.map((node) => capacityOf(history, node, begun.atMs)?.share ?? 1)),
    light: begun.light === true,
    boundsMs: Object.assign({}, ...marks.map(({ boundsMs }) => boundsMs)) as Record<string, number>,
    faults: readFaults(history, scenario),
    requests,
    nodes,
    judged: new Set(judged),
    machine: entriesOf(history, 'machine'),
    starved: entriesOf(history, 'starved'),
    index: begun.index,
  };
}

function namesIn(history: History, scenario: string, requests: readonly EntryOf<'request'>[]): Set<string> {
  const names = new Set<string>();
  for (const { from, to } of requests) names.add(from).add(to);
  for (const entry of entriesOf(history, 'presented')) if (entry.scenario === scenario) names.add(entry.node);
  for (const entry of entriesOf(history, 'fault'))
    if (entry.scenario === scenario) for (const name of [entry.target, ...(entry.nodes ?? [])]) names.add(name);
  return names;
}

/** What became of the authorities of a scenario's meshes while it ran. */
export function authorityMarksOf(
  history: History,
  { nodes, fromMs, toMs }: Pick<ScenarioWindow, 'nodes' | 'fromMs' | 'toMs'>,
): EntryOf<'authority'>[] {
  const meshes = new Set(nodes.map(({ mesh }) => mesh));
  return entriesOf(history, 'authority').filter(({ mesh, atMs }) => meshes.has(mesh) && atMs >= fromMs && atMs <= toMs);
}

/** When all faults of a scenario were in force together. */
export interface FaultSpan {
  /** The nodes that were kept from what they need, and what else was broken that is shared by none. */
  readonly targets: ReadonlySet<string>;
  /** The last of the faults was proven in force. */
  readonly inForceMs: number;
  /** The first of them began to be undone. */
  readonly healingMs: number;
  /** The last of them was proven gone. */
  readonly healedMs: number;
}

/** When all faults of a scenario were in force together; undefined when one of them lacks a proof, or they never were. */
export function faultSpan({ faults }: ScenarioWindow): FaultSpan | undefined {
  if (faults.length === 0 || faults.some((fault) => fault.missing.length > 0)) return undefined;
  const span = {
    targets: new Set(faults.flatMap(({ target, nodes = [target] }) => nodes)),
    inForceMs: Math.max(...faults.map(({ inForceAtMs }) => inForceAtMs ?? Infinity)),
    healingMs: Math.min(...faults.map(({ healingAtMs }) => healingAtMs ?? -Infinity)),
    healedMs: Math.max(...faults.map(({ healedAtMs }) => healedAtMs ?? Infinity)),
  };
  return span.inForceMs < span.healingMs ? span : undefined;
}

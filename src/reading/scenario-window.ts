import { entriesOf, type EntryOf, type History } from '../history.ts';
import { missingProofs, readFaults } from './faults.ts';

/** What belongs to one scenario: its bounds in time, its requests, its nodes. Another mesh may run beside it at the same time. */
export interface ScenarioWindow {
  readonly scenario: string;
  readonly fromMs: number;
  /** Infinity when it never ended. */
  readonly toMs: number;
  readonly ended: boolean;
  readonly boundsMs: Readonly<Record<string, number>>;
  readonly requests: readonly EntryOf<'request'>[];
  /** The nodes of the meshes that its requests, presentations and faults name. */
  readonly nodes: readonly EntryOf<'node'>[];
  /** Those of them that are under test. */
  readonly judged: ReadonlySet<string>;
  /** Index of the entry that began it. */
  readonly index: number;
}

export function windowOf(history: History, scenario: string): ScenarioWindow | undefined {
  const marks = entriesOf(history, 'scenario').filter((mark) => mark.scenario === scenario);
  const begun = marks.find(({ state }) => state === 'begun');
  if (begun === undefined) return undefined;
  const end = marks.find(({ state }) => state === 'ended');
  const requests = entriesOf(history, 'request').filter((request) => request.scenario === scenario);
  const nodes = nodesOf(history, scenario, requests);
  return {
    scenario,
    requests,
    nodes,
    index: begun.index,
    fromMs: begun.atMs,
    toMs: end?.atMs ?? Infinity,
    ended: end !== undefined,
    boundsMs: Object.assign({}, ...marks.map(({ boundsMs }) => boundsMs)) as Record<string, number>,
    judged: new Set(nodes.filter(({ judged }) => judged).map(({ node }) => node)),
  };
}

function nodesOf(history: History, scenario: string, requests: readonly EntryOf<'request'>[]): EntryOf<'node'>[] {
  const named = new Set<string>();
  for (const { from, to } of requests) named.add(from).add(to);
  for (const entry of entriesOf(history, 'presented')) if (entry.scenario === scenario) named.add(entry.node);
  for (const entry of entriesOf(history, 'fault')) if (entry.scenario === scenario) named.add(entry.target);
  const nodes = entriesOf(history, 'node');
  const meshes = new Set(nodes.filter(({ node, mesh }) => named.has(node) || named.has(mesh)).map(({ mesh }) => mesh));
  return nodes.filter(({ mesh }) => meshes.has(mesh));
}

export interface FaultSpan {
  readonly targets: ReadonlySet<string>;
  /** The last of the faults was proven in force. */
  readonly inForceMs: number;
  /** The first of them began to be undone. */
  readonly healedMs: number;
  /** The last of them was proven gone. */
  readonly goneMs: number;
}

/** When all faults of the scenario were in force together; undefined when one of them lacks a proof, or they were never in force together. */
export function faultSpan(history: History, scenario: string): FaultSpan | undefined {
  const faults = readFaults(history, scenario);
  if (faults.length === 0 || faults.some((fault) => missingProofs(fault).length > 0)) return undefined;
  const span = {
    targets: new Set(faults.map(({ target }) => target)),
    inForceMs: Math.max(...faults.map(({ inForceAtMs }) => inForceAtMs ?? Infinity)),
    healedMs: Math.min(...faults.map(({ healedAtMs }) => healedAtMs ?? -Infinity)),
    goneMs: Math.max(...faults.map(({ goneAtMs }) => goneAtMs ?? Infinity)),
  };
  return span.inForceMs < span.healedMs ? span : undefined;
}

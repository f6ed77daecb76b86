import type { History } from '../../../src/history.ts';
import { entriesOf } from '../../../src/history.ts';
import { rotationsOf } from '../../../src/reading/rotations.ts';
import { scenariosOf } from '../../../src/reading/scenarios.ts';
import type { ScenarioReport } from '../../../src/report/report.ts';

/** One row of marks above the curves. Times are milliseconds since the start of the run. */
export interface Lane {
  readonly label: string;
  readonly kind: 'fault' | 'authority' | 'svid';
  readonly bands: readonly { readonly fromMs: number; readonly toMs: number; readonly proven: boolean }[];
  readonly delivered: readonly number[];
  /** For a lane of an authority, when it came to that state. */
  readonly marks: readonly number[];
}

/** Requests that were due in one stretch of `bucketMs`; latencies null where none was measured. */
export interface Bucket {
  readonly atMs: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** The timeline of a scenario before it is drawn. Times are milliseconds since the start of the run. */
export interface TimelineData {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  readonly lanes: readonly Lane[];
  /** Nodes that are not drawn because there are too many. */
  readonly hiddenNodes: number;
  readonly buckets: readonly Bucket[];
  /** What the latencies are of: handshakes where they were timed, else whole requests. */
  readonly latencyOf: 'handshake' | 'request';
}

const mostNodes = 12;
const states = ['prepared', 'activated', 'tainted', 'revoked'] as const;
const bucketSizes = [50, 100, 250, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 3_600_000];

/** What a scenario's timeline shows, read from the history. */
export function timelineData(history: History, scenario: ScenarioReport): TimelineData {
  const fromMs = scenario.beganAtMs;
  const toMs = Math.max(scenario.endedAtMs ?? history.at(-1)?.atMs ?? fromMs, fromMs + 1);
  const inside = (atMs: number) => atMs >= fromMs && atMs <= toMs;
  const window = scenariosOf(history).find((one) => one.scenario === scenario.id);
  const nodes = [...new Set(window?.nodes.map(({ node }) => node))];
  const bucketMs = bucketSizes.find((size) => size >= 100 && (toMs - fromMs) / size <= 120) ?? (toMs - fromMs) / 120;
  const timed = entriesOf(history, 'request').some(
    (request) => request.scenario === scenario.id && request.handshakeMs !== undefined,
  );
  return {
    fromMs,
    toMs,
    bucketMs,
    lanes: [
      ...faultLanes(scenario, toMs),
      ...authorityLanes(history, nodes, inside),
      ...svidLanes(history, nodes.slice(0, mostNodes), inside),
    ],
    hiddenNodes: Math.max(0, nodes.length - mostNodes),
    buckets: buckets(history, scenario.id, fromMs, toMs, bucketMs, timed),
    latencyOf: timed ? 'handshake' : 'request',
  };
}

function faultLanes(scenario: ScenarioReport, toMs: number): Lane[] {
  const groups = Map.groupBy(scenario.faults, (fault) =>
    scenario.faults.length > 8 ? fault.kind : `${fault.kind} ${fault.target}`,
  );
  return [...groups].map(([label, faults]) => ({
    label,
    kind: 'fault',
    delivered: [],
    marks: [],
    bands: faults.map((fault) => ({
      fromMs: fault.injectedAtMs,
      toMs: fault.healedAtMs ?? fault.healingAtMs ?? toMs,
      proven: fault.provenBy !== null,
    })),
  }));
}

function authorityLanes(history: History, nodes: readonly string[], inside: (atMs: number) => boolean): Lane[] {
  const meshes = new Set(
    entriesOf(history, 'node')
      .filter(({ node }) => nodes.includes(node))
      .map(({ mesh }) => mesh),
  );
  const marks = entriesOf(history, 'authority').filter(
    ({ atMs, mesh }) => inside(atMs) && (meshes.size === 0 || meshes.has(mesh)),
  );
  return states
    .map((state): Lane => ({
      label: `authority ${state}`,
      kind: 'authority',
      bands: [],
      delivered: [],
      marks: marks.filter((mark) => mark.state === state).map(({ atMs }) => atMs),
    }))
    .filter((lane) => lane.marks.length > 0);
}

function svidLanes(history: History, nodes: readonly string[], inside: (atMs: number) => boolean): Lane[] {
  return nodes.map((node) => {
    const at = (seen: 'delivered' | 'presented') =>
      rotationsOf(history, node, seen)
        .map(({ atMs }) => atMs)
        .filter(inside);
    return { label: `SVID ${node}`, kind: 'svid', bands: [], delivered: at('delivered'), marks: at('presented') };
  });
}

function buckets(
  history: History,
  scenario: string,
  fromMs: number,
  toMs: number,
  bucketMs: number,
  timed: boolean,
): Bucket[] {
  const all = Array.from({ length: Math.ceil((toMs - fromMs) / bucketMs) }, () => ({
    ok: 0,
    fail: 0,
    unknown: 0,
    latencies: [] as number[],
  }));
  for (const request of entriesOf(history, 'request')) {
    const bucket = request.scenario === scenario ? all[Math.floor((request.dueMs - fromMs) / bucketMs)] : undefined;
    if (bucket === undefined) continue;
    bucket[request.outcome === 'info' ? 'unknown' : request.outcome] += 1;
    const latency = timed ? request.handshakeMs : request.totalMs;
    if (latency !== undefined && request.outcome === 'ok') bucket.latencies.push(latency);
  }
  return all.map(({ latencies, ...counts }, at) => {
    latencies.sort((a, b) => a - b);
    const percentile = (share: number) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? null;
    return { atMs: fromMs + at * bucketMs, ...counts, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
  });
}

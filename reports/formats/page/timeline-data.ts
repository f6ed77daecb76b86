import type { History } from '../../../src/history.ts';
import { entriesOf } from '../../../src/history.ts';
import { readFaults } from '../../../src/reading/faults.ts';
import { rotationsOf } from '../../../src/reading/rotations.ts';
import { scenariosOf } from '../../../src/reading/scenarios.ts';
import type { ScenarioReport } from '../../../src/report/report.ts';
import { fromDueMs } from '../../../src/statistics/bench-rows.ts';
import { kneePhase } from '../../../src/statistics/knee.ts';
import type { FaultReport } from '../../../src/report/shape.ts';

/** One row of marks above the curves. Times are milliseconds since the start of the run. */
export interface Lane {
  readonly label: string;
  readonly kind: 'row' | 'fault' | 'authority' | 'svid';
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
const bucketSizes = [25, 100, 250, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 3_600_000];

/** What a scenario's timeline shows, read from the history. */
export function timelineData(history: History, scenario: ScenarioReport): TimelineData {
  const requests = entriesOf(history, 'request').filter((request) => request.scenario === scenario.id);
  const timed = requests.some(({ handshakeMs }) => handshakeMs !== undefined);
  const drawn = requests.map(({ dueMs, outcome, handshakeMs, totalMs }) => ({
    ...{ dueMs, outcome, latencyMs: timed ? handshakeMs : totalMs },
  }));
  // What is healthy is measured before the scenario that looks back at it begins.
  const fromMs = requests.reduce((first, { dueMs }) => Math.min(first, dueMs), scenario.beganAtMs);
  const endedMs = scenario.endedAtMs ?? history.at(-1)?.atMs ?? fromMs;
  const toMs = requests.reduce((last, { dueMs }) => Math.max(last, dueMs + 1), Math.max(endedMs, fromMs + 1));
  const inside = (atMs: number) => atMs >= fromMs && atMs <= toMs;
  const window = scenariosOf(history).find((one) => one.scenario === scenario.id);
  const nodes = [...new Set(window?.nodes.map(({ node }) => node))];
  const bucketMs = bucketOf(toMs - fromMs);
  return {
    fromMs,
    toMs,
    bucketMs,
    lanes: [
      ...faultLanes(scenario.faults, toMs),
      ...authorityLanes(history, nodes, inside),
      ...svidLanes(history, nodes.slice(0, mostNodes), inside),
    ],
    hiddenNodes: Math.max(0, nodes.length - mostNodes),
    buckets: buckets(drawn, fromMs, toMs, bucketMs),
    latencyOf: timed ? 'handshake' : 'request',
  };
}

/** What the timeline of a benchmark shows: its rows in lanes, and what went on beside them. Null where nothing was measured. */
export function benchTimelineData(history: History): TimelineData | null {
  const requests = [
    ...entriesOf(history, 'bench-samples').flatMap(({ samples }) =>
      samples.map((sample) => ({
        ...{ dueMs: sample[0] / 1000, outcome: 'ok' as const },
        latencyMs: fromDueMs(sample),
      })),
    ),
    ...entriesOf(history, 'bench-lost').map(({ dueMs }) => ({ dueMs, outcome: 'fail' as const })),
  ];
  if (requests.length === 0) return null;
  const windows = entriesOf(history, 'bench-window');
  const fromMs = Math.min(
    requests.reduce((first, { dueMs }) => Math.min(first, dueMs), Infinity),
    windows[0]?.atMs ?? Infinity,
  );
  const toMs = Math.max(
    requests.reduce((last, { dueMs }) => Math.max(last, dueMs + 1), 0),
    windows.at(-1)?.atMs ?? 0,
  );
  const inside = (atMs: number) => atMs >= fromMs && atMs <= toMs;
  const nodes = [...new Set(entriesOf(history, 'node').map(({ node }) => node))];
  const bucketMs = bucketOf(toMs - fromMs);
  return {
    ...{ fromMs, toMs, bucketMs },
    lanes: [
      ...rowLanes(history, toMs),
      ...faultLanes(
        [...new Set(entriesOf(history, 'fault').map(({ scenario }) => scenario))].flatMap((scenario) =>
          readFaults(history, scenario),
        ),
        toMs,
      ),
      ...authorityLanes(history, nodes, inside),
      ...svidLanes(history, nodes.slice(0, mostNodes), inside),
    ],
    hiddenNodes: Math.max(0, nodes.length - mostNodes),
    buckets: buckets(requests, fromMs, toMs, bucketMs),
    latencyOf: 'handshake',
  };
}

function rowLanes(history: History, toMs: number): Lane[] {
  const windows = entriesOf(history, 'bench-window');
  const bandsOf = ({ row }: { readonly row: string }) => {
    const rounds = Map.groupBy(
      windows.filter((window) => window.row === row),
      ({ round = 1 }) => round,
    );
    return [...rounds.values()].flatMap((round) => {
      const [begun, ended] = (['begun', 'ended'] as const).map((state) => round.find((one) => one.state === state));
      return begun === undefined ? [] : [{ fromMs: begun.atMs, toMs: ended?.atMs ?? toMs, proven: true }];
    });
  };
  // The many of a search for the knee are one thing.
  const byLabel = Map.groupBy(entriesOf(history, 'bench-row'), ({ row, phase }) => (phase === kneePhase ? phase : row));
  return [...byLabel]
    .map(([label, rows]): Lane => ({ label, kind: 'row', bands: rows.flatMap(bandsOf), delivered: [], marks: [] }))
    .filter(({ bands }) => bands.length > 0);
}

/** Few and broad bars are drawn beside their place: the axis makes room for half of one on both sides. */
function bucketOf(tookMs: number): number {
  return bucketSizes.find((size) => tookMs / size <= (size < 100 ? 60 : 120)) ?? tookMs / 120;
}

function faultLanes(all: readonly FaultReport[], toMs: number): Lane[] {
  const groups = Map.groupBy(all, (fault) => (all.length > 8 ? fault.kind : `${fault.kind} ${fault.target}`));
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

interface Drawn {
  readonly dueMs: number;
  readonly outcome: 'ok' | 'fail' | 'info';
  readonly latencyMs?: number | undefined;
}

function buckets(requests: readonly Drawn[], fromMs: number, toMs: number, bucketMs: number): Bucket[] {
  const all = Array.from({ length: Math.ceil((toMs - fromMs) / bucketMs) }, () => ({
    ok: 0,
    fail: 0,
    unknown: 0,
    latencies: [] as number[],
  }));
  for (const request of requests) {
    const bucket = all[Math.floor((request.dueMs - fromMs) / bucketMs)];
    if (bucket === undefined) continue;
    bucket[request.outcome === 'info' ? 'unknown' : request.outcome] += 1;
    if (request.latencyMs !== undefined && request.outcome === 'ok') bucket.latencies.push(request.latencyMs);
  }
  return all.map(({ latencies, ...counts }, at) => {
    latencies.sort((a, b) => a - b);
    const percentile = (share: number) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? null;
    return { atMs: fromMs + at * bucketMs, ...counts, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
  });
}

import type { EntryOf, History } from '../history.ts';
import { entriesOf } from '../history.ts';
import type { FaultRead } from '../reading/faults.ts';
import { healthy, warmUp } from '../reading/healthy.ts';
import { zeroOf } from '../reading/nodes.ts';
import { scenariosOf } from '../reading/scenarios.ts';
import { curveOf, distributionOf } from './distribution.ts';
import type { RowFigures } from './bench-rows.ts';

/**
 * One measured distribution. `fromDue…` is the same handshakes counted from when the schedule wanted them, so that a client
 * that was held up cannot hide it (coordinated omission); where both rows agree, the load source kept its schedule.
 */
export interface Bench {
  readonly id: string;
  /** What was measured, from where, and how far the numbers carry. */
  readonly method: string;
  readonly count: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** Null below 100 samples. */
  readonly p99Ms: number | null;
  /** Null below 1,000 samples. */
  readonly p999Ms: number | null;
  readonly maxMs: number;
  /** None below 100 samples. */
  readonly beyondP99: number;
  readonly fromDueP50Ms: number;
  readonly fromDueP90Ms: number;
  readonly fromDueP99Ms: number | null;
  readonly fromDueP999Ms: number | null;
  readonly fromDueMaxMs: number;
  /** Points of the percentile curve, for a chart. */
  readonly distribution: readonly { readonly percentile: number; readonly ms: number; readonly fromDueMs: number }[];
  /** Of a row of `assay bench`: how it was measured, and how far its figures carry. */
  readonly row?: RowFigures;
}

type Handshake = EntryOf<'request'> & { readonly handshakeMs: number };

const enoughForP99 = 100;
const enoughForP999 = 1_000;

/** Whether the server of a request held a valid SVID all through it: where a scenario let it expire, a refusal is right and no error. */
function holdsValidSvid(history: History): (request: EntryOf<'request'>) => boolean {
  const zero = zeroOf(history);
  const byNode = Map.groupBy(
    entriesOf(history, 'svid').filter(({ seen }) => seen === 'delivered'),
    ({ node }) => node,
  );
  return ({ to, startMs, totalMs }) => {
    const svid = byNode.get(to)?.findLast(({ atMs }) => atMs <= startMs);
    return svid === undefined || !(Date.parse(svid.notAfter) < zero + startMs + totalMs);
  };
}

/**
 * The TLS handshake latency of the run beside load, rotations and faults: `handshake/under faults/full` and, where sessions were resumed,
 * `handshake/under faults/resumed`. Empty when no request timed its handshake.
 */
export function handshakeBenches(history: History): Bench[] {
  const held = holdsValidSvid(history);
  // What nodes bear is measured by a closed loop, which is another distribution.
  const requests = entriesOf(history, 'request').filter(
    (request) =>
      request.connection === 'new' && request.scenario !== healthy && request.scenario !== warmUp && held(request),
  );
  const timed = requests.filter(
    (request): request is Handshake => request.handshakeMs !== undefined && request.handshakeMs >= 0,
  );
  // Only who times handshakes can miss one: the traffic between nodes does not, and its failures are no errors of this bench.
  const sources = new Set(timed.map((request) => request.from));
  const attempts = requests.filter((request) => sources.has(request.from));
  const kinds = [
    ['handshake/under faults/full', false],
    ['handshake/under faults/resumed', true],
  ] as const;
  return kinds.flatMap(([id, resumed]) => {
    const samples = timed.filter((request) => request.outcome === 'ok' && (request.resumed ?? false) === resumed);
    const errors = attempts.filter((request) => request.outcome !== 'ok' && (request.resumed ?? false) === resumed);
    return samples.length === 0 ? [] : [bench(id, resumed, samples, errors, history)];
  });
}

function bench(
  id: string,
  resumed: boolean,
  samples: readonly Handshake[],
  errors: readonly EntryOf<'request'>[],
  history: History,
): Bench {
  const measured = distributionOf(samples.map((sample) => sample.handshakeMs));
  const fromDue = distributionOf(
    samples.map((sample) => Math.max(0, sample.startMs - sample.dueMs) + sample.handshakeMs),
  );
  const count = samples.length;
  const p99Ms = count >= enoughForP99 ? measured.at(99) : null;
  const beyondP99 = p99Ms === null ? 0 : samples.filter((sample) => sample.handshakeMs > p99Ms).length;
  const tail = count >= enoughForP999;
  return {
    id,
    method: method(resumed, samples, errors.length, beyondP99, history),
    count,
    errors: errors.length,
    perSecond: round(count / busySeconds([...samples, ...errors])),
    p50Ms: measured.at(50),
    p90Ms: measured.at(90),
    p99Ms,
    p999Ms: tail ? measured.at(99.9) : null,
    maxMs: measured.at(100),
    beyondP99,
    fromDueP50Ms: fromDue.at(50),
    fromDueP90Ms: fromDue.at(90),
    fromDueP99Ms: p99Ms === null ? null : fromDue.at(99),
    fromDueP999Ms: tail ? fromDue.at(99.9) : null,
    fromDueMaxMs: fromDue.at(100),
    distribution: curveOf(count).map((percentile) => ({
      percentile,
      ms: measured.at(percentile),
      fromDueMs: fromDue.at(percentile),
    })),
  };
}

// Scenarios may lie far apart: a rate over the whole run would mostly count the silence between them.
function busySeconds(requests: readonly EntryOf<'request'>[]): number {
  const spans = new Map<string, { from: number; to: number }>();
  for (const { scenario, dueMs, totalMs } of requests) {
    const span = spans.get(scenario) ?? { from: Infinity, to: -Infinity };
    spans.set(scenario, { from: Math.min(span.from, dueMs), to: Math.max(span.to, dueMs + totalMs) });
  }
  const busyMs = [...spans.values()].reduce((sum, { from, to }) => sum + to - from, 0);
  return Math.max(busyMs, 1) / 1000;
}

function method(
  resumed: boolean,
  samples: readonly Handshake[],
  errors: number,
  beyondP99: number,
  history: History,
): string {
  const from = [...new Set(samples.map((sample) => sample.from))].join(', ');
  const what = resumed ? 'resumed TLS handshakes' : 'full mutual TLS handshakes';
  const faults = scenariosOf(history).flatMap((scenario) => scenario.faults);
  const during = samples.filter((sample) => duringFault(faults, sample.startMs)).length;
  const parts = [
    `Open loop: ${what} on new connections, begun on a schedule that does not wait for answers, timed on the client (${from}) from TCP connected to TLS finished on its side. Servers whose SVID a scenario let expire do not count.`,
    `n = ${samples.length}, ${errors} failed${samples.length < enoughForP99 ? '' : `; ${beyondP99} ${beyondP99 === 1 ? 'sample lies' : 'samples lie'} beyond the p99`}${during > 0 ? `; ${during} were made while a fault was in force` : ''}.`,
  ];
  if (samples.length < enoughForP99)
    parts.push('Fewer than 100 samples: neither a p99 nor a p99.9 would be meaningful, and none is given.');
  else if (samples.length < enoughForP999)
    parts.push('Fewer than 1,000 samples: a p99.9 would not be meaningful and is not given.');
  return parts.join(' ');
}

/** Whether a fault of some scenario was in force at an instant. */
function duringFault(faults: readonly FaultRead[], atMs: number): boolean {
  return faults.some(
    ({ inForceAtMs, healingAtMs }) => inForceAtMs !== null && inForceAtMs <= atMs && atMs < (healingAtMs ?? Infinity),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

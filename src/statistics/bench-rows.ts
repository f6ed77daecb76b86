import { percent } from '../percent.ts';
import type { BenchRow, BenchSample, BenchWindow, EntryOf, History, RatioFigure } from '../history.ts';
import { entriesOf } from '../history.ts';
import { yardstickBeside } from './comparison.ts';
import { beyond, curveOf, distributionOf, type Distribution } from './distribution.ts';
import type { Bench } from './handshakes.ts';
import { intervalOf, type Interval } from './interval.ts';
import { ratioOf, type ByRound } from './ratio.ts';
import { apartOf, endToEnd, roundsOf, type Round } from './rounds.ts';

/** Percentiles that are told. One with fewer than ten samples beyond it is not. */
export const toldPercentiles = [50, 90, 99, 99.9, 99.99] as const;
export type ToldPercentile = (typeof toldPercentiles)[number];

const enoughBeyond = 10;

/** How many samples it takes for a percentile to be told. */
export function fewestSamples(percentile: number): number {
  return Math.ceil(enoughBeyond / (1 - percentile / 100) - 1e-6);
}

/** One percentile of a row: counted from the moment due, and where it lies with a confidence of 95 %. */
export interface PercentileFigure {
  readonly percentile: ToldPercentile;
  readonly ms: number;
  /** The same percentile, counted from when the generator began: what that lies below the other is the generator's. */
  readonly begunMs: number;
  readonly interval: Interval | null;
  /** By how much one half of the rounds differed from the other, at most, as a share; null where that was not seen. */
  readonly apart: number | null;
  /** How many times as long that is as at the yardstick beside the row, round by round; null where there was none, or too little. */
  readonly ratio: RatioFigure | null;
  /** Samples beyond it. */
  readonly beyond: number;
}

/** Percentiles of one part of a connection, in milliseconds; null where too few samples lie beyond. */
export interface PartFigures {
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
}

/** How a row was measured, and how far its figures carry. */
export interface RowFigures extends Omit<BenchRow, 'kind' | 'row'> {
  /**
   * What it came to: `whole`, `cut` short, `told` by a generator that keeps its samples, or nothing at all. `unresumed`: sessions were to be resumed,
   * and the node, which need not, resumed none.
   */
  readonly state: 'whole' | 'cut' | 'told' | 'missing' | 'unresumed';
  readonly fromDue: readonly PercentileFigure[];
  /** Of one connection: until TCP was connected, from then until TLS was finished, from then until the answer was read. */
  readonly parts: { readonly tcp: PartFigures; readonly tls: PartFigures; readonly answer: PartFigures } | null;
  /** Processor time of one connection at the generator and at the node, in milliseconds. */
  readonly generatorCpuMs: number | null;
  readonly nodeCpuMs: number | null;
  readonly mostInFlight: number | null;
  /** How late the generator began what was due. */
  readonly latenessP90Ms: number | null;
  readonly latenessP99Ms: number | null;
  /** Sessions that were resumed, as a share of all answered. */
  readonly resumedShare: number | null;
  /** Handshakes that are none of this row's figures: full ones of a row of resumed ones. */
  readonly otherwise: number;
  /** What else the machine did. */
  readonly machine: MachineShare;
  /** The same in words, where it was enough to move a figure; empty where it was not. It makes figures worse. */
  readonly disturbed: readonly string[];
  /** By how much the generator itself was late, in words; empty where it was not. That makes them worse, too. */
  readonly late: readonly string[];
  /** Why they are figures of less than was asked for, so that they may be too good; empty where they are not. */
  readonly less: readonly string[];
  /** The median of the first and of the last quarter of each round, from the moment due: where a node is overloaded it grows. */
  readonly quartersMs: readonly [first: number, last: number];
  readonly slowest: readonly SlowOne[];
  /** What failed, by how it failed, most frequent first. */
  readonly lost: readonly { readonly detail: string; readonly count: number }[];
}

/** What a row did not have of its machine, over all its rounds: shares of the processors' time, and milliseconds. */
export interface MachineShare {
  /** The host took it away. */
  readonly stolen: number;
  /** Other programs had it. */
  readonly others: number;
  /** For which a limit withheld the processors. */
  readonly throttledMs: number;
}

/** One of the slowest connections of a row, and what happened when it was under way. */
export interface SlowOne {
  readonly atMs: number;
  readonly fromDueMs: number;
  readonly latenessMs: number;
  readonly tcpMs: number;
  readonly tlsMs: number;
  readonly answerMs: number;
  /** What happened while it was under way, or right before, in words. */
  readonly beside: readonly string[];
}

const family = 'handshake/';

/** The id of the bench of a row. */
const idOf = ({ row, times }: BenchRow) => (times === undefined ? `${family}${row}` : row);

/** The name of a row, by the id of its bench. */
export function rowName(id: string): string {
  return id.startsWith(family) ? id.slice(family.length) : id;
}

const mostLost = 0.01;

/** So many connections failed that the figures of the others are none of a node that serves. */
export function isLossy({ count, errors }: Pick<Bench, 'count' | 'errors'>): boolean {
  return errors > mostLost * (count + errors);
}

/** The rows of a benchmark, in the order in which they were planned. Empty in a run that is none. */
export function rowBenches(history: History): Bench[] {
  return entriesOf(history, 'bench-row').map((row) => benchOf(row, history));
}

function benchOf(row: EntryOf<'bench-row'>, history: History): Bench {
  const ofRow = <E extends { readonly row: string }>(entries: readonly E[]) =>
    entries.filter((entry) => entry.row === row.row);
  const told = ofRow(entriesOf(history, 'bench-told')).at(-1);
  const ended = endOf(row, ofRow(entriesOf(history, 'bench-window')));
  const lost = ofRow(entriesOf(history, 'bench-lost'));
  const rounds = roundsOf(ofRow(entriesOf(history, 'bench-samples')), lost);
  const all = rounds.flatMap((round) => round.samples);
  // The first connection has no session to offer, and a ticket may be used up: those are another distribution.
  const isOfRow = (sample: BenchSample) => (sample[5] === 1) === row.resumed;
  const samples = all.filter(isOfRow);
  const machine = machineOf(row, history);
  if (told !== undefined) return toldBench(row, told, ended, machine);
  const handshakes = distributionOf(samples.map(handshakeMs));
  const dues = distributionOf(samples.map(fromDueMs));
  const lateness = distributionOf(samples.map(latenessMs));
  const own = rounds.map((round) => round.samples.filter(isOfRow));
  const count = samples.length;
  const given = (percentile: number, of: Distribution) =>
    beyond(count, percentile) >= enoughBeyond ? of.at(percentile) : null;
  const connections = all.length + lost.length;
  const perConnection = (ms: number | undefined) => (ms === undefined || connections === 0 ? null : ms / connections);
  const perSecond = reachedOf(rounds) ?? connections / row.seconds;
  const quartersMs = quartersOf(own);
  return {
    id: idOf(row),
    method: methodOf(row, count, lost.length),
    count,
    errors: lost.length,
    perSecond: round(perSecond),
    p50Ms: handshakes.at(50),
    p90Ms: handshakes.at(90),
    p99Ms: given(99, handshakes),
    p999Ms: given(99.9, handshakes),
    maxMs: handshakes.at(100),
    beyondP99: given(99, handshakes) === null ? 0 : beyond(count, 99),
    fromDueP50Ms: dues.at(50),
    fromDueP90Ms: dues.at(90),
    fromDueP99Ms: given(99, dues),
    fromDueP999Ms: given(99.9, dues),
    fromDueMaxMs: dues.at(100),
    distribution: curveOf(count)
      .filter((percentile) => beyond(count, percentile) >= enoughBeyond)
      .map((percentile) => ({
        percentile,
        ms: handshakes.at(percentile),
        fromDueMs: dues.at(percentile),
      })),
    row: {
      ...planOf(row),
      state: stateOf(ended, count, all.length - count),
      fromDue: figuresOf(own, yardstickOf(row, history), dues, distributionOf(samples.map(sinceBegunMs))),
      parts:
        row.times === undefined
          ? {
              tcp: partOf(samples.map((sample) => sample[2])),
              tls: partOf(samples.map((sample) => sample[3] - sample[2])),
              answer: partOf(samples.map((sample) => sample[4] - sample[3])),
            }
          : null,
      generatorCpuMs: perConnection(ended?.cpuMs),
      nodeCpuMs: perConnection(ended?.nodeCpuMs),
      mostInFlight: ended?.inFlight ?? null,
      latenessP90Ms: count === 0 ? null : lateness.at(90),
      latenessP99Ms: count === 0 ? null : lateness.at(99),
      resumedShare: all.length === 0 ? 0 : all.filter((sample) => sample[5] === 1).length / all.length,
      otherwise: all.length - count,
      machine,
      disturbed: disturbances(machine),
      late: latenessOf(row, samples, dues),
      less: [
        ...(ended?.failed ?? []),
        ...shortfallOf(row, perSecond, connections),
        ...incompleteOf(row, ended, connections),
        ...unresumedOf(row, count, all.length),
        ...growthOf(row, quartersMs),
      ],
      quartersMs,
      slowest: slowestOf(samples, history),
      lost: [...Map.groupBy(lost, ({ detail }) => detail)]
        .map(([detail, ones]) => ({ detail, count: ones.length }))
        .sort((one, other) => other.count - one.count),
    },
  };
}

const planOf = ({ kind: _kind, row: _row, index: _index, atMs: _atMs, ...plan }: EntryOf<'bench-row'>) => plan;

const handshakeMs = (sample: BenchSample) => (sample[3] - sample[2]) / 1000;
const latenessMs = (sample: BenchSample) => Math.max(0, sample[1] - sample[0]) / 1000;
const sinceBegunMs = (sample: BenchSample) => sample[3] / 1000;
/** How long a handshake took from the moment due, in milliseconds. */
export const fromDueMs = (sample: BenchSample) => latenessMs(sample) + sample[3] / 1000;

type Rounds = readonly (readonly BenchSample[])[];

/** The rounds of the yardstick that was measured in turn with a row; empty where there was none. */
function yardstickOf(row: BenchRow, history: History): Rounds {
  if (row.yardstick !== undefined || row.rounds === undefined) return [];
  const name = yardstickBeside(row);
  const samples = entriesOf(history, 'bench-samples').filter((entry) => entry.row === name);
  return roundsOf(samples, []).map((round) => round.samples);
}

function figuresOf(own: Rounds, yardstick: Rounds, dues: Distribution, begun: Distribution): PercentileFigure[] {
  const timed = endToEnd(own, fromDueMs);
  const latencies = (rounds: Rounds): ByRound => rounds.map((samples) => samples.map(fromDueMs));
  const [row, beside] = [latencies(own), latencies(yardstick)];
  return toldPercentiles
    .filter((percentile) => beyond(timed.length, percentile) >= enoughBeyond)
    .map((percentile) => ({
      percentile,
      ms: dues.at(percentile),
      begunMs: begun.at(percentile),
      interval: intervalOf(timed, percentile) ?? null,
      apart: apartOf(timed, percentile),
      ratio: ratioOf(row, beside, percentile),
      beyond: beyond(timed.length, percentile),
    }));
}

function partOf(us: readonly number[]): PartFigures {
  const part = distributionOf(us.map((one) => one / 1000));
  const at = (percentile: number) => (beyond(part.count, percentile) >= enoughBeyond ? part.at(percentile) : null);
  return { p50Ms: at(50), p90Ms: at(90), p99Ms: at(99) };
}

function slowestOf(samples: readonly BenchSample[], history: History): SlowOne[] {
  const events = eventsOf(history);
  return samples
    .toSorted((one, other) => fromDueMs(other) - fromDueMs(one))
    .slice(0, 10)
    .map((sample) => ({
      atMs: sample[0] / 1000,
      fromDueMs: fromDueMs(sample),
      latenessMs: latenessMs(sample),
      tcpMs: sample[2] / 1000,
      tlsMs: handshakeMs(sample),
      answerMs: (sample[4] - sample[3]) / 1000,
      beside: besideOf(sample, events),
    }));
}

interface Event {
  readonly atMs: number;
  readonly what: string;
}

/** What may make a handshake slow, and is not of the machine. */
function eventsOf(history: History): Event[] {
  return [
    ...entriesOf(history, 'svid')
      .filter(({ seen }) => seen === 'delivered')
      .map(({ atMs, node }) => ({ atMs, what: `an SVID was delivered to ${node}` })),
    ...entriesOf(history, 'authority').map(({ atMs, state }) => ({ atMs, what: `an authority was ${state}` })),
    ...entriesOf(history, 'fault').map(({ atMs, fault, target, state }) => ({
      atMs,
      what: `${fault} of ${target}: ${state}`,
    })),
  ];
}

const justBeforeMs = 100;

function besideOf(sample: BenchSample, events: readonly Event[]): string[] {
  const dueMs = sample[0] / 1000;
  const near = events.filter(({ atMs }) => atMs >= dueMs - justBeforeMs && atMs <= dueMs + fromDueMs(sample));
  return [...new Set(near.map(({ what }) => what))];
}

const mostStolen = 0.02;
const mostOthers = 0.1;
const mostLateShare = 0.1;
const leastLateMs = 0.2;
const leastReached = 0.98;

/** Rounds are equally long. */
function machineOf(row: BenchRow, history: History): MachineShare {
  const readings = entriesOf(history, 'bench-machine').filter((reading) => reading.row === row.row);
  const sum = (of: 'stolen' | 'others' | 'throttledMs') => readings.reduce((total, one) => total + (one[of] ?? 0), 0);
  const rounds = Math.max(1, readings.length);
  return { stolen: sum('stolen') / rounds, others: sum('others') / rounds, throttledMs: sum('throttledMs') };
}

/** What of it was enough to move a figure, in words. */
function disturbances({ stolen, others, throttledMs }: MachineShare, more = ''): string[] {
  return [
    ...(stolen > mostStolen ? [`the host of the machine took away ${percent(stolen)}${more} of its processors`] : []),
    ...(others > mostOthers ? [`other programs had ${percent(others)}${more} of the processors`] : []),
    ...(throttledMs > 0 ? [`the processors were withheld for ${throttledMs.toFixed(0)} ms${more} by a limit`] : []),
  ];
}

// What both bear alike can be divided out as long as it is no flood.
const mostShared = { stolen: 0.25, others: 0.5 } as const;

/** What disturbed one row and not the other, which was measured in turn with it; or so much of it that it cannot be divided out. In words. */
export function disturbedBeyond({ machine: one }: RowFigures, { machine: other }: RowFigures): string[] {
  const flooded = one.stolen > mostShared.stolen || one.others > mostShared.others;
  if (flooded) return disturbances(one);
  return disturbances(
    {
      stolen: one.stolen - other.stolen,
      others: one.others - other.others,
      throttledMs: one.throttledMs - other.throttledMs,
    },
    ' more',
  );
}

/**
 * Connections a second that were begun, in all rounds: what hangs at the end of one is none of the rate. Undefined where there are too few to
 * tell.
 */
function reachedOf(rounds: readonly Round[]): number | undefined {
  const spans = rounds
    .map(({ samples, lost }) => [
      ...samples.map(([due, begun]) => ({ due, begun })),
      ...lost.map(({ dueMs, begunMs }) => ({ due: dueMs * 1000, begun: begunMs * 1000 })),
    ])
    .filter((connections) => connections.length > 1)
    .map((connections) => {
      const from = connections.reduce((first, { due }) => Math.min(first, due), Infinity);
      const to = connections.reduce((last, { begun }) => Math.max(last, begun), -Infinity);
      return { steps: connections.length - 1, us: to - from };
    });
  const sum = (of: 'steps' | 'us') => spans.reduce((total, one) => total + one[of], 0);
  return sum('steps') < 9 || sum('us') <= 0 ? undefined : (sum('steps') * 1e6) / sum('us');
}

/** What the windows of a row came to together. */
interface RowEnd extends Pick<BenchWindow, 'cpuMs' | 'inFlight' | 'due' | 'nodeCpuMs'> {
  readonly cut: boolean;
  readonly failed: readonly string[];
}

/** Undefined where no window ended. */
function endOf({ rounds = 1 }: BenchRow, windows: readonly BenchWindow[]): RowEnd | undefined {
  const ended = windows.filter(({ state }) => state === 'ended');
  if (ended.length === 0) return undefined;
  // What a node ran in one of them is none of the others; the generator tells of all together, in the last.
  const sum = (of: 'cpuMs' | 'due' | 'nodeCpuMs') => {
    const told = ended.flatMap((window) => window[of] ?? []);
    const knows = of === 'nodeCpuMs' ? told.length === ended.length : told.length > 0;
    return knows ? { [of]: told.reduce((before, one) => before + one, 0) } : {};
  };
  const inFlight = ended.flatMap((window) => window.inFlight ?? []);
  return {
    failed: ended.flatMap(({ failed = [] }) => failed),
    cut: ended.length < rounds || ended.some(({ cut }) => cut === true),
    ...{ ...sum('cpuMs'), ...sum('due'), ...sum('nodeCpuMs') },
    ...(inFlight.length > 0 && { inFlight: Math.max(...inFlight) }),
  };
}

function stateOf(ended: RowEnd | undefined, count: number, otherwise: number): RowFigures['state'] {
  if (ended === undefined) return count + otherwise === 0 ? 'missing' : 'cut';
  if (ended.cut) return 'cut';
  return count === 0 && otherwise > 0 ? 'unresumed' : 'whole';
}

/** What there are many of in a row, in words. */
const manyOf = ({ times }: Pick<BenchRow, 'times'>) => (times === undefined ? 'connections' : 'operations');

/** The rate that was reached, where it is not the one that was wanted. What is left to chance is given room for that. */
function shortfallOf(row: BenchRow, reachedPerSecond: number, connections: number): string[] {
  const { wantedPerSecond, arrivals, seconds } = row;
  if (wantedPerSecond === undefined || connections === 0) return [];
  const chance = arrivals === 'poisson' ? 3 / Math.sqrt(wantedPerSecond * seconds) : 0;
  return reachedPerSecond >= (leastReached - chance) * wantedPerSecond
    ? []
    : [`${reachedPerSecond.toFixed(0)} of ${wantedPerSecond} ${manyOf(row)} a second were reached`];
}

/** Connections of which nobody knows what became of them. */
function incompleteOf(row: BenchRow, ended: RowEnd | undefined, connections: number): string[] {
  const due = ended?.due ?? connections;
  return connections < due ? [`of ${due} ${manyOf(row)} that were due ${due - connections} were not seen to end`] : [];
}

const leastResumed = 0.9;

function unresumedOf({ resumed }: BenchRow, count: number, all: number): string[] {
  if (!resumed || all === 0 || count >= leastResumed * all) return [];
  return [`${count} of ${all} sessions were resumed, and the others are left out`];
}

const growthFactor = 2;
const growthLeastMs = 5;
const fewestInQuarter = 25;

/** An overloaded node is slower by the second, so that any figure is one of how long it was measured. */
function growthOf({ times }: BenchRow, [first, last]: RowFigures['quartersMs']): string[] {
  return last > growthFactor * first + growthLeastMs
    ? [
        `latency grew all the while, from ${first.toFixed(1)} to ${last.toFixed(1)} ms: ${times === undefined ? 'the node' : 'SPIRE'} does not bear that rate`,
      ]
    : [];
}

/** The first quarters of all rounds together, and the last: what waits at the end of a round is not there any more when the next begins. */
function quartersOf(rounds: readonly (readonly BenchSample[])[]): RowFigures['quartersMs'] {
  const parts = rounds
    .filter(({ length }) => length > 0)
    .map((samples) => {
      const inOrder = samples.toSorted(([one], [other]) => one - other);
      const quarter = Math.max(1, Math.floor(inOrder.length / 4));
      return { first: inOrder.slice(0, quarter), last: inOrder.slice(-quarter) };
    });
  // The median of a few is anything.
  if (parts.reduce((sum, { first }) => sum + first.length, 0) < fewestInQuarter) return [0, 0];
  const median = (of: 'first' | 'last') => distributionOf(parts.flatMap((part) => part[of]).map(fromDueMs)).at(50);
  return [median('first'), median('last')];
}

/** Where the generator was late, and not the target. */
function latenessOf({ loop }: BenchRow, samples: readonly BenchSample[], dues: Distribution): string[] {
  if (loop === 'closed' || samples.length === 0) return [];
  const begun = distributionOf(samples.map(sinceBegunMs));
  const told = toldPercentiles.filter((percentile) => beyond(samples.length, percentile) >= enoughBeyond);
  const moved = told.find((percentile) => {
    const byMs = dues.at(percentile) - begun.at(percentile);
    return byMs > leastLateMs && byMs > mostLateShare * dues.at(percentile);
  });
  if (moved === undefined) return [];
  return [
    `the generator itself was late: p${moved} is ${dues.at(moved).toFixed(2)} ms from the moment due, and ${begun.at(moved).toFixed(2)} ms from when it began`,
  ];
}

function toldBench(
  row: EntryOf<'bench-row'>,
  told: EntryOf<'bench-told'>,
  ended: RowEnd | undefined,
  machine: MachineShare,
): Bench {
  const at = (percentile: number) => told.handshakeMs?.[String(percentile)] ?? 0;
  const given = (percentile: number) =>
    told.handshakeMs?.[String(percentile)] !== undefined && beyond(told.count, percentile) >= enoughBeyond
      ? at(percentile)
      : null;
  const none = { p50Ms: null, p90Ms: null, p99Ms: null };
  const connections = told.count + told.errors;
  const perConnection = (ms: number | undefined) => (ms === undefined || connections === 0 ? null : ms / connections);
  return {
    id: idOf(row),
    method: methodOf(row, told.count, told.errors),
    count: told.count,
    errors: told.errors,
    perSecond: told.perSecond,
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: given(99),
    p999Ms: given(99.9),
    maxMs: at(100),
    beyondP99: given(99) === null ? 0 : beyond(told.count, 99),
    fromDueP50Ms: at(50),
    fromDueP90Ms: at(90),
    fromDueP99Ms: given(99),
    fromDueP999Ms: given(99.9),
    fromDueMaxMs: at(100),
    distribution: [],
    row: {
      ...planOf(row),
      state: ended?.cut ? 'cut' : 'told',
      fromDue: [],
      parts:
        told.handshakeMs === undefined
          ? null
          : { tcp: none, tls: { p50Ms: at(50), p90Ms: at(90), p99Ms: given(99) }, answer: none },
      generatorCpuMs: perConnection(ended?.cpuMs),
      nodeCpuMs: perConnection(ended?.nodeCpuMs),
      mostInFlight: null,
      latenessP90Ms: null,
      latenessP99Ms: null,
      resumedShare: null,
      otherwise: 0,
      machine,
      disturbed: disturbances(machine),
      late: [],
      less: shortfallOf(row, told.perSecond, connections),
      quartersMs: [0, 0],
      slowest: [],
      lost: told.errors === 0 ? [] : [{ detail: 'told by the generator', count: told.errors }],
    },
  };
}

const arrivalsOf = ({ arrivals, wantedPerSecond }: BenchRow) =>
  `${arrivals === 'poisson' ? 'as independent callers come' : 'at equal distances'}, ${wantedPerSecond} a second`;

function methodOf(row: BenchRow, count: number, errors: number): string {
  if (row.times !== undefined)
    return `Open loop: ${row.times}, ${arrivalsOf(row)}, begun on a schedule that waits for no answer. Asked: ${row.verifies}. n = ${count}, ${errors} failed.`;
  const sides = row.serverOnly
    ? 'TLS handshakes in which only the server shows a certificate'
    : 'mutual TLS handshakes';
  const what = `${row.resumed ? 'resumed' : 'full'} ${sides}, ${row.key}${row.chain === undefined ? '' : `, chains of ${row.chain}`},`;
  const how =
    row.loop === 'open'
      ? `Open loop: ${what} on new connections, ${arrivalsOf(row)}, begun on a schedule that waits for no answer.`
      : `Closed loop: ${what} on new connections, each begun when the one before has ended, so that a stall hides what would have come meanwhile.`;
  return `${how} By ${row.generator}, which verifies ${row.verifies}. n = ${count}, ${errors} failed.`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

import { isLossy } from './bench-rows.ts';
import type { Bench } from './handshakes.ts';

/** One rate that was tried. */
export interface KneePoint {
  readonly wantedPerSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** Null where too few samples lie beyond. */
  readonly p99Ms: number | null;
  /** Why latency bends there; null where it does not. */
  readonly bends: string | null;
}

/** Up to which rate a node keeps its latency, and what happens beyond. */
export interface Knee {
  /** The highest rate at which latency is as it was at the lowest; null where there is none. */
  readonly holdsPerSecond: number | null;
  /** The lowest at which it is not; null where it never was seen to bend. */
  readonly bendsPerSecond: number | null;
  readonly why: string;
  /** What gave in first; null where that was not seen, or nothing did. */
  readonly limit: 'node' | 'generator' | null;
  /** By rate, ascending; a rate that was tried twice by its better try. */
  readonly curve: readonly KneePoint[];
}

/** The phase whose rows search for it. */
export const kneePhase = 'capacity';

const bendFactor = 3;
const bendLeastMs = 5;

/** Reads it from the rows that were measured at one rate after another. Undefined where there are none. */
export function kneeOf(benches: readonly Bench[]): Knee | undefined {
  const tried = benches.filter(({ row, count }) => row?.phase === kneePhase && row.state !== 'cut' && count > 0);
  if (tried.length === 0) return undefined;
  const byRate = [...Map.groupBy(tried, ({ row }) => row?.wantedPerSecond ?? 0)].sort(([one], [other]) => one - other);
  const calmMs = Math.min(...byRate[0]![1].map(({ fromDueP90Ms }) => fromDueP90Ms));
  const better = byRate.map(([, tries]) => tries.find((one) => bendsAt(one, calmMs) === null) ?? tries[0]!);
  const curve = better.map((bench) => pointOf(bench, calmMs));
  // One bad moment is no knee.
  const first = curve.findIndex(({ bends }, at) => bends !== null && byRate[at]![1].length > 1);
  const bent = curve[first];
  const held = (bent === undefined ? curve : curve.slice(0, first)).findLast(({ bends }) => bends === null);
  const disturbed = bent === undefined ? [] : byRate[first]![1].flatMap(({ row }) => row?.disturbed ?? []);
  return {
    holdsPerSecond: held?.wantedPerSecond ?? null,
    bendsPerSecond: bent?.wantedPerSecond ?? null,
    why: [bent?.bends ?? 'latency did not bend at any rate that was tried', ...new Set(disturbed)].join('; '),
    limit: bent === undefined ? null : limitOf(better[first]!, disturbed),
    curve,
  };
}

/** Why latency bends at that rate, beside what it was at the lowest; null where it does not. */
function bendsAt(bench: Bench, calmMs: number): string | null {
  const { row, count, errors, fromDueP90Ms } = bench;
  if (isLossy(bench)) return `${errors} of ${count + errors} connections failed`;
  const [less] = row?.less ?? [];
  if (less !== undefined) return less;
  if (fromDueP90Ms > bendFactor * calmMs && fromDueP90Ms > calmMs + bendLeastMs)
    return `p90 is ${fromDueP90Ms.toFixed(1)} ms, and was ${calmMs.toFixed(1)} ms`;
  return null;
}

function pointOf(bench: Bench, calmMs: number): KneePoint {
  return {
    wantedPerSecond: bench.row?.wantedPerSecond ?? 0,
    p50Ms: bench.fromDueP50Ms,
    p90Ms: bench.fromDueP90Ms,
    p99Ms: bench.fromDueP99Ms,
    bends: bendsAt(bench, calmMs),
  };
}

// What the system of the caller has no more of.
const ownLack = /cannot assign requested address|too many open files|no buffer space/i;

/** Who gave in: the generator where it was most of what a slow connection waited for, nobody knows where the machine was busy with others. */
function limitOf({ row, fromDueP90Ms }: Bench, disturbed: readonly string[]): Knee['limit'] {
  const isGenerators =
    (row?.latenessP90Ms ?? 0) > fromDueP90Ms / 2 || row?.lost.some(({ detail }) => ownLack.test(detail)) === true;
  return isGenerators ? 'generator' : disturbed.length > 0 ? null : 'node';
}

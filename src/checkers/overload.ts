import type { EntryOf } from '../history.ts';
import type { ScenarioWindow } from '../reading/scenarios.ts';
import type { Judgement, Verdict } from '../verdict.ts';
import { seconds } from './seconds.ts';

// All three are seen beside the nodes: a node that is slow while a thread of ours runs when it wants to is slow by itself. Where several programs
// start at once, a thread waits for most of a quarter of a second, and what it does takes some tens of milliseconds: that excuses nothing.
const lagMs = 150;
const waitedShare = 0.9;
const stolenShare = 0.3;

// What a busy machine does to a node is felt a little later: an update that it took too late, say.
const aftermathMs = 1_000;
// Whoever waits for seconds is not held up by a moment.
const longMs = 1_000;
const shareOfWait = 0.1;

const tooBusy = 'this machine was too busy to tell';

/** When something that went wrong was under way, in milliseconds since the start of the run. */
export interface Failure {
  readonly fromMs: number;
  readonly toMs: number;
  /** It was too late, by so much, and nothing else is held against these nodes. */
  readonly late?: { readonly byMs: number; readonly nodes: readonly string[] };
}

/**
 * The same judgement, but for a fail on a machine that was overloaded: there nodes miss moments that are not theirs to miss, so it is left
 * open. Never makes a pass of anything. This is the one rule of it, for all that is judged of a scenario.
 *
 * @param failures - when each thing that failed was under way; one of them at a quiet moment lets the fail stand. Left out: the whole
 * scenario, of which a second has to have been overloaded.
 */
export function unlessOverloaded(
  { machine, starved, fromMs, toMs }: Pick<ScenarioWindow, 'machine' | 'starved' | 'fromMs' | 'toMs'>,
  judgement: Judgement,
  failures?: readonly Failure[],
): Judgement {
  if (judgement.verdict !== 'fail') return judgement;
  const strained = machine.filter((reading) => strainOf(reading) !== undefined);
  const excuses = (failures ?? [{ fromMs, toMs }]).map((one): Excuse | undefined => {
    const felt = failures === undefined ? one : { ...one, fromMs: one.fromMs - aftermathMs };
    const [first, ...more] = during(strained, felt);
    if (first !== undefined) {
      const strainedMs = [first, ...more].reduce((sum, each) => sum + each.atMs - each.fromMs, 0);
      if (failures === undefined ? strainedMs >= longMs : strainedMs > shareOfWait * (one.toMs - one.fromMs))
        return { why: strainOf(first)!, evidence: [first.index] };
    }
    return one.late && delay(during(starved, felt), during(machine, felt), felt, one.late);
  });
  const [first] = excuses;
  if (first === undefined || excuses.includes(undefined)) return judgement;
  return {
    verdict: 'inconclusive',
    reason: `${tooBusy}: ${first.why}. What was seen: ${judgement.reason}`,
    evidence: [...judgement.evidence, ...first.evidence],
  };
}

/** The same of what is open for want of something in a span: whether the machine was overloaded then, as is said where it was. */
export function sayingIfOverloaded(
  { machine }: Pick<ScenarioWindow, 'machine'>,
  judgement: Judgement,
  span: Failure,
): Judgement {
  const strained = during(machine, span).find((reading) => strainOf(reading) !== undefined);
  if (judgement.verdict !== 'inconclusive' || strained === undefined) return judgement;
  return {
    verdict: 'inconclusive',
    reason: `${tooBusy}: ${strainOf(strained)}. What was seen: ${judgement.reason}`,
    evidence: [...judgement.evidence, strained.index],
  };
}

/** Whether something was left open by a machine that was overloaded: as the clause was judged, or as the scenario asked. */
export function isLeftByMachine({ verdict, reason }: { readonly verdict: Verdict; readonly reason: string }): boolean {
  return verdict === 'inconclusive' && (reason.startsWith(`${tooBusy}: `) || reason.includes(`; ${tooBusy}: `));
}

interface Excuse {
  readonly why: string;
  readonly evidence: readonly number[];
}

function during<T extends { readonly fromMs: number; readonly atMs: number }>(all: readonly T[], span: Failure): T[] {
  return all.filter((one) => one.atMs >= span.fromMs && one.fromMs <= span.toMs);
}

/**
 * An answer would not have been late, had its nodes not waited for processors that others held, and had the host taken none away. What was held
 * up by several at once was held up once.
 */
function delay(
  starved: readonly EntryOf<'starved'>[],
  machine: readonly EntryOf<'machine'>[],
  { fromMs, toMs }: Failure,
  { byMs, nodes }: NonNullable<Failure['late']>,
): Excuse | undefined {
  const waits = starved
    .filter(({ node }) => nodes.includes(node))
    .map((entry) => ({ entry, share: entry.waitedMs / (entry.atMs - entry.fromMs) }));
  const thefts = machine.flatMap((entry) =>
    entry.stolen === undefined || entry.stolen === 0 ? [] : [{ entry, share: entry.stolen }],
  );
  const parts = [...waits, ...thefts].filter(({ share }) => share > 0);
  const [first] = parts;
  if (first === undefined || byMs <= 0 || heldUpMs(parts, fromMs, toMs) < byMs) return undefined;
  const waitedMs = heldUpMs(waits, fromMs, toMs);
  const stolenMs = heldUpMs(thefts, fromMs, toMs);
  const who = [...new Set(waits.map(({ entry }) => entry.node))].join(' and ');
  const what = [
    ...(waits.length > 0 ? [`${who} waited ${waitedMs.toFixed(0)} ms for processors that others held`] : []),
    ...(thefts.length > 0 ? [`the host took away ${stolenMs.toFixed(0)} ms`] : []),
  ].join(', and ');
  const since = Math.max(fromMs, Math.min(...parts.map(({ entry }) => entry.fromMs)));
  return {
    why: `an answer was late by ${byMs.toFixed(0)} ms, and from ${seconds(since)} ${what}`,
    evidence: parts.slice(0, 3).map(({ entry }) => entry.index),
  };
}

/** A while, and the share of it for which something was held up. */
interface HeldUp {
  readonly entry: { readonly fromMs: number; readonly atMs: number };
  readonly share: number;
}

/** For how long in that span something was held up: at each moment by that which held it up most. */
function heldUpMs(parts: readonly HeldUp[], fromMs: number, toMs: number): number {
  const edges = parts
    .flatMap(({ entry }) => [entry.fromMs, entry.atMs])
    .map((ms) => Math.min(toMs, Math.max(fromMs, ms)))
    .sort((one, other) => one - other);
  return edges.slice(1).reduce((sum, end, at) => {
    const begin = edges[at]!;
    const shares = parts
      .filter(({ entry }) => entry.fromMs < end && entry.atMs > begin)
      .map(({ share }) => Math.min(1, share));
    return sum + (end - begin) * Math.max(0, ...shares);
  }, 0);
}

/** Why a reading is one of an overloaded machine; undefined when it is not. */
function strainOf(reading: EntryOf<'machine'>): string | undefined {
  const tookMs = reading.atMs - reading.fromMs;
  const at = `at ${seconds(reading.fromMs)} the ${reading.source}`;
  if (reading.lagMs > lagMs)
    return `${at} came ${reading.lagMs.toFixed(0)} ms late by its own clock (${lagMs} ms are the most to judge by)`;
  if ((reading.waitedMs ?? 0) > waitedShare * tookMs)
    return `${at} waited ${reading.waitedMs!.toFixed(0)} of ${tookMs.toFixed(0)} ms for a processor (${100 * waitedShare} % are the most to judge by)`;
  if ((reading.stolen ?? 0) > stolenShare)
    return `${at} ran where ${(100 * reading.stolen!).toFixed(0)} % of the processors were taken away by the host`;
  return undefined;
}

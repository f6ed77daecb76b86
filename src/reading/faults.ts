import { entriesOf, type EntryOf, type History } from '../history.ts';

/** A fault from its injection to the proof that it is gone. A time or a proof that is missing is null. */
export interface FaultRead {
  readonly kind: string;
  readonly target: string;
  /** The nodes that it keeps from what they need, where its target is what they share; absent where that is a node. */
  readonly nodes?: readonly string[];
  readonly injectedAtMs: number;
  readonly inForceAtMs: number | null;
  readonly provenBy: string | null;
  /** When undoing it began. */
  readonly healingAtMs: number | null;
  /** When it was proven gone. */
  readonly healedAtMs: number | null;
  readonly healedProvenBy: string | null;
  /** What is missing before a scenario may be judged on this fault, in words; empty when both proofs stand. */
  readonly missing: readonly string[];
  /** How long it may take from its injection until what was broken is back, as the owner says; absent where nobody said it. */
  readonly withinMs?: number;
}

type Marks = { -readonly [K in keyof Omit<FaultRead, 'missing'>]: FaultRead[K] };

/**
 * The faults of one scenario.
 *
 * A proof counts only in its place: in force after the injection and before the heal began, gone after that, and only when it says by what
 * it was seen.
 */
export function readFaults(history: History, scenario: string): FaultRead[] {
  const faults: Marks[] = [];
  for (const entry of entriesOf(history, 'fault').filter((fault) => fault.scenario === scenario)) {
    if (entry.state === 'injected') faults.push(injected(entry));
    const open = faults.findLast((fault) => fault.kind === entry.fault && fault.target === entry.target);
    if (open !== undefined) mark(open, entry);
  }
  return faults.map((fault) => ({ ...fault, missing: missingProofs(fault) }));
}

function injected(entry: EntryOf<'fault'>): Marks {
  return {
    kind: entry.fault,
    target: entry.target,
    ...(entry.nodes !== undefined && { nodes: entry.nodes }),
    injectedAtMs: entry.atMs,
    inForceAtMs: null,
    provenBy: null,
    healingAtMs: null,
    healedAtMs: null,
    healedProvenBy: null,
    ...(entry.withinMs !== undefined && { withinMs: entry.withinMs }),
  };
}

function mark(fault: Marks, entry: EntryOf<'fault'>): void {
  const proof = entry.provenBy || null;
  if (entry.state === 'in-force' && fault.healingAtMs === null && proof !== null) {
    fault.inForceAtMs ??= entry.atMs;
    fault.provenBy ??= proof;
  } else if (entry.state === 'healing') {
    fault.healingAtMs ??= entry.atMs;
  } else if (entry.state === 'healed' && fault.healingAtMs !== null && proof !== null) {
    fault.healedAtMs ??= entry.atMs;
    fault.healedProvenBy ??= proof;
  }
}

function missingProofs(fault: Marks): string[] {
  const name = `${fault.kind} on ${fault.target}`;
  const missing: string[] = [];
  if (fault.provenBy === null) missing.push(`${name}: nothing outside of the injector saw it in force`);
  if (fault.healingAtMs === null) missing.push(`${name}: it was never healed`);
  else if (fault.healedProvenBy === null) missing.push(`${name}: nothing outside of the injector saw it gone`);
  return missing;
}

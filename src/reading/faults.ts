import type { EntryOf, History } from '../history.ts';
import { entriesOf } from '../history.ts';
import type { FaultReport } from '../report/shape.ts';

type Marks = { -readonly [K in keyof FaultReport]: FaultReport[K] };

/**
 * The faults of one scenario, each from injection to proof of its absence.
 *
 * A proof counts only in its place: in force after the injection and before the heal, gone after the heal, and only
 * when it says by what it was seen.
 */
export function readFaults(history: History, scenario: string): FaultReport[] {
  const faults: Marks[] = [];
  for (const entry of entriesOf(history, 'fault').filter((fault) => fault.scenario === scenario)) {
    if (entry.state === 'injected') faults.push(injected(entry));
    const open = faults.findLast((fault) => fault.kind === entry.fault && fault.target === entry.target);
    if (open !== undefined) mark(open, entry);
  }
  return faults;
}

function injected(entry: EntryOf<'fault'>): Marks {
  return {
    kind: entry.fault,
    target: entry.target,
    injectedAtMs: entry.atMs,
    inForceAtMs: null,
    provenBy: null,
    healedAtMs: null,
    goneAtMs: null,
    healedProvenBy: null,
  };
}

function mark(fault: Marks, entry: EntryOf<'fault'>): void {
  const proof = entry.provenBy || null;
  if (entry.state === 'in-force' && fault.healedAtMs === null && proof !== null) {
    fault.inForceAtMs ??= entry.atMs;
    fault.provenBy ??= proof;
  } else if (entry.state === 'healed') {
    fault.healedAtMs ??= entry.atMs;
  } else if (entry.state === 'gone' && fault.healedAtMs !== null && proof !== null) {
    fault.goneAtMs ??= entry.atMs;
    fault.healedProvenBy ??= proof;
  }
}

/** What is missing before a scenario may be judged on this fault, in words; empty when both proofs stand. */
export function missingProofs(fault: FaultReport): string[] {
  const name = `${fault.kind} on ${fault.target}`;
  const missing: string[] = [];
  if (fault.provenBy === null) missing.push(`${name}: nothing outside of the injector saw it in force`);
  if (fault.healedAtMs === null) missing.push(`${name}: it was never healed`);
  else if (fault.healedProvenBy === null) missing.push(`${name}: nothing outside of the injector saw it gone`);
  return missing;
}

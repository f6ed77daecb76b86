import type { Entry, History } from '../history.ts';
import { scenarioOf } from '../reading/scenarios.ts';

const most = 20;

/** How evidence is named in a report: file and line. */
export function lineReference(index: number): string {
  return `history.jsonl#L${index}`;
}

/** The line that a reference names, or undefined when it names none. */
export function referencedLine(reference: string): number | undefined {
  const line = /^history\.jsonl#L([1-9]\d*)$/.exec(reference)?.[1];
  return line === undefined ? undefined : Number(line);
}

/** References to at most 20 of the lines, in the order given, without those that the history does not have. */
export function cite(
  history: History,
  indexes: readonly number[],
): { readonly evidence: string[]; readonly evidenceTotal: number } {
  const known = [...new Set(indexes)].filter(
    (index) => Number.isInteger(index) && index >= 1 && index <= (history.at(-1)?.index ?? 0),
  );
  return { evidence: known.slice(0, most).map(lineReference), evidenceTotal: known.length };
}

/**
 * The lines to show for a clause whose judge named none: those that speak of it, else those of its scenario,
 * else the first line, where it was chosen.
 */
export function traceOf(history: History, clause: string): number[] {
  const scenario = scenarioOf(history, clause)?.scenario;
  for (const speaks of [
    (entry: Entry) => names(entry, clause),
    (entry: Entry) => 'scenario' in entry && scenario !== undefined && entry.scenario === scenario,
  ]) {
    const found = history.filter(speaks);
    if (found.length > 0) return found.map((entry) => entry.index);
  }
  return history.slice(0, 1).map((entry) => entry.index);
}

function names(entry: Entry, clause: string): boolean {
  if (entry.kind === 'trouble') return entry.clauses.includes(clause);
  return 'clause' in entry && entry.clause === clause;
}

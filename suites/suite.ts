import type { Recorder } from '../fixtures/recorder.ts';
import type { Target, TargetNode } from '../fixtures/target.ts';
import type { DialSeen } from '../fixtures/forged-server.ts';
import type { Seen } from '../fixtures/probe.ts';

/** What a suite works with. It records what it sees; the clauses judge. */
export interface SuiteContext {
  readonly target: Target;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  /** Whether this clause was chosen for the run. */
  wants(clause: string): boolean;
}

/** The checks of one subject, run together because they share their controls. */
export interface Suite {
  readonly id: string;
  readonly title: string;
  readonly clauses: readonly string[];
  run(context: SuiteContext): Promise<void>;
}

export interface Row {
  readonly clause: string;
  readonly row: string;
  readonly expect: 'accepted' | 'refused';
}

/** Where exchanges of one control group are recorded: one node in one role. */
export interface ControlGroup {
  readonly control: string;
  readonly node: TargetNode;
  readonly role: 'server' | 'client';
}

export function recordExchange({ recorder }: SuiteContext, group: ControlGroup, row: Row, seen: Seen | DialSeen): void {
  recorder.record({
    kind: 'exchange', ...row, control: group.control, node: group.node.name, role: group.role,
    outcome: seen.outcome, how: seen.how, tookMs: Math.round(seen.tookMs * 100) / 100, ...(seen.tls && { tls: seen.tls }),
  });
}

export function skip({ recorder }: SuiteContext, clause: string, reason: string): void {
  recorder.record({ kind: 'skip', clause, reason });
}

/** Nodes under test. */
export function judgedNodes({ target }: SuiteContext): TargetNode[] {
  return target.nodes.filter(({ judged }) => judged);
}

/** Runs rows a few at a time: each is one exchange, and a node under test is not to be drowned in them. */
export async function eachRow<T>(rows: readonly T[], atOnce: number, run: (row: T) => Promise<void>): Promise<void> {
  const left = [...rows];
  await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, async () => {
    for (let row = left.shift(); row !== undefined; row = left.shift()) await run(row);
  }));
}

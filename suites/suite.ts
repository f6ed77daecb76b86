import { allEnded } from '../fixtures/run/all-ended.ts';
import type { Recorder } from '../fixtures/run/recorder.ts';
import type { Target, TargetNode } from '../fixtures/target/target.ts';
import type { DialSeen } from '../fixtures/probes/forged-server.ts';
import type { Seen } from '../fixtures/probes/probe.ts';

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
  const { outcome, how } = row.expect === 'accepted' && group.role === 'server' ? asNamed(group.node, seen) : seen;
  recorder.record({
    kind: 'exchange',
    ...row,
    control: group.control,
    node: group.node.name,
    role: group.role,
    outcome,
    how,
    tookMs: Math.round(seen.tookMs * 100) / 100,
    ...(seen.tls && { tls: seen.tls }),
  });
}

/** A control is one only when it was the node itself that answered, and not whoever else listens at its address. */
function asNamed({ spiffeId, address }: TargetNode, { outcome, how, server }: Seen): Pick<Seen, 'outcome' | 'how'> {
  if (outcome !== 'accepted' || server === undefined || (server.uriSans.length === 1 && server.uriSans[0] === spiffeId))
    return { outcome, how };
  return {
    outcome: 'unknown',
    how: `${address} is answered by ${server.uriSans.join(', ') || 'somebody without a SPIFFE ID'}, wanted ${spiffeId}`,
  };
}

/** @param part - the node and role that the clause is not decided for; all of them when absent */
export function skip(
  { recorder }: SuiteContext,
  clause: string,
  reason: string,
  part?: { readonly node: TargetNode; readonly role: 'server' | 'client' },
): void {
  recorder.record({ kind: 'skip', clause, ...(part && { node: part.node.name, role: part.role }), reason });
}

/** Why a node shows nothing as a client: it cannot be asked to call. */
export function doesNotDial({ target }: SuiteContext, { name, admin }: TargetNode): string {
  if (admin !== undefined) return `${name} does not offer POST /dial (501)`;
  return `${name} cannot be asked to call${target.withheld?.dial === undefined ? '' : `: ${target.withheld.dial}`}`;
}

/** Nodes under test. */
export function judgedNodes({ target }: SuiteContext): TargetNode[] {
  return target.nodes.filter(({ judged }) => judged);
}

/**
 * Nodes under test that accept the harness' own identity. For one that does not there is no control, so that its refusals would say
 * nothing: these clauses are skipped for it.
 */
export function nodesThatAcceptUs(context: SuiteContext, clauses: readonly string[]): TargetNode[] {
  const { own } = context.target.probeIds;
  return judgedNodes(context).filter((node) => {
    if (node.allows === undefined || node.allows.includes(own)) return true;
    const why = `node ${node.name} does not allow the probe ${own}, so there is no control; add it to what the node allows and to its \`allows\` in the target file`;
    for (const clause of clauses.filter((one) => context.wants(one)))
      skip(context, clause, why, { node, role: 'server' });
    return false;
  });
}

/** Rows that are not worth their time: without an accepted control before them they could decide nothing. */
export function leaveUntried(context: SuiteContext, group: ControlGroup, rows: readonly Row[], { how }: Seen): void {
  for (const { clause, row, expect } of rows) {
    recordExchange(
      context,
      group,
      { clause, row, expect },
      { outcome: 'unknown', how: `not tried, as the control before it told nothing: ${how}`, sessions: [], tookMs: 0 },
    );
  }
}

/** Runs rows a few at a time: each is one exchange, and a node under test is not to be drowned in them. */
export async function eachRow<T>(
  { signal }: SuiteContext,
  rows: readonly T[],
  atOnce: number,
  run: (row: T) => Promise<void>,
): Promise<void> {
  const left = [...rows];
  await allEnded(
    Array.from({ length: Math.min(atOnce, left.length) }, async () => {
      for (let row = left.shift(); row !== undefined; row = left.shift()) {
        signal.throwIfAborted();
        await run(row);
      }
    }),
  );
}

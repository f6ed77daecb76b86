import { whyUnseen } from '../fixtures/target/target.ts';
import type { Reach } from '../fixtures/target/attach/reach.ts';
import type { Work } from '../plans/plan.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import { decided, lacking, whyNone } from './skips.ts';

/** A clause of a plan, and why it cannot be decided on a target; absent where it can. */
export interface Decidable {
  readonly clause: KnownClause;
  readonly because?: string;
}

/** Each clause of a plan once: whether anything of it can be decided on what a target has, on one of its nodes at least. */
export function decidable(work: Work, { lacks, nodes }: Reach): readonly Decidable[] {
  const byClause = Map.groupBy(decided(work), ({ clause }) => clause);
  return [...byClause].map(([clause, all]) => {
    const reasons = all.map(({ needs, partly }) => (partly === true ? undefined : lacking({ lacks }, needs)));
    const because = whyNone(reasons) ?? unshown(clause, nodes);
    return { clause, ...(because !== undefined && { because }) };
  });
}

/** Why none of the nodes shows anything in a role that the clause is about. */
function unshown({ roles, byStrangers }: KnownClause, nodes: Reach['nodes']): string | undefined {
  const by = byStrangers && 'byStrangers';
  const reasons = nodes.flatMap((node) => (node.judged ? roles.map((role) => whyUnseen(node, role, by)) : []));
  return reasons.includes(undefined) ? undefined : reasons[0];
}

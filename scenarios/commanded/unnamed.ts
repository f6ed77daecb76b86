import type { FaultKind } from '../../fixtures/faults/fault.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import type { ScenarioContext } from '../scenario.ts';

/** What a scenario that owners make by command says of the nodes under test for which they give none. */
export function skipUnnamed(
  { target, recorder }: Pick<ScenarioContext, 'target' | 'recorder'>,
  clauses: readonly KnownClause[],
  named: { has(node: string): boolean },
  { kind }: FaultKind,
): void {
  for (const { name } of target.nodes.filter((node) => node.judged && !named.has(node.name)))
    for (const { id } of clauses)
      recorder.record({
        ...{ kind: 'skip', clause: id, node: name },
        reason: `the target file gives no command for a ${kind} of ${name}`,
      });
}

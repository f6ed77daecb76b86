import { cutFromServer } from '../../fixtures/faults/kinds/partition.ts';
import type { Fault } from '../../fixtures/faults/fault.ts';
import type { Target, TargetNode } from '../../fixtures/target/target.ts';
import { FixtureError } from '../../src/errors.ts';
import type { ScenarioContext } from '../scenario.ts';

/** The nodes whose agents can be cut from the server. */
export function cuttable({ nodes, name }: Target): TargetNode[] {
  const found = nodes.filter(({ serverLink, agent }) => serverLink !== undefined && agent !== undefined);
  if (found.length === 0)
    throw new FixtureError(`partition: no link between an agent and its server of mesh ${name} can be cut`);
  return found;
}

/** The cut of every agent from the server. */
export function cutsFromServer({ target, recorder }: ScenarioContext): Fault[] {
  return cuttable(target).map((node) => cutFromServer(target, node, node.serverLink!, recorder));
}

import { nodesOf, type NodeStatus } from '../../mesh/status/agents.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import { exitCodes } from '../exit-codes.ts';
import { adminPathOf, checkNodeId, notReached } from './server-flags.ts';
import { spanOf } from './span.ts';

/** The flags of `assay mesh agents`. */
export interface AgentsFlags {
  /** Admin socket. */
  readonly spireServer: string;
  /** SPIFFE IDs of nodes that have to be there. */
  readonly expect: readonly string[];
  readonly json: boolean;
}

/**
 * `assay mesh agents`: the nodes that a SPIRE server knows, and until when each can go on. Exit code 1 where one has no agent that lives, or is expected
 * and not there.
 *
 * @throws UsageError for a socket or an ID that is none, FixtureError where the server is not reached
 */
export async function agentsCommand({ spireServer, expect, json }: AgentsFlags): Promise<number> {
  for (const id of expect) checkNodeId('--expect', id);
  const path = adminPathOf(spireServer);
  const now = new Date();
  using api = connectServerApi(path);
  const [agents, entries] = await Promise.all([api.listAgents(), api.listEntries()]).catch(notReached);
  const nodes = nodesOf(agents, entries, expect, now);
  process.stdout.write(json ? `${JSON.stringify(nodes)}\n` : inWords(nodes, now));
  if (nodes.length === 0) return exitCodes.fail;
  return nodes.every(({ wrong }) => wrong === undefined) ? exitCodes.pass : exitCodes.fail;
}

function inWords(nodes: readonly NodeStatus[], now: Date): string {
  if (nodes.length === 0) return '! no agent was ever attested by this server\n';
  const lines = nodes.map(({ node, agents, entries, wrong }) => {
    if (wrong !== undefined) return `✗ ${node}  ${wrong}`;
    const [first] = agents;
    // Agents may share an ID on purpose, as those of a cluster do; of one node a second one is a copy.
    const living = agents.filter(({ banned, notAfter }) => !banned && Date.parse(notAfter) > now.getTime()).length;
    const more = living > 1 ? ` (one of ${living} agents)` : '';
    const back = first!.reattestable ? '' : ', and cannot come back by itself when it is off until then';
    return `✓ ${node}  by ${first!.attestedBy}${more}; its agent's SVID ends ${spanOf(Date.parse(first!.notAfter) - now.getTime())}${back}; ${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  });
  return `${lines.join('\n')}\n`;
}

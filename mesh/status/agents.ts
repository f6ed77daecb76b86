import type { AttestedAgent } from '../../spiffe/server-api/agents.ts';
import type { RegistrationEntry } from '../../spiffe/server-api/entries.ts';
import { withoutToken } from './agent-data.ts';

/** A node of the mesh, as far as a SPIRE server knows it. */
export interface NodeStatus {
  /** SPIFFE ID of the node. */
  readonly node: string;
  /** Its agents, the one that can go on for longest first. */
  readonly agents: readonly NodeAgent[];
  /** Entries that its agents hand out. */
  readonly entries: number;
  /** Why nothing is handed out there; undefined where an agent does. */
  readonly wrong?: string;
}

/** An agent of a node. */
export interface NodeAgent {
  /** Without the token that it joined by. */
  readonly spiffeId: string;
  /** ISO 8601; of the newest SVID that the server has seen in use. */
  readonly notAfter: string;
  readonly banned: boolean;
  /** By what it proved what it is: join_token, k8s_psat, … */
  readonly attestedBy: string;
  /** Whether it can be attested anew when it comes back too late; a join token is used up. */
  readonly reattestable: boolean;
}

/**
 * The nodes whose agents a server has attested, and those that are expected.
 *
 * A node is who an agent is called by an alias (`spire-server token generate -spiffeID …`), and an agent that has none.
 *
 * @param expected - SPIFFE IDs of nodes
 */
export function nodesOf(
  agents: readonly AttestedAgent[],
  entries: readonly RegistrationEntry[],
  expected: readonly string[],
  now: Date,
): NodeStatus[] {
  const aliases = entries.filter(({ selectors }) => selectors.some(({ type }) => type === 'spiffe_id'));
  const namesOf = ({ spiffeId }: AttestedAgent) => {
    const own = aliases.filter(({ selectors }) =>
      selectors.some(({ type, value }) => type === 'spiffe_id' && value === spiffeId),
    );
    return own.length === 0 ? [spiffeId] : own.map((alias) => alias.spiffeId);
  };
  const byNode = Map.groupBy(
    agents.flatMap((agent) => namesOf(agent).map((node) => ({ node, agent }))),
    ({ node }) => node,
  );
  const ids = new Set([...expected, ...byNode.keys(), ...aliases.map(({ spiffeId }) => spiffeId)]);
  return [...ids].map((node) => {
    const own = (byNode.get(node) ?? []).map(({ agent }) => agent);
    const sorted = own.toSorted(
      (a, b) => Number(a.banned) - Number(b.banned) || b.expiresAt.getTime() - a.expiresAt.getTime(),
    );
    const parents = new Set([node, ...own.map(({ spiffeId }) => spiffeId)]);
    const wrong = wrongOf(
      sorted,
      aliases.some(({ spiffeId }) => spiffeId === node),
      now,
    );
    return {
      node: withoutToken(node),
      agents: sorted.map(told),
      entries: entries.filter((entry) => parents.has(entry.parentId) && !aliases.includes(entry)).length,
      ...(wrong !== undefined && { wrong }),
    };
  });
}

const told = ({ spiffeId, expiresAt, banned, attestationType }: AttestedAgent): NodeAgent => ({
  ...{ spiffeId: withoutToken(spiffeId), notAfter: expiresAt.toISOString(), banned, attestedBy: attestationType },
  reattestable: attestationType !== 'join_token',
});

function wrongOf(agents: readonly AttestedAgent[], hasAlias: boolean, now: Date): string | undefined {
  if (agents.some(({ banned, expiresAt }) => !banned && expiresAt > now)) return undefined;
  const [last] = agents.filter(({ banned }) => !banned);
  if (last !== undefined)
    return `its agent's SVID has ended, at ${last.expiresAt.toISOString()}: ${
      last.attestationType === 'join_token'
        ? 'it came by a join token, which is used up, and wants a new one'
        : 'it was off for longer than that, or does not reach the server; it is attested anew when it starts'
    }`;
  if (agents.length > 0) return 'its agent is banned';
  return hasAlias ? 'a join token was made for it, and no agent has come by it' : 'no agent of it was attested';
}

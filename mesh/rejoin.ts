import type { ServerApi } from '../spiffe/server-api.ts';
import { UsageError } from '../src/errors.ts';

/** A node that is to come back. */
export interface Rejoin {
  /** SPIFFE ID of the node. */
  readonly node: string;
  readonly ttlSeconds: number;
  /** Though an agent of it lives. */
  readonly forced: boolean;
  /** Takes the token, once, before anything of the old agent is removed. */
  readonly keep: (token: string) => void;
}

/** What came of it. */
export interface Rejoined {
  /** Until when the token can be used. */
  readonly expiresAt: Date;
  /** Agents that were removed, as they can never come back: their number. */
  readonly removed: number;
}

/** What asks a SPIRE server, and tells it. */
export type Registrar = Pick<
  ServerApi,
  'listAgents' | 'listEntries' | 'createJoinToken' | 'deleteAgent' | 'deleteEntries'
>;

/**
 * Gives a node that came by a join token, and whose agent's SVID has ended, a new token under the same ID, so that all entries of the node stay as
 * they are. What is left of its agents that ended is removed.
 *
 * @throws UsageError where no such node is known, or an agent of it lives, and what `keep` throws, before anything was removed
 */
export async function rejoin(api: Registrar, { node, ttlSeconds, forced, keep }: Rejoin, now: Date): Promise<Rejoined> {
  const [agents, entries] = await Promise.all([api.listAgents(), api.listEntries()]);
  const aliases = entries.filter(
    ({ spiffeId, selectors }) => spiffeId === node && selectors.some(({ type }) => type === 'spiffe_id'),
  );
  const names = new Set(
    aliases.flatMap(({ selectors }) => selectors.filter(({ type }) => type === 'spiffe_id').map(({ value }) => value)),
  );
  if (names.size === 0)
    throw new UsageError(
      `${node}: no token was ever made for this node; \`spire-server token generate -spiffeID ${node}\` makes one for a new node`,
    );
  const own = agents.filter(({ spiffeId }) => names.has(spiffeId));
  const banned = own.find((agent) => agent.banned);
  if (banned !== undefined && !forced)
    throw new UsageError(`${node}: an agent of it is banned, and was meant not to come back; --forced REASON lets it`);
  const living = own.find((agent) => !agent.banned && agent.expiresAt > now);
  if (living !== undefined && !forced)
    throw new UsageError(
      `${node}: an agent of it can go on until ${living.expiresAt.toISOString()}, and comes back by itself until then: a second one with its ID would be a copy of the node. --forced REASON makes one`,
    );
  const unused = [...names].some((name) => !agents.some(({ spiffeId }) => spiffeId === name));
  if (unused && !forced)
    throw new UsageError(
      `${node}: a token was made for it by which no agent is known to have come: two that are used would be two copies of the node. Where that one was lost or has ended, --forced REASON makes another`,
    );
  const { value, expiresAt } = await api.createJoinToken({ ttlSeconds, agentId: node });
  keep(value);
  // A token is used once, and a banned agent has to stay known as one.
  const ended = own.filter(
    (agent) => !agent.banned && agent.expiresAt <= now && agent.attestationType === 'join_token',
  );
  const gone = new Set(ended.map(({ spiffeId }) => spiffeId));
  const left = aliases.filter(({ selectors }) => selectors.every(({ value: name }) => gone.has(name)));
  if (left.length > 0) await api.deleteEntries(left.map(({ id }) => id));
  for (const { spiffeId } of ended) await api.deleteAgent(spiffeId);
  return { expiresAt, removed: ended.length };
}

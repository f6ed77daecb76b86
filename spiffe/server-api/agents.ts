import { loadProto } from '../grpc/load.ts';
import { pagesOf, type Caller, type PageRequest } from './caller.ts';
import { fromMessage, fromUnixSeconds, type SpiffeIdMessage, toMessage } from './messages.ts';

/** An agent as the server knows it. */
export interface AttestedAgent {
  /** An agent that joined by token is called after its token: spent, but never for a report. */
  readonly spiffeId: string;
  /** Decimal, of the agent's newest SVID that the server has seen in use. */
  readonly serialNumber: string;
  readonly expiresAt: Date;
  readonly banned: boolean;
  readonly attestationType: string;
}

/** Calls about agents. */
export interface AgentCalls {
  /** @param ask - `agentId` also makes an entry that gives this ID to whichever agent joins with the token */
  createJoinToken(ask: { ttlSeconds: number; agentId?: string }): Promise<{ value: string; expiresAt: Date }>;
  listAgents(): Promise<AttestedAgent[]>;
  /** For good: a banned agent cannot attest again. SVIDs it holds stay valid until they expire. */
  banAgent(spiffeId: string): Promise<void>;
  /** The agent may attest again, which takes a new join token. */
  deleteAgent(spiffeId: string): Promise<void>;
}

interface AgentMessage {
  id: SpiffeIdMessage | null;
  attestationType: string;
  x509svidSerialNumber: string;
  x509svidExpiresAt: number;
  banned: boolean;
}

const find = loadProto('spire-agent.proto');
const service = 'spire.api.server.agent.v1.Agent';
const createJoinToken = find<{ ttl: number; agentId?: SpiffeIdMessage }, { value: string; expiresAt: number }>(
  service,
  'CreateJoinToken',
);
const listAgents = find<PageRequest, { agents: AgentMessage[]; nextPageToken: string }>(service, 'ListAgents');
const banAgent = find<{ id: SpiffeIdMessage }, object>(service, 'BanAgent');
const deleteAgent = find<{ id: SpiffeIdMessage }, object>(service, 'DeleteAgent');

/** The calls about agents, made by this caller, whose deadline and ServerApiError are theirs. */
export function agentCalls(caller: Caller): AgentCalls {
  return {
    async createJoinToken({ ttlSeconds, agentId }) {
      const { value, expiresAt } = await caller.unary(createJoinToken, {
        ttl: ttlSeconds,
        ...(agentId !== undefined && { agentId: toMessage(agentId) }),
      });
      return { value, expiresAt: fromUnixSeconds(expiresAt) };
    },
    async listAgents() {
      return (await pagesOf(caller, listAgents, {})).flatMap(({ agents }) => agents.map(fromAgent));
    },
    async banAgent(spiffeId) {
      await caller.unary(banAgent, { id: toMessage(spiffeId) });
    },
    async deleteAgent(spiffeId) {
      await caller.unary(deleteAgent, { id: toMessage(spiffeId) });
    },
  };
}

function fromAgent(agent: AgentMessage): AttestedAgent {
  return {
    spiffeId: fromMessage(agent.id),
    serialNumber: agent.x509svidSerialNumber,
    expiresAt: fromUnixSeconds(agent.x509svidExpiresAt),
    banned: agent.banned,
    attestationType: agent.attestationType,
  };
}

import { readAgentData, type AgentStatus } from '../../mesh/status/agent-data.ts';
import { workloadStatus, type WorkloadStatus } from '../../mesh/status/identity.ts';
import { fetchX509Context, parseEndpointSocket, WorkloadApiError } from '../../spiffe/workload-api.ts';
import { FixtureError, UsageError } from '../../src/errors.ts';
import { CertificateError } from '../../src/svid/x509/read.ts';
import { exitCodes } from '../exit-codes.ts';
import { spanOf } from './span.ts';

/** The flags of `assay mesh status`. */
export interface StatusFlags {
  readonly workloadApi?: string;
  /** Data directory of the agent. */
  readonly agentData?: string;
  /** Milliseconds. */
  readonly within: number;
  readonly json: boolean;
}

/**
 * `assay mesh status`: the identity that this process is handed, and how long it and its agent can go on. Exit code 1 where something is wrong with it.
 *
 * @throws UsageError for a socket that is none, FixtureError where the agent is not reached
 */
export async function statusCommand(flags: StatusFlags): Promise<number> {
  const socket = flags.workloadApi ?? process.env.SPIFFE_ENDPOINT_SOCKET;
  if (socket === undefined)
    throw new UsageError(
      'status: name the socket of the agent, by --workload-api unix:///tmp/spire-agent/public/api.sock or SPIFFE_ENDPOINT_SOCKET',
    );
  const endpoint = endpointOf(socket);
  const now = new Date();
  const agent = flags.agentData === undefined ? undefined : readAgentData(flags.agentData);
  const workload = await workloadAt(endpoint, flags.within, now);
  const wrong = [...workload.wrong, ...agentTrouble(agent, now)];
  const told = agent && { ...agent, notAfter: agent.notAfter.toISOString() };
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ socket, ...workload, ...(told && { agent: told }), wrong })}\n`
      : inWords({ ...workload, wrong }, agent, now),
  );
  return wrong.length === 0 ? exitCodes.pass : exitCodes.fail;
}

function endpointOf(socket: string) {
  try {
    return parseEndpointSocket(socket);
  } catch (error) {
    throw new UsageError(`--workload-api: ${(error as Error).message}`);
  }
}

async function workloadAt(
  endpoint: ReturnType<typeof parseEndpointSocket>,
  withinMs: number,
  now: Date,
): Promise<WorkloadStatus> {
  try {
    return workloadStatus(await fetchX509Context(endpoint, { withinMs }), now);
  } catch (error) {
    if (error instanceof CertificateError)
      return { identities: [], bundles: [], wrong: [`what the agent delivers is no certificate: ${error.message}`] };
    if (!(error instanceof WorkloadApiError)) throw error;
    // The agent has answered: that is what there is to be told.
    if (error.code === 'PERMISSION_DENIED')
      return {
        ...{ identities: [], bundles: [] },
        wrong: [
          `this process (uid ${process.getuid?.()}) is handed no identity: no entry of this agent has selectors that fit it, or it was not synchronised yet`,
        ],
      };
    throw new FixtureError(
      `${error.message}. Is the agent running, is that its socket, and may this user open it? Nothing is known of its identity`,
    );
  }
}

function agentTrouble(agent: AgentStatus | undefined, now: Date): string[] {
  if (agent === undefined || agent.notAfter > now) return [];
  const how = agent.reattestable
    ? 'it is attested anew at its next start'
    : 'it came by a join token, which is used up, so that it cannot come back by itself: make a new token for it';
  return [`the SVID of the agent ${agent.spiffeId} has ended, at ${agent.notAfter.toISOString()}: ${how}`];
}

function inWords({ identities, bundles, wrong }: WorkloadStatus, agent: AgentStatus | undefined, now: Date): string {
  const until = (iso: string) => spanOf(Date.parse(iso) - now.getTime());
  return [
    ...identities.flatMap(({ spiffeId, hint, serial, notAfter, renewedAt, lateFrom, intermediates, authority }) => [
      `${spiffeId}${hint === '' ? '' : ` (${hint})`}`,
      `  SVID      ends ${until(notAfter)}, at ${notAfter}; serial number ${serial}`,
      `  renewal   due ${until(renewedAt)}, late ${until(lateFrom)}`,
      `  signed    by ${authority ?? 'an authority that it does not name'}, ${intermediates} certificate${intermediates === 1 ? '' : 's'} behind the leaf`,
    ]),
    ...bundles.map(({ trustDomain, authorities }) => {
      const [first] = authorities.map(({ notAfter }) => notAfter).toSorted();
      return `${trustDomain}: ${authorities.length} ${authorities.length === 1 ? 'authority' : 'authorities'}${first === undefined ? '' : `, the first ends ${until(first)}`}`;
    }),
    ...(agent === undefined ? [] : [agentInWords(agent, now)]),
    ...wrong.map((one) => `! ${one}`),
    '',
  ].join('\n');
}

function agentInWords({ spiffeId, notAfter, reattestable }: AgentStatus, now: Date): string {
  const ends = spanOf(notAfter.getTime() - now.getTime());
  return `agent ${spiffeId}: its SVID ends ${ends}, unless it is renewed${
    reattestable ? '' : '; an agent that is off until then cannot come back by itself, as its join token is used up'
  }`;
}

import { openClient } from './grpc/client.ts';
import { loadProto } from './grpc/load.ts';
import { type AgentCalls, agentCalls } from './server-api/agents.ts';
import { type BundleCalls, bundleCalls } from './server-api/bundles.ts';
import { callerOf, ServerApiError } from './server-api/caller.ts';
import { type EntryCalls, entryCalls } from './server-api/entries.ts';
import { type LocalAuthorityCalls, localAuthorityCalls } from './server-api/local-authority.ts';
import { type SvidCalls, svidCalls } from './server-api/svids.ts';
import { grpcTarget } from './workload-api/endpoint-socket.ts';

export { ServerApiError } from './server-api/caller.ts';

/** A SPIRE server's API over its admin socket. Calls throw ServerApiError. Disposing closes the channel. */
export interface ServerApi extends AgentCalls, EntryCalls, BundleCalls, SvidCalls, LocalAuthorityCalls, Disposable {
  /** False also while nobody listens or answers. Once healthy, SPIRE repeats its answer for up to 60 s. */
  healthy(): Promise<boolean>;
}

const check = loadProto('health.proto')<object, { status: number }>('grpc.health.v1.Health', 'Check');

/**
 * Opens a channel to a SPIRE server's admin socket; nothing is dialled before the first call, and the channel finds a restarted server
 * again.
 *
 * @param adminSocketPath - absolute path of the server's `socket_path`
 * @param options - `withinMs` is the deadline of each call, 5000 unless told
 */
export function connectServerApi(adminSocketPath: string, options: { withinMs?: number } = {}): ServerApi {
  const address = grpcTarget(adminSocketPath);
  const client = openClient(address);
  const caller = callerOf(client, address, options.withinMs ?? 5000);
  return {
    async healthy() {
      try {
        return (await caller.unary(check, {})).status === 1;
      } catch (error) {
        if (error instanceof ServerApiError && ['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(error.code)) return false;
        throw error;
      }
    },
    ...agentCalls(caller),
    ...entryCalls(caller),
    ...bundleCalls(caller),
    ...svidCalls(caller),
    ...localAuthorityCalls(caller),
    [Symbol.dispose]: () => client.close(),
  };
}

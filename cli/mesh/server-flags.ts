import { adminSocketPath } from '../../spiffe/admin-socket.ts';
import { ServerApiError } from '../../spiffe/server-api.ts';
import { FixtureError, messageOf, UsageError } from '../../src/errors.ts';
import { parseSpiffeId, SpiffeIdError } from '../../src/svid/spiffe-id.ts';

/** The path of the admin socket that a flag names. @throws UsageError where it is none */
export function adminPathOf(spireServer: string): string {
  try {
    return adminSocketPath(spireServer);
  } catch (error) {
    throw new UsageError(`--spire-server: ${messageOf(error)}`);
  }
}

/** @throws UsageError where what a flag names is no SPIFFE ID */
export function checkNodeId(flag: string, id: string): void {
  try {
    parseSpiffeId(id);
  } catch (error) {
    if (!(error instanceof SpiffeIdError)) throw error;
    throw new UsageError(
      `${flag} ${id}: ${error.message}; wanted is a SPIFFE ID, as spiffe://example.org/node/node-001`,
    );
  }
}

/** What a server's answer, or the want of one, means to who asked. @throws FixtureError for those of the server, else what was thrown */
export function notReached(error: unknown): never {
  if (!(error instanceof ServerApiError)) throw error;
  throw new FixtureError(
    `${error.message}. Is the SPIRE server running, is that its admin socket, and may this user open it?`,
  );
}

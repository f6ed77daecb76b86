import { parseEndpointSocket } from './workload-api.ts';

/**
 * The path of a SPIRE server's admin socket, of its address as `unix:///run/spire/server.sock`.
 *
 * @throws TypeError that says what would be right
 */
export function adminSocketPath(text: string): string {
  const socket = parseEndpointSocket(text);
  if (socket.kind !== 'unix')
    throw new TypeError(
      `${JSON.stringify(text)} is no unix socket; SPIRE serves its admin API on one only, as in unix:///tmp/spire-server/private/api.sock`,
    );
  return socket.path;
}

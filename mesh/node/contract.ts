import { isIP } from 'node:net';
import { messageOf, UsageError } from '../../src/errors.ts';
import type { HostPort } from '../../src/host-port.ts';
import { findSpiffeId } from '../../src/svid/spiffe-id.ts';
import { parseEndpointSocket } from '../../spiffe/workload-api.ts';

/** What the node contract gives a node: see README, "Bring your own node". */
export interface NodeContract {
  readonly endpointSocket: string;
  readonly listen: HostPort;
  readonly admin: HostPort;
  /** Exact SPIFFE IDs that may be our peer, as client and as server. */
  readonly allow: ReadonlySet<string>;
}

/**
 * Reads the node contract from the environment.
 *
 * @throws UsageError that names the variable which is missing or wrong
 */
export function readContract(env: Readonly<Record<string, string | undefined>>): NodeContract {
  const need = (name: string) => {
    const value = env[name];
    if (value === undefined || value === '')
      throw new UsageError(
        `${name} is not set: a mesh node is started with SPIFFE_ENDPOINT_SOCKET, ASSAY_LISTEN, ASSAY_ALLOW and ASSAY_ADMIN`,
      );
    return value;
  };
  const allow = need('ASSAY_ALLOW').split(',');
  for (const id of allow)
    if (findSpiffeId(id) === undefined) throw new UsageError(`ASSAY_ALLOW: ${JSON.stringify(id)} is not a SPIFFE ID`);
  const endpointSocket = need('SPIFFE_ENDPOINT_SOCKET');
  try {
    parseEndpointSocket(endpointSocket);
  } catch (error) {
    throw new UsageError(`SPIFFE_ENDPOINT_SOCKET: ${messageOf(error)}`);
  }
  return {
    endpointSocket,
    listen: parseHostPort(need('ASSAY_LISTEN'), 'ASSAY_LISTEN'),
    admin: parseHostPort(need('ASSAY_ADMIN'), 'ASSAY_ADMIN'),
    allow: new Set(allow),
  };
}

/**
 * Reads `host:port` as somebody wrote it, an IPv6 address in brackets; ports count from `leastPort`, where 0 stands for any that is free.
 *
 * @throws UsageError that names `what`
 */
export function parseHostPort(text: string, what: string, leastPort: 0 | 1 = 1): HostPort {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port);
  const host = match?.groups?.six ?? match?.groups?.host;
  if (host === undefined || port < leastPort || port > 65535)
    throw new UsageError(`${what}: ${JSON.stringify(text)} is not host:port`);
  if (match?.groups?.six !== undefined && isIP(host) !== 6)
    throw new UsageError(`${what}: ${JSON.stringify(text)} has no IPv6 address between its brackets`);
  return { host, port };
}

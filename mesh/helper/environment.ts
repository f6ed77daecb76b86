import { parseEndpointSocket } from '../../spiffe/workload-api.ts';
import { messageOf, UsageError } from '../../src/errors.ts';
import { isTrustDomain } from '../../src/svid/spiffe-id.ts';

/** What the document hands a helper beside its file, by variables of the environment. */
export interface HelperEnvironment {
  /** Absolute path of the Workload API's socket. */
  readonly socketPath: string;
  /** Whether the socket was written as a bare path, which the specification does not have. */
  readonly isBarePath: boolean;
  /** Whether nobody named a socket, so that SPIRE's usual one is taken, as spiffe-helper does. */
  readonly isUsualSocket: boolean;
  /** Every SVID has to be of it; undefined where none is named. */
  readonly trustDomain: string | undefined;
  readonly serviceMeshMode: string | undefined;
}

const usualSocket = '/tmp/spire-agent/public/api.sock';
// As much as the kernel takes for the address of a socket, and a byte at its end.
const mostSocketBytes = 107;

/**
 * Reads SPIFFE_ENDPOINT_SOCKET, SPIFFE_TRUST_DOMAIN and SERVICE_MESH_MODE.
 *
 * @param workloadApi - a socket that goes before the variable
 * @throws UsageError that names the variable and what would be right
 */
export function readEnvironment(env: Readonly<NodeJS.ProcessEnv>, workloadApi?: string): HelperEnvironment {
  const from = workloadApi === undefined ? 'SPIFFE_ENDPOINT_SOCKET' : '--workload-api';
  const socket = workloadApi ?? env.SPIFFE_ENDPOINT_SOCKET;
  return {
    socketPath: socket === undefined ? usualSocket : pathOf(socket, from),
    isBarePath: socket?.startsWith('/') === true,
    isUsualSocket: socket === undefined,
    trustDomain: checkedTrustDomain(env.SPIFFE_TRUST_DOMAIN),
    serviceMeshMode: env.SERVICE_MESH_MODE,
  };
}

/** A trust domain that somebody named, or undefined where nobody did. @param from - where, for the message @throws UsageError for one that is none */
export function checkedTrustDomain(name: string | undefined, from = 'SPIFFE_TRUST_DOMAIN'): string | undefined {
  if (name === undefined || isTrustDomain(name)) return name;
  throw new UsageError(
    `${from} is ${JSON.stringify(name)}: wanted is the name of a trust domain, as example.org, without spiffe://`,
  );
}

function pathOf(socket: string, from: string): string {
  const path = socket.startsWith('/') ? socket : unixPathOf(socket, from);
  if (Buffer.byteLength(path) > mostSocketBytes)
    throw new UsageError(`${from}: the path is longer than the ${mostSocketBytes} bytes that a socket's may have`);
  // In the strings of HCL these mean something else.
  if (!/^[^"\\$\p{Cc}]+$/u.test(path))
    throw new UsageError(`${from} ${JSON.stringify(socket)}: no ", \\, $ or control character may stand in the path`);
  return path;
}

function unixPathOf(socket: string, from: string): string {
  try {
    const endpoint = parseEndpointSocket(socket);
    if (endpoint.kind === 'unix') return endpoint.path;
  } catch (error) {
    throw new UsageError(`${from}: ${messageOf(error)}`);
  }
  throw new UsageError(`${from} ${socket}: spiffe-helper takes a unix socket only, as unix://${usualSocket}`);
}

import { lstatSync } from 'node:fs';
import { connect } from 'node:net';
import { fetchX509Context, WorkloadApiError } from '../../../spiffe/workload-api.ts';
import type { EndpointSocket } from '../../../spiffe/workload-api/endpoint-socket.ts';
import type { HostPort } from '../../../src/host-port.ts';
import { CertificateError } from '../../../src/svid/x509/read.ts';
import type { WorkloadApiSeen } from '../scene.ts';
import { lookAtPort } from './port.ts';

/** Asks a Workload API for the identity of this process, and tells what became of it. */
export async function lookAtWorkloadApi(
  socket: string,
  endpoint: EndpointSocket,
  withinMs: number,
): Promise<WorkloadApiSeen> {
  const trouble = await (endpoint.kind === 'unix' ? socketTrouble(endpoint.path) : portTrouble(endpoint, withinMs));
  if (trouble !== undefined) return { socket, ...trouble };
  try {
    return { socket, state: 'handed', context: await fetchX509Context(endpoint, { withinMs }) };
  } catch (error) {
    if (error instanceof CertificateError)
      return { socket, state: 'other', says: `what it delivers is no certificate: ${error.message}` };
    if (!(error instanceof WorkloadApiError)) throw error;
    const user = `this process (uid ${process.getuid?.()})`;
    if (error.code === 'PERMISSION_DENIED') return { socket, state: 'denied', says: `${user} is handed no identity` };
    if (error.code === 'DEADLINE_EXCEEDED')
      return { socket, state: 'silent', says: `no answer within ${withinMs / 1_000} s` };
    return { socket, state: 'other', says: error.message };
  }
}

type Trouble = Extract<WorkloadApiSeen, { says: string }>;

/** Why a unix socket takes no call; undefined where it does. */
async function socketTrouble(path: string): Promise<Pick<Trouble, 'state' | 'says'> | undefined> {
  try {
    if (!lstatSync(path).isSocket() && !lstatSync(path).isSymbolicLink())
      return { state: 'missing', says: 'what is there is no socket' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'EACCES' ? { state: 'forbidden', says: message } : { state: 'missing', says: message };
  }
  const code = await new Promise<string | undefined>((resolve) => {
    const client = connect({ path });
    client.once('connect', () => (client.destroy(), resolve(undefined)));
    client.once('error', ({ code: of = 'unknown' }: NodeJS.ErrnoException) => resolve(of));
  });
  if (code === undefined) return undefined;
  if (code === 'EACCES' || code === 'EPERM') return { state: 'forbidden', says: `connecting to it: ${code}` };
  if (code === 'ENOENT') return { state: 'missing', says: 'it leads nowhere' };
  // Somebody listens, and takes no more calls.
  if (code === 'EAGAIN') return { state: 'silent', says: 'as many calls wait there already as it lets wait' };
  return code === 'ECONNREFUSED'
    ? { state: 'stale', says: `connecting to it: ${code}` }
    : { state: 'other', says: `connecting to it: ${code}` };
}

/** The same of an address. */
async function portTrouble(at: HostPort, withinMs: number): Promise<Pick<Trouble, 'state' | 'says'> | undefined> {
  const { state, says } = await lookAtPort(at, withinMs);
  return state === 'open' ? undefined : { state: state === 'silent' ? 'silent' : 'missing', says };
}

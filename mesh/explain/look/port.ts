import { hostPortText, type HostPort } from '../../../src/host-port.ts';
import { tryPort } from '../../try-port.ts';
import type { PortSeen } from '../scene.ts';

/** Connects to a port, says nothing, and tells in words what became of it. */
export async function lookAtPort(at: HostPort, withinMs: number): Promise<PortSeen> {
  const { state, trouble } = await tryPort(at, withinMs);
  const words = {
    open: 'takes connections',
    closed: 'refuses connections',
    silent: `does not answer within ${withinMs / 1_000} s`,
    unknown: `is not reached: ${trouble}`,
  } as const;
  const address = hostPortText(at);
  return { address, state, says: `${address} ${words[state]}` };
}

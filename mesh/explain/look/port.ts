import { connect } from 'node:net';
import { hostPortText, type HostPort } from '../../../src/host-port.ts';
import type { PortSeen } from '../scene.ts';

/** Connects to a port and says nothing. */
export function lookAtPort(at: HostPort, withinMs: number): Promise<PortSeen> {
  const address = hostPortText(at);
  return new Promise((resolve) => {
    const socket = connect(at);
    const done = (state: PortSeen['state'], says: string) => {
      clearTimeout(patience);
      socket.destroy();
      resolve({ address, state, says: `${address} ${says}` });
    };
    const patience = setTimeout(() => done('silent', `does not answer within ${withinMs / 1_000} s`), withinMs);
    socket.once('connect', () => done('open', 'takes connections'));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      code === 'ECONNREFUSED'
        ? done('closed', 'refuses connections')
        : done('unreachable', `is not reached: ${message}`),
    );
  });
}

import { connect } from 'node:net';
import type { HostPort } from '../src/host-port.ts';

/** What becomes of a TCP connection to a port: `unknown` where this machine could not ask. */
export type PortState = 'open' | 'closed' | 'silent' | 'unknown';

/** Connects to a port once, and says nothing. @returns with `unknown`, why in the words of the operating system */
export function tryPort(
  at: HostPort,
  withinMs: number,
): Promise<{ readonly state: PortState; readonly trouble?: string }> {
  return new Promise((resolve) => {
    const socket = connect({ ...at });
    const done = (state: PortState, trouble?: string) => {
      clearTimeout(patience);
      socket.destroy();
      resolve({ state, ...(trouble !== undefined && { trouble }) });
    };
    const patience = setTimeout(() => done('silent'), withinMs);
    // On one machine a port that nobody listens at may meet itself.
    socket.once('connect', () => done(socket.localPort === at.port ? 'closed' : 'open'));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      code === 'ECONNREFUSED' ? done('closed') : done('unknown', message),
    );
  });
}

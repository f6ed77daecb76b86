import type { IncomingMessage, Server } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { hostPortText, type HostPort } from '../src/host-port.ts';

/** A listener without TLS. Disposing it ends its connections, too. */
export interface PlainListener extends AsyncDisposable {
  /** host:port where it listens. */
  readonly address: string;
}

/** Lets a server of HTTP listen; port 0 stands for any that is free. @throws what the address cannot be bound for */
export async function listenPlainly(server: Server, { host, port }: HostPort): Promise<PlainListener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    address: hostPortText({ host, port: (server.address() as AddressInfo).port }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** Whether nobody but programs of this host reaches a listener there. */
export function isLoopback({ host }: HostPort): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * The names by which such a listener may be asked for: its address, and localhost. A page of somebody else whose name leads to loopback asks by that
 * name, and could read the answer.
 */
export function ownNames({ socket }: Pick<IncomingMessage, 'socket'>): readonly string[] {
  const { localAddress = '', localPort = 0 } = socket;
  const named = [localAddress, 'localhost'].map((host) => hostPortText({ host, port: localPort }));
  // The usual port is left out by browsers.
  return localPort === 80 ? [...named, ...named.map((one) => one.slice(0, -':80'.length))] : named;
}

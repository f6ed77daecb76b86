import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Outcome } from '../../src/history.ts';
import { hostPort } from '../../src/host-port.ts';
import { drip, flood, handshake, hex, record } from './wire.ts';

/** A service that was made to call, and does what no caller should. */
export interface HostileCaller {
  readonly id: string;
  /** Makes the call, and ends with what the service says of it; the connection goes on. */
  call(address: string): Promise<'accepted' | 'refused'>;
  readonly outcome: Outcome;
  readonly how: RegExp;
}

const opened = (address: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connectTcp(hostPort(address), () => resolve(socket));
    socket.on('error', reject);
  });
const secured = (address: string): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ ...hostPort(address), rejectUnauthorized: false }, () => resolve(socket));
    socket.on('error', reject);
  });

/** Says so and goes on with what it does. */
const says =
  <T extends Socket>(
    what: 'accepted' | 'refused',
    open: (address: string) => Promise<T>,
    then: (socket: T) => unknown,
  ) =>
  async (address: string) => {
    then(await open(address));
    return what;
  };

const hello = record('handshake', handshake(1, Buffer.alloc(200)));

export const hostileCallers: readonly HostileCaller[] = [
  {
    id: 'never calls, and says that it did',
    call: async () => 'accepted',
    outcome: 'unknown',
    how: /never connected.*contradict/,
  },
  { id: 'never calls', call: async () => 'refused', outcome: 'unknown', how: /never connected/ },
  {
    ...{ id: 'connects and says nothing', outcome: 'unknown', how: /neither closed nor sent anything/ },
    call: says('refused', opened, () => undefined),
  },
  {
    ...{
      id: 'connects a thousand times and says nothing',
      outcome: 'unknown',
      how: /neither closed nor sent anything/,
    },
    call: says(
      'refused',
      async (address) => (await Promise.all(Array.from({ length: 1_000 }, () => opened(address))))[0]!,
      () => undefined,
    ),
  },
  {
    ...{ id: 'text without end instead of TLS', outcome: 'refused', how: /./ },
    call: says('refused', opened, (socket) => flood(socket, 'GET / HTTP/1.1\r\n'.repeat(500))),
  },
  {
    ...{ id: 'a hello of 16 MB', outcome: 'refused', how: /./ },
    call: says('refused', opened, (socket) =>
      flood(
        socket,
        record('handshake', handshake(1, Buffer.alloc(16), 0xffffff)),
        record('handshake', Buffer.alloc(16_000)),
      ),
    ),
  },
  {
    ...{ id: 'a hello, byte by byte', outcome: 'unknown', how: /neither closed nor sent anything/ },
    call: says('refused', opened, (socket) => drip(socket, hello, '')),
  },
  {
    ...{ id: 'warnings without end', outcome: 'refused', how: /./ },
    call: says('refused', opened, (socket) => flood(socket, record('alert', hex('01 00')))),
  },
  {
    ...{ id: 'shakes hands and says nothing', outcome: 'unknown', how: /neither closed nor sent anything/ },
    call: says('refused', secured, () => undefined),
  },
  {
    ...{ id: 'shakes hands and talks without end', outcome: 'accepted', how: /sent application data/ },
    call: says('refused', secured, (socket) => flood(socket, 'x'.repeat(10_000))),
  },
  {
    ...{ id: 'shakes hands, resets, and says that it was let in', outcome: 'unknown', how: /contradict/ },
    call: says('accepted', secured, (socket) => socket.destroy()),
  },
];

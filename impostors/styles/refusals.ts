import { createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Behaviour } from '../../mesh/node/behaviour.ts';
import type { Conformer } from '../conformer.ts';

/** Reads the request of whom it turns away, answers it, and closes. */
export const answering = (status: string, body: string) => (socket: TLSSocket) => {
  const head = `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
  socket.once('data', () => socket.end(head + body));
};

/** Ends the TCP connection below TLS by a reset. */
function resetting(): Partial<Behaviour> {
  const below = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  return {
    entrance: (tlsServer) =>
      createServer((socket) => {
        const name = nameOf(socket);
        below.set(name, socket);
        socket.once('close', () => below.delete(name));
        tlsServer.emit('connection', socket);
      }),
    refuse: (socket) => void below.get(nameOf(socket))?.resetAndDestroy(),
  };
}

/** Ways to turn a peer away when its handshake is complete, as it is for a client of TLS 1.3 when the server judges. */
export const refusalStyles: readonly Conformer[] = [
  {
    kind: 'node',
    id: 'refuses-by-close-notify',
    title: 'Turns a peer away by close_notify',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    // Nobody sees the end of a socket that nobody reads.
    change: { refuse: (socket) => void socket.end().resume() },
  },
  {
    kind: 'node',
    id: 'refuses-by-reset',
    title: 'Turns a peer away by a reset',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    change: resetting(),
  },
  {
    kind: 'node',
    id: 'refuses-when-asked',
    title: 'Turns a peer away when it has read its request',
    judgedBy: ['suites', 'rotation'],
    change: { refuse: (socket) => void socket.once('data', () => socket.destroy()) },
  },
  {
    kind: 'node',
    id: 'refuses-late',
    title: 'Takes 100 ms to turn a peer away',
    judgedBy: ['suites', 'rotation'],
    change: { refuse: (socket) => void setTimeout(() => socket.destroy(), 100) },
  },
  {
    kind: 'node',
    id: 'refuses-with-403',
    title: 'Answers 403 with a body to a peer that it turns away, as proxies do that authorise',
    judgedBy: ['suites', 'rotation'],
    change: { refuse: answering('403 Forbidden', '{"error":"spiffe ID not allowed"}') },
  },
  {
    kind: 'node',
    id: 'refuses-with-400',
    title: 'Answers 400 with a page to a peer that it turns away, as nginx does',
    judgedBy: ['suites'],
    change: { refuse: answering('400 Bad Request', '<html>400 The SSL certificate error</html>\r\n') },
  },
];

import { drip, flood, handshake, hex, record, serverHello, silent } from './wire.ts';
import type { Hostile } from './servers.ts';

const hello = { protocol: 'hello' } as const;

/** What is done before TLS stands. */
export const below: readonly Hostile[] = [
  { id: 'closes at once', ...hello, serve: (socket) => socket.end(), outcome: 'refused', how: /closed/ },
  { id: 'resets at once', ...hello, serve: (socket) => socket.resetAndDestroy(), outcome: 'refused', how: /reset/ },
  { id: 'says nothing, ever', ...hello, serve: () => undefined, outcome: 'unknown', how: silent },
  { id: 'reads nothing, ever', ...hello, serve: (socket) => socket.pause(), outcome: 'unknown', how: silent },
  {
    ...{ id: 'closes its half and goes on reading', ...hello, outcome: 'refused', how: /closed/ },
    serve: (socket) => socket.once('data', () => socket.end()).resume(),
  },
  {
    ...{ id: 'a banner without end', ...hello, outcome: 'refused', how: /without TLS/ },
    serve: (socket) => flood(socket, '220 welcome '.repeat(5_000)),
  },
  {
    ...{ id: 'a banner, byte by byte', ...hello, outcome: 'refused', how: /without TLS/ },
    serve: (socket) => drip(socket, 'SSH-2.0-server ', 'and more '),
  },
  {
    ...{ id: 'HTTP in the clear', ...hello, outcome: 'refused', how: /without TLS/ },
    serve: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
  {
    ...{ id: 'a way to elsewhere, in the clear', ...hello, outcome: 'refused', how: /without TLS/ },
    serve: (socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\n\r\n')),
  },
  {
    ...{ id: 'a record that is longer than any', ...hello, outcome: 'unknown', how: /ERR_SSL_\w*LENGTH_TOO_LONG/ },
    serve: (socket) => socket.once('data', () => flood(socket, record('handshake', Buffer.alloc(60_000), 65_535))),
  },
  {
    ...{ id: 'a record that never ends', ...hello, outcome: 'unknown', how: silent },
    serve: (socket) => socket.once('data', () => drip(socket, record('handshake', hex('02'), 16_000), 'x')),
  },
  {
    ...{ id: 'a message of 16 MB', ...hello, outcome: 'unknown', how: /excessive message size/i },
    serve: (socket) =>
      socket.once('data', () => {
        const piece = record('handshake', Buffer.alloc(16_000));
        flood(socket, record('handshake', handshake(2, Buffer.alloc(16), 0xffffff)), piece);
      }),
  },
  {
    ...{ id: 'records without content', ...hello, outcome: 'unknown', how: /ERR_SSL/ },
    serve: (socket) => socket.once('data', () => flood(socket, record('handshake', Buffer.alloc(0)))),
  },
  {
    ...{ id: 'a certificate of 16 MB in the clear', ...hello, outcome: 'unknown', how: /ERR_SSL/ },
    serve: (socket) =>
      socket.once('data', (asked: Buffer) => {
        const piece = record('handshake', Buffer.alloc(16_000));
        flood(
          socket,
          Buffer.concat([serverHello(asked, {}), record('handshake', handshake(11, Buffer.alloc(9), 0xffffff))]),
          piece,
        );
      }),
  },
  {
    ...{ id: 'changes of cipher without end', ...hello, outcome: 'unknown', how: /ERR_SSL/ },
    serve: (socket) =>
      socket.once('data', (asked: Buffer) => flood(socket, serverHello(asked, {}), record('ccs', hex('01')))),
  },
  {
    ...{ id: 'warnings without end', ...hello, outcome: 'unknown', how: /TOO_MANY_WARN_ALERTS/ },
    serve: (socket) => socket.once('data', () => flood(socket, record('alert', hex('01 70')))),
  },
  {
    ...{ id: 'an alert that nobody knows', ...hello, outcome: 'refused', how: /alert|reset/ },
    serve: (socket) => socket.once('data', () => socket.end(record('alert', hex('02 fe')))),
  },
  {
    ...{ id: 'data before any handshake', ...hello, outcome: 'unknown', how: /ERR_SSL/ },
    serve: (socket) => socket.once('data', () => flood(socket, record('data', Buffer.alloc(1_000)))),
  },
  {
    ...{ id: 'wants the hello again and again', ...hello, outcome: 'unknown', how: /ERR_SSL/ },
    serve: (socket) => {
      let first: Buffer | undefined;
      socket.on('data', (asked: Buffer) => socket.write(serverHello((first ??= asked), { retry: true })));
    },
  },
  {
    ...{ id: 'a version that was not offered', ...hello, outcome: 'unknown', how: /version/i },
    serve: (socket) => socket.once('data', (asked: Buffer) => socket.write(serverHello(asked, { version: '0302' }))),
  },
  {
    ...{ id: 'a cipher that nobody knows', ...hello, outcome: 'unknown', how: /ERR_SSL/ },
    serve: (socket) => socket.once('data', (asked: Buffer) => socket.write(serverHello(asked, { suite: 'fafa' }))),
  },
  {
    ...{
      id: 'what is no encryption after the first hello',
      ...hello,
      outcome: 'unknown',
      how: /DECRYPTION_FAILED_OR_BAD_RECORD_MAC/,
    },
    serve: (socket) =>
      socket.once('data', (asked: Buffer) =>
        flood(socket, serverHello(asked, {}), record('data', Buffer.alloc(500, 1))),
      ),
  },
  {
    ...{ id: 'bytes by chance', ...hello, outcome: 'refused', how: /without TLS/ },
    serve: (socket) =>
      socket.once('data', () =>
        flood(socket, Buffer.from(Array.from({ length: 4_099 }, (_, nth) => (nth * 7919 + 133) % 251))),
      ),
  },
  {
    ...{ id: 'says nothing in the clear', protocol: 'http', plaintext: true, outcome: 'unknown', how: silent },
    serve: () => undefined,
  },
  {
    ...{
      id: 'an answer in the clear without end',
      protocol: 'http',
      plaintext: true,
      outcome: 'unknown',
      how: /in the clear/,
    },
    serve: (socket) => flood(socket, 'x'.repeat(60_000)),
  },
  {
    ...{
      id: 'an answer in the clear, byte by byte',
      protocol: 'http',
      plaintext: true,
      outcome: 'unknown',
      how: /in the clear/,
    },
    serve: (socket) => drip(socket, 'HTTP', '/'),
  },
  {
    ...{
      id: 'headers in the clear without end',
      protocol: 'http',
      plaintext: true,
      outcome: 'accepted',
      how: /in the clear/,
    },
    serve: (socket) => flood(socket, 'HTTP/1.1 200 OK\r\n', 'x-more: and more\r\n'),
  },
];

import { gzipSync } from 'node:zlib';
import type { Hostile } from './servers.ts';
import { drip, flood, silent } from './wire.ts';

const over = (protocol: 'hello' | 'http' | 'websocket') => ({ protocol, behindTls: true }) as const;
const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const length = (body: string | Buffer) => `content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
const deep = '['.repeat(30_000) + ']'.repeat(30_000);
const bomb = gzipSync(Buffer.alloc(50_000_000));
const long = JSON.stringify({ self: 'x'.repeat(30_000), peer: 'y'.repeat(30_000) });

/** What is done over TLS that is right, where HTTP/1.1 is spoken. */
export const http1: readonly Hostile[] = [
  { id: 'no word after the handshake', ...over('hello'), serve: () => undefined, outcome: 'unknown', how: silent },
  {
    ...{ id: 'closes its half after the handshake', ...over('hello'), outcome: 'refused', how: /closed/ },
    serve: (socket) => socket.end(),
  },
  {
    ...{ id: 'a status line without end', ...over('hello'), outcome: 'unknown', how: /no end|no HTTP/ },
    serve: (socket) => flood(socket, 'HTTP/1.1 200 ', 'O'.repeat(10_000)),
  },
  {
    ...{ id: 'a header without end', ...over('hello'), outcome: 'unknown', how: /no end|no HTTP/ },
    serve: (socket) => flood(socket, `${ok}x-more: `, 'x'.repeat(10_000)),
  },
  {
    ...{ id: 'headers without end', ...over('hello'), outcome: 'unknown', how: /no end|no HTTP/ },
    serve: (socket) => flood(socket, ok, 'x-more: and more\r\n'.repeat(500)),
  },
  {
    ...{ id: 'hints without end', ...over('hello'), outcome: 'unknown', how: /no end/ },
    serve: (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(200)),
  },
  {
    ...{ id: 'a body without end', ...over('hello'), outcome: 'unknown', how: /no end/ },
    serve: (socket) => flood(socket, `${ok}\r\n`, '{"self":'.repeat(2_000)),
  },
  {
    ...{ id: 'chunks without end', ...over('hello'), outcome: 'unknown', how: /no end/ },
    serve: (socket) => flood(socket, `${ok}transfer-encoding: chunked\r\n\r\n`, '1\r\n{\r\n'.repeat(1_000)),
  },
  {
    ...{ id: 'a chunk of all there is', ...over('hello'), outcome: 'unknown', how: /no end|no HTTP/ },
    serve: (socket) => flood(socket, `${ok}transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFF\r\n`, 'x'.repeat(10_000)),
  },
  {
    ...{ id: 'a chunk whose size overflows', ...over('hello'), outcome: 'unknown', how: /no HTTP/ },
    serve: (socket) => socket.write(`${ok}transfer-encoding: chunked\r\n\r\n${'F'.repeat(40)}\r\n`),
  },
  {
    ...{ id: 'trailers without end', ...over('hello'), outcome: 'unknown', how: /no end|no HTTP/ },
    serve: (socket) =>
      flood(socket, `${ok}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n`, 'x-more: and more\r\n'.repeat(500)),
  },
  {
    ...{ id: 'a length below nothing', ...over('hello'), outcome: 'unknown', how: /no HTTP/ },
    serve: (socket) => socket.write(`${ok}content-length: -1\r\n\r\n{}`),
  },
  {
    ...{ id: 'two lengths', ...over('hello'), outcome: 'unknown', how: /no HTTP/ },
    serve: (socket) => socket.write(`${ok}content-length: 2\r\ncontent-length: 3\r\n\r\n{}}`),
  },
  {
    ...{ id: 'a length and chunks', ...over('hello'), outcome: 'unknown', how: /no HTTP/ },
    serve: (socket) => socket.write(`${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
  },
  {
    ...{ id: 'less than it promised', ...over('hello'), outcome: 'unknown', how: /in the middle of an answer/ },
    serve: (socket) => socket.end(`${ok}content-length: 200\r\n\r\n{"self":"spiffe://a`),
  },
  {
    ...{ id: 'a way to elsewhere', ...over('hello'), outcome: 'unknown', how: /301/ },
    serve: (socket) =>
      socket.end('HTTP/1.1 301 Moved\r\nlocation: https://127.0.0.1:1/hello\r\ncontent-length: 0\r\n\r\n'),
  },
  {
    ...{ id: 'asks for another protocol', ...over('hello'), outcome: 'unknown', how: /in the middle|101/ },
    serve: (socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'),
  },
  {
    ...{ id: 'fifty megabytes, packed', ...over('hello'), outcome: 'unknown', how: /no JSON/ },
    serve: (socket) => {
      socket.write(`${ok}content-encoding: gzip\r\n${length(bomb)}`);
      socket.end(bomb);
    },
  },
  {
    ...{ id: 'JSON of great depth', ...over('hello'), outcome: 'accepted', how: /naming nobody/ },
    serve: (socket) => socket.end(`${ok}${length(deep)}${deep}`),
  },
  {
    ...{ id: 'names of great length', ...over('hello'), outcome: 'accepted', how: /^.{0,6000}$/s },
    serve: (socket) => socket.end(`${ok}${length(long)}${long}`),
  },
  {
    ...{ id: 'a body, byte by byte', ...over('hello'), outcome: 'unknown', how: silent },
    serve: (socket) => drip(socket, `${ok}\r\n`, ' '),
  },
  {
    ...{ id: 'a version that there is none of', ...over('hello'), outcome: 'unknown', how: /no HTTP/ },
    serve: (socket) => socket.end('HTTP/9.9 200 OK\r\n\r\n'),
  },
  {
    ...{ id: 'bytes that are no text', ...over('http'), outcome: 'unknown', how: /no HTTP/ },
    serve: (socket) => flood(socket, Buffer.alloc(10_000)),
  },
  {
    ...{ id: 'a reset in the middle', ...over('http'), outcome: 'unknown', how: /in the middle/ },
    serve: (socket) => socket.write('HTTP/1.1 20', () => setTimeout(() => socket.destroy(), 50)),
  },
  {
    ...{ id: 'a status of three nines', ...over('http'), outcome: 'unknown', how: /answered 999/ },
    serve: (socket) => socket.end('HTTP/1.1 999 Whatever\r\ncontent-length: 0\r\n\r\n'),
  },
  {
    ...{ id: 'a body without end, behind a status', ...over('http'), outcome: 'unknown', how: /answered 200/ },
    serve: (socket) => flood(socket, `${ok}\r\n`, 'x'.repeat(10_000)),
  },
  {
    ...{ id: 'redirects in a circle', ...over('http'), outcome: 'unknown', how: /answered 302/ },
    serve: (socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'),
  },
  {
    ...{ id: 'frames of a WebSocket without end', ...over('websocket'), outcome: 'accepted', how: /101/ },
    serve: (socket) =>
      flood(
        socket,
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n',
        Buffer.alloc(10_000, 0x82),
      ),
  },
  {
    ...{ id: 'an upgrade that never comes', ...over('websocket'), outcome: 'unknown', how: silent },
    serve: (socket) => drip(socket, 'HTTP/1.1 101 Switching Protocols\r\n', 'x'),
  },
  {
    ...{
      id: 'an upgrade to something else',
      ...over('websocket'),
      outcome: 'unknown',
      how: /answered 200 to the upgrade/,
    },
    serve: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  },
  {
    ...{
      id: 'ten thousand names in a certificate',
      ...over('http'),
      shows: 'many-names',
      outcome: 'unknown',
      how: /EXCESSIVE_MESSAGE_SIZE/,
    },
    serve: (socket) => socket.end(`${ok}content-length: 0\r\n\r\n`),
  },
  {
    ...{
      id: 'a chain of many certificates',
      ...over('http'),
      shows: 'many-certificates',
      outcome: 'unknown',
      how: /EXCESSIVE_MESSAGE_SIZE/,
    },
    serve: (socket) => socket.end(`${ok}content-length: 0\r\n\r\n`),
  },
];

import type { Hostile } from './servers.ts';
import { asked, drip, flood, frame, hex, silent } from './wire.ts';

const over = (protocol: 'h2' | 'grpc') => ({ protocol, behindTls: true }) as const;
const nothing = Buffer.alloc(0);
const settings = frame(4, 0, 0, nothing);
const acknowledged = frame(4, 1, 0, nothing);
const begin = Buffer.concat([settings, acknowledged]);
// Source: RFC 7541, appendix A: 8 is `:status: 200`.
const status200 = hex('88');
const headers = (block: Buffer, flags = 4) => frame(1, flags, 1, block);
const literal = (name: string, value: string) => {
  const [length, of] = [Buffer.from([name.length]), Buffer.from([0x7f, 0, 0])];
  // An integer of seven bits that overflows into the next ones.
  const rest = value.length - 127;
  of[1] = (rest & 0x7f) | 0x80;
  of[2] = rest >> 7;
  return Buffer.concat([hex('00'), length, Buffer.from(name), of, Buffer.from(value)]);
};

/** What is done over TLS that is right, where HTTP/2 is spoken. */
export const http2: readonly Hostile[] = [
  { id: 'h2: no settings, ever', ...over('h2'), serve: () => undefined, outcome: 'unknown', how: silent },
  {
    ...{ id: 'h2: HTTP/1.1 instead', ...over('h2'), outcome: 'unknown', how: /no HTTP\/2/ },
    serve: asked((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
  {
    ...{ id: 'h2: settings without end', ...over('h2'), outcome: 'unknown', how: /Flooding was detected/ },
    serve: asked((socket) => flood(socket, begin, Buffer.concat(Array(500).fill(settings)))),
  },
  {
    ...{ id: 'h2: pings without end', ...over('h2'), outcome: 'unknown', how: /Flooding was detected/ },
    serve: asked((socket) => flood(socket, begin, Buffer.concat(Array(500).fill(frame(6, 0, 0, Buffer.alloc(8)))))),
  },
  {
    ...{ id: 'h2: headers that go on and on', ...over('h2'), outcome: 'unknown', how: /Too many CONTINUATION frames/ },
    serve: asked((socket) =>
      flood(socket, Buffer.concat([begin, headers(status200, 0)]), frame(9, 0, 1, literal('x', 'y'.repeat(8_000)))),
    ),
  },
  {
    ...{ id: 'h2: headers that unpack to a gigabyte', ...over('h2'), outcome: 'unknown', how: /reset with error 11/ },
    serve: asked((socket) => {
      // One entry of 4 kB in the table, and then it thousands of times by one byte.
      const entry = Buffer.concat([hex('40'), literal('bomb', 'z'.repeat(3_900)).subarray(1)]);
      const again = Buffer.alloc(8_000, 0xbe);
      flood(socket, Buffer.concat([begin, headers(Buffer.concat([status200, entry]), 0)]), frame(9, 0, 1, again));
    }),
  },
  {
    ...{ id: 'h2: goes away at once', ...over('h2'), outcome: 'unknown', how: /reset with error 7/ },
    serve: asked((socket) => socket.end(Buffer.concat([begin, frame(7, 0, 0, hex('00000000 00000000'))]))),
  },
  {
    ...{ id: 'h2: goes away without end', ...over('h2'), outcome: 'unknown', how: silent },
    serve: asked((socket) =>
      flood(socket, begin, Buffer.concat(Array(300).fill(frame(7, 0, 0, hex('7fffffff 00000000'))))),
    ),
  },
  {
    ...{ id: 'h2: resets what was asked', ...over('h2'), outcome: 'unknown', how: /reset with error 7/ },
    serve: asked((socket) => socket.write(Buffer.concat([begin, frame(3, 0, 1, hex('00000007'))]))),
  },
  {
    ...{ id: 'h2: a frame that is longer than any', ...over('h2'), outcome: 'unknown', how: /no HTTP\/2/ },
    serve: asked((socket) =>
      flood(socket, Buffer.concat([begin, frame(0, 0, 1, nothing, 0xffffff)]), Buffer.alloc(10_000)),
    ),
  },
  {
    ...{ id: 'h2: a window that overflows', ...over('h2'), outcome: 'unknown', how: /Flow control error/ },
    serve: asked((socket) =>
      socket.write(Buffer.concat([begin, frame(8, 0, 0, hex('7fffffff')), frame(8, 0, 0, hex('7fffffff'))])),
    ),
  },
  {
    ...{ id: 'h2: headers without a status', ...over('h2'), outcome: 'unknown', how: /reset with error 1 / },
    serve: asked((socket) => socket.write(Buffer.concat([begin, headers(literal('x', 'y'.repeat(200)), 5)]))),
  },
  {
    ...{ id: 'h2: hints without end', ...over('h2'), outcome: 'unknown', how: /64 hints/ },
    serve: asked((socket) => {
      // Source: RFC 7541 §6.2.2: a literal with the indexed name 8, `:status`, and the value 103.
      const hint = headers(hex('08 03 313033'));
      flood(socket, begin, Buffer.concat(Array(200).fill(hint)));
    }),
  },
  {
    ...{ id: 'h2: pushes without end', ...over('h2'), outcome: 'unknown', how: /no HTTP\/2/ },
    serve: asked((socket) => flood(socket, begin, frame(5, 4, 1, Buffer.concat([hex('00000002'), hex('82 84 87')])))),
  },
  {
    ...{ id: 'h2: frames of a kind that nobody knows', ...over('h2'), outcome: 'unknown', how: /no HTTP\/2/ },
    serve: asked((socket) =>
      flood(socket, begin, Buffer.concat(Array(300).fill(frame(0xee, 0, 0, Buffer.alloc(100))))),
    ),
  },
  {
    ...{ id: 'h2: settings, byte by byte', ...over('h2'), outcome: 'unknown', how: /no HTTP\/2/ },
    serve: asked((socket) => drip(socket, hex('00 00 ff 04'), 'x')),
  },
  {
    ...{ id: 'gRPC: no window for the question', ...over('grpc'), outcome: 'unknown', how: silent },
    serve: (socket) => {
      socket.write(frame(4, 0, 0, hex('0004 00000000')));
      asked(() => socket.write(acknowledged))(socket);
    },
  },
  {
    ...{ id: 'gRPC: messages without end', ...over('grpc'), outcome: 'unknown', how: /no end/ },
    serve: asked((socket) =>
      flood(
        socket,
        Buffer.concat([begin, headers(status200)]),
        frame(0, 0, 1, Buffer.concat(Array(100).fill(hex('00 00000004 08010801')))),
      ),
    ),
  },
  {
    ...{ id: 'gRPC: a message of four gigabytes', ...over('grpc'), outcome: 'unknown', how: silent },
    serve: asked((socket) => {
      socket.write(Buffer.concat([begin, headers(status200), frame(0, 0, 1, hex('00 ffffffff'))]));
    }),
  },
  {
    ...{ id: 'gRPC: a status that is no number', ...over('grpc'), outcome: 'unknown', how: /grpc-status/ },
    serve: asked((socket) => {
      const status = Buffer.concat([hex('00 0b'), Buffer.from('grpc-status'), hex('03'), Buffer.from('yes')]);
      socket.write(Buffer.concat([begin, headers(Buffer.concat([status200, status]), 5)]));
    }),
  },
  {
    ...{ id: 'gRPC: a status and no end', ...over('grpc'), outcome: 'unknown', how: /reset with error 2/ },
    serve: asked((socket) => flood(socket, Buffer.concat([begin, headers(status200)]), frame(0, 0, 1, nothing))),
  },
];

import type { Socket } from 'node:net';

/** Bytes by hex, with spaces between as they help. */
export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** A TLS record. Source: RFC 8446 §5.1. @param length - what it claims to be; its own length when left out */
export function record(type: 'alert' | 'handshake' | 'data' | 'ccs', body: Buffer, length = body.length): Buffer {
  const head = Buffer.from([{ ccs: 20, alert: 21, handshake: 22, data: 23 }[type], 3, 3, 0, 0]);
  head.writeUInt16BE(length, 3);
  return Buffer.concat([head, body]);
}

/** A handshake message. Source: RFC 8446 §4. @param length - what it claims to be */
export function handshake(type: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  head[0] = type;
  return Buffer.concat([head, body]);
}

// Source: RFC 8446 §4.1.3: the random value by which a ServerHello is a HelloRetryRequest.
const retryRandom = hex('CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C');

/** A ServerHello to a ClientHello, or a HelloRetryRequest to it that wants P-384. */
export function serverHello(
  clientHello: Buffer,
  { retry = false, version = '0304', suite = '1301' }: { retry?: boolean; version?: string; suite?: string },
): Buffer {
  // Behind record header, message header, version and random.
  const session = clientHello.subarray(44, 44 + clientHello[43]!);
  const share = retry ? '0033 0002 0018' : `0033 0024 001d 0020 ${'09'.repeat(32)}`;
  const extensions = hex(`002b 0002 ${version} ${share}`);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(extensions.length);
  const body = [
    ...[hex('0303'), retry ? retryRandom : Buffer.alloc(32, 5), Buffer.from([session.length]), session],
    ...[hex(suite), hex('00'), length, extensions],
  ];
  return record('handshake', handshake(2, Buffer.concat(body)));
}

/** A frame of HTTP/2. Source: RFC 9113 §4.1. */
export function frame(type: number, flags: number, stream: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** A message of PostgreSQL. Source: PostgreSQL documentation, 54.7. */
export function message(type: string, body: string | Buffer, length?: number): Buffer {
  const bytes = Buffer.from(body as string, 'latin1');
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(length ?? bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

/** Says the same over and over as fast as it is taken, until the other side is gone. */
export function flood(socket: Socket, ...[first, again = first]: readonly [Buffer | string, (Buffer | string)?]): void {
  const more = () => {
    while (!socket.destroyed && socket.writable && socket.write(again, 'latin1'));
  };
  socket.on('drain', more);
  socket.write(first, 'latin1');
  more();
}

const dripMs = 20;

/** Says one byte after the other, the last ones over and over. */
export function drip(socket: Socket, bytes: Buffer | string, over: Buffer | string = ''): void {
  const all = Buffer.from(bytes as string, 'latin1');
  const then = Buffer.from(over as string, 'latin1');
  let at = 0;
  const timer = setInterval(() => {
    const next = at < all.length ? all[at] : then.length > 0 ? then[(at - all.length) % then.length] : undefined;
    at++;
    if (next === undefined || socket.destroyed) clearInterval(timer);
    else socket.write(Buffer.from([next]));
  }, dripMs);
}

/** How it is told that nothing was said. */
export const silent = /neither answered nor closed within/;

/** What a server does once it was asked for something. */
export const asked = (serve: (socket: Socket) => void) => (socket: Socket) => {
  socket.once('data', () => serve(socket));
};

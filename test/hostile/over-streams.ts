import type { Hostile } from './servers.ts';
import { asked, drip, flood, message, silent } from './wire.ts';

const postgres = { protocol: 'postgres', speech: { user: 'app' } } as const;
const inTls = { ...postgres, behindTls: true } as const;

/** What is done where PostgreSQL is spoken, or bytes of any kind. A server of PostgreSQL that is right until TLS stands says S by itself. */
export const streams: readonly Hostile[] = [
  {
    id: 'postgres: no answer to the request for TLS',
    ...postgres,
    serve: () => undefined,
    outcome: 'unknown',
    how: silent,
  },
  {
    ...{
      id: 'postgres: more than one byte to the request for TLS',
      ...postgres,
      outcome: 'unknown',
      how: /request for TLS/,
    },
    serve: asked((socket) => flood(socket, 'S'.repeat(10_000))),
  },
  {
    ...{
      id: 'postgres: an error without end to the request for TLS',
      ...postgres,
      outcome: 'unknown',
      how: /request for TLS/,
    },
    serve: asked((socket) => flood(socket, 'E'.repeat(10_000))),
  },
  {
    ...{ id: 'postgres: TLS that never comes', ...postgres, outcome: 'unknown', how: silent },
    serve: asked((socket) => socket.write('S')),
  },
  {
    ...{ id: 'postgres: no word after the handshake', ...inTls, outcome: 'unknown', how: silent },
    serve: () => undefined,
  },
  {
    ...{ id: 'postgres: a message of two gigabytes', ...inTls, outcome: 'unknown', how: /no PostgreSQL/ },
    serve: asked((socket) => flood(socket, message('R', '', 0x7fffffff), Buffer.alloc(10_000))),
  },
  {
    ...{
      id: 'postgres: a message that is shorter than its length',
      ...inTls,
      outcome: 'unknown',
      how: /no PostgreSQL/,
    },
    serve: asked((socket) => socket.write(message('R', '\0\0\0\0', 1))),
  },
  {
    ...{ id: 'postgres: notices without end', ...inTls, outcome: 'unknown', how: /type N/ },
    serve: asked((socket) => flood(socket, message('N', 'Mand more\0\0'))),
  },
  {
    ...{ id: 'postgres: an error, byte by byte', ...inTls, outcome: 'unknown', how: silent },
    serve: asked((socket) => drip(socket, message('E', '', 8_000), 'x')),
  },
  {
    ...{ id: 'postgres: an error without fields', ...inTls, outcome: 'unknown', how: /answered error/ },
    serve: asked((socket) => socket.write(message('E', '\0'))),
  },
  {
    ...{ id: 'tcp: a banner without end', protocol: 'tcp', behindTls: true, outcome: 'unknown', how: /answered "220/ },
    serve: (socket) => flood(socket, '220 and more '.repeat(1_000)),
  },
  {
    ...{
      id: 'tcp: a banner, byte by byte',
      protocol: 'tcp',
      behindTls: true,
      outcome: 'unknown',
      how: /answered "220/,
    },
    serve: (socket) => drip(socket, '220 ', 'and more '),
  },
  {
    ...{
      id: 'tcp: opens and says nothing',
      protocol: 'tcp',
      behindTls: true,
      outcome: 'unknown',
      how: /said nothing|neither/,
    },
    serve: () => undefined,
  },
  {
    ...{
      id: 'tcp: says what it was told',
      protocol: 'tcp',
      speech: { send: 'PING' },
      behindTls: true,
      outcome: 'unknown',
      how: /answered "PING/,
    },
    serve: (socket) => socket.pipe(socket),
  },
];

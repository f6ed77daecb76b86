import type { Server as HttpServer } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import type { Behaviour } from '../../mesh/node/behaviour.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import type { Impostor } from '../impostor.ts';

const mostConnections = 300;
const mostIdle = 64;
const awayMs = 100;

/** Ends as a program does that did not expect this. */
function crash(of: string): never {
  console.error(`panic: ${of}`);
  process.exit(70);
}

function notReadyAfterRotation(): Partial<Behaviour> {
  let rotatedMs = -Infinity;
  return {
    rotate: (listener, next) => {
      rotatedMs = performance.now();
      listener.renew(next);
    },
    ready: (held, serving) => serving && held !== undefined && performance.now() - rotatedMs > awayMs,
  };
}

function refusesWithoutAgent(): Partial<Behaviour> {
  let broken = false;
  return {
    trouble: () => {
      broken = true;
    },
    judgeClient: (chain, held, allow, at) =>
      broken ? { ok: false, why: 'the Workload API is away' } : judgePeer(chain, held, allow, at),
  };
}

function neverReconnects(): Partial<Behaviour> {
  let broken = false;
  return {
    trouble: () => {
      broken = true;
    },
    update: (context) => (broken ? undefined : context),
  };
}

/** Takes no more connections after so many. */
function closesAfterMany(tls: TlsServer): TlsServer {
  let taken = 0;
  tls.on('connection', () => {
    if (++taken === mostConnections) tls.close();
  });
  return tls;
}

/** Each connection that ends without having asked anything takes a place for ever. */
function leaksIdle(tls: TlsServer, http: HttpServer): TlsServer {
  let leaked = 0;
  const leak = () => {
    if (++leaked === mostIdle) tls.close();
  };
  tls.on('connection', (socket) => {
    socket.once('close', () => {
      if (socket.bytesRead === 0) leak();
    });
  });
  const asked = new WeakSet<object>();
  http.on('request', ({ socket }) => asked.add(socket));
  http.on('connection', (socket) => {
    socket.once('close', () => {
      if (!asked.has(socket)) leak();
    });
  });
  return tls;
}

/** Nodes whose life is not what it should be: they end too early, too late, or while they are there. */
export const nodeImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'node-dies-of-garbage',
    title: 'It ends when a client speaks no TLS',
    breaks: 'mesh/node/stays-alive',
    reason: /^NODE: it exited with code 70 while it was judged.*; under way: .* as server: .*; its last words: panic: /,
    change: {
      // A caller that hangs up is none that speaks something else.
      entrance: (tls) =>
        tls.on('tlsClientError', ({ message, code }: NodeJS.ErrnoException) => {
          if (code?.startsWith('ERR_SSL') === true) crash(message);
        }),
    },
  },
  {
    kind: 'node',
    id: 'node-stops-after-300',
    title: 'It takes no connection after the three hundredth',
    breaks: 'mesh/node/many-connections',
    reason: /^NODE: after \d+ connections, .* a right client was not accepted: ECONNREFUSED.*asked 3 times/,
    change: { entrance: closesAfterMany },
  },
  {
    kind: 'node',
    id: 'node-leaks-idle-connections',
    title: 'A connection that asks nothing takes one of its 64 places for ever',
    breaks: 'mesh/node/many-connections',
    reason: /^NODE: after \d+ connections, of which \d+ were idle, .* a right client was not accepted: ECONNREFUSED/,
    change: { entrance: leaksIdle },
  },
  {
    kind: 'node',
    id: 'node-ignores-sigterm',
    title: 'It does not stop when it is told to',
    breaks: 'mesh/node/stops-on-sigterm',
    reason: /^NODE: 10\.0 s after SIGTERM what was started is still there/,
    change: { stopping: () => new Promise(() => {}) },
  },
  {
    kind: 'node',
    id: 'node-not-ready-after-rotation',
    title: 'It says that it is not ready for a moment after each rotation',
    breaks: 'mesh/node/ready-through-rotations',
    reason: /^NODE: it held an SVID and said that it is not ready, first at .*: GET \/ready answered 503/,
    change: notReadyAfterRotation(),
  },
  {
    kind: 'node',
    id: 'node-ends-without-agent',
    title: 'It ends when its stream to the Workload API breaks',
    breaks: 'mesh/node/survives-workload-api',
    reason: /requests failed; the first .* → NODE /,
    change: { trouble: ({ message }) => crash(message) },
  },
  {
    kind: 'node',
    id: 'node-refuses-without-agent',
    title: 'It refuses everybody once its stream to the Workload API has broken',
    breaks: 'mesh/node/survives-workload-api',
    reason: /requests failed; the first .* → NODE /,
    change: refusesWithoutAgent(),
  },
  {
    kind: 'node',
    id: 'node-never-reconnects',
    title: 'It goes on with what it holds and never asks the Workload API again',
    breaks: 'mesh/node/reconnects-to-workload-api',
    reason: /^NODE: still showed SVID \S+ \d\.\d s after its agent was back/,
    change: neverReconnects(),
  },
];

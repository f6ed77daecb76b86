import type { Socket } from 'node:net';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import type { Conformer } from '../conformer.ts';
import { listeningAs } from '../serving.ts';

const idleMs = 60;

/** Each connection that was open at a rotation ends with its next answer, which says so. */
function draining(): Partial<Behaviour> {
  const old = new WeakSet<Socket>();
  return {
    rotate: (listener, next) => {
      reference.rotate(listener, next);
      for (const connection of listener.connections) old.add(connection);
    },
    ...listeningAs((http) =>
      http.prependListener('request', ({ socket }, response) => {
        if (old.has(socket)) response.setHeader('connection', 'close');
      }),
    ),
  };
}

function busyFor(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** As much work for a handshake as a JVM has, and far more of it while it is cold. */
function costly(): Partial<Behaviour> {
  let firstAt: number | undefined;
  return {
    judgeClient: (...judged) => {
      firstAt ??= performance.now();
      busyFor(performance.now() - firstAt < coldMs ? coldHandshakeMs : handshakeMs);
      return reference.judgeClient(...judged);
    },
  };
}
const coldMs = 3_000;
const coldHandshakeMs = 300;
const handshakeMs = 6;

/** How a node bears load, and when it ends its connections. */
export const trafficStyles: readonly Conformer[] = [
  {
    kind: 'node',
    id: 'traffic-closes-idle',
    title: 'Ends each connection on which nothing came for a moment',
    judgedBy: ['suites', 'rotation'],
    offersNot: 'kept connections',
    change: listeningAs((http) =>
      http.on('request', ({ socket }, response) => {
        response.once('finish', () => {
          const idle = setTimeout(() => socket.end(), idleMs);
          socket.once('data', () => clearTimeout(idle));
        });
      }),
    ),
  },
  {
    kind: 'node',
    id: 'traffic-drains',
    title: 'At a rotation ends each connection with the next answer on it',
    judgedBy: ['rotation', 'partition-short', 'partition-long'],
    change: draining(),
  },
  {
    kind: 'node',
    id: 'traffic-costly-handshakes',
    title: 'Takes 6 ms of processor time for each handshake, and 300 ms in its first three seconds',
    judgedBy: [],
    wholeGate: true,
    change: costly(),
  },
];

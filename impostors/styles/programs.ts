import cluster from 'node:cluster';
import { judgePeer } from '../../mesh/node/peer.ts';
import type { Conformer } from '../conformer.ts';
import { laggingBy } from './identity.ts';
import { oneOfSeveral } from './workers.ts';
import { modulePath } from '../../src/module-file.ts';

const drainMs = 800;
const tale = 'It is a long time since anybody has read a log like this one. '.repeat(60);

// Within what the node contract gives them.
const lateMs = 1_500;

const withWorkers = ([node = '', ...main]: readonly string[]) => [
  node,
  modulePath('./workers-main.ts', import.meta.url),
  ...main,
];

/** How a node is started and stopped, and what it writes meanwhile. */
export const programStyles: readonly Conformer[] = [
  {
    kind: 'command',
    id: 'program-below-a-shell',
    title: 'Runs below a shell that stays, with variables of its own and another directory',
    judgedBy: ['suites'],
    command: (ofReference) => {
      const words = ofReference.map((word) => `'${word}'`).join(' ');
      return `cd / && NODE_NAME=right ${words}; code=$?; echo ended with $code; exit $code`;
    },
  },
  {
    kind: 'command',
    id: 'program-with-workers',
    title: 'Has three workers behind each of its listeners, each with an identity that it follows by itself',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    change: oneOfSeveral,
    command: withWorkers,
  },
  {
    kind: 'command',
    id: 'program-with-a-late-worker',
    title: `Has three workers, of which one takes up what its agent delivers ${lateMs} ms later`,
    judgedBy: ['rotation'],
    change: { ...oneOfSeveral, ...(cluster.worker?.id === 1 && { watch: laggingBy(lateMs, false) }) },
    command: withWorkers,
  },
  {
    kind: 'node',
    id: 'program-writes-much',
    title: 'Writes four kilobytes to each of its outputs for each peer that it judges',
    judgedBy: ['suites', 'rotation'],
    change: {
      judgeClient: (...shown) => {
        console.log(tale);
        console.error(tale);
        return judgePeer(...(shown.slice(0, 4) as Parameters<typeof judgePeer>));
      },
    },
  },
  {
    kind: 'node',
    id: 'program-drains',
    title: `Goes on serving for ${drainMs} ms when it is asked to stop`,
    judgedBy: ['suites'],
    change: {
      entrance: (tlsServer) => {
        const close = tlsServer.close.bind(tlsServer);
        tlsServer.close = (closed) => {
          setTimeout(close, drainMs, closed);
          return tlsServer;
        };
        return tlsServer;
      },
    },
  },
];

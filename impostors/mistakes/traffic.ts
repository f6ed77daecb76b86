import { dialHello } from '../../mesh/node/dial.ts';
import type { Impostor } from '../impostor.ts';
import { end, hang, misserving, type Turn } from '../serving.ts';

// Whoever is slow to get warm is asked some twenty times before it counts, and then at least forty times.
const oneInFifty = ({ nth }: Turn) => nth % 50 === 35;

/** Nodes that are wrong before anything is broken or changed. */
export const trafficImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'traffic-loses-some',
    title: 'It ends one connection in fifty without an answer, from the beginning',
    breaks: 'mesh/traffic/healthy',
    reason: /^NODE lost \d+ of \d+ requests \([\d.]+ %\) before anything was broken or changed; the first .*closed/,
    change: misserving(oneInFifty, end),
  },
  {
    kind: 'node',
    id: 'traffic-hangs-some',
    title: 'It leaves one request in fifty without an answer, from the beginning',
    breaks: 'mesh/traffic/healthy',
    reason: /^NODE lost \d+ of \d+ requests .*no answer within 5000 ms/,
    change: misserving(oneInFifty, hang),
  },
  {
    kind: 'node',
    id: 'traffic-lies-in-dial',
    title: 'Asked to call, it says "accepted" and calls nobody',
    breaks: 'mesh/traffic/healthy',
    reason: /^NODE lost \d+ of \d+ requests .*NODE → probe of MESH .*it says accepted, and never asked the server/,
    change: { dial: async (_to, expect) => ({ outcome: 'accepted', peer: expect, detail: '' }) },
  },
  {
    kind: 'node',
    id: 'traffic-names-nobody',
    title: 'It calls right, and says of each call that nobody was authenticated',
    breaks: 'mesh/traffic/healthy',
    reason: /^NODE lost \d+ of \d+ requests .*NODE → .*: accepted, by nobody: /,
    change: { dial: async (...call) => ({ ...(await dialHello(...call)), peer: null }) },
  },
];

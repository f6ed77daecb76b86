import { reference, type Behaviour } from '../mesh/node/behaviour.ts';
import { judgePeer } from '../mesh/node/peer.ts';
import { readCertificate } from '../src/svid/x509/read.ts';
import type { X509Context } from '../spiffe/workload-api.ts';
import type { Impostor } from './impostor.ts';
import { asClient, asServer, misreading } from './judges.ts';

const quietMs = 600;

/** Takes what it holds for worthless when its agent was quiet for longer than that. */
function deadWhenQuiet(): Partial<Behaviour> {
  let heardAt = 0;
  return {
    update: (context) => {
      heardAt = performance.now();
      return context;
    },
    judgeClient: (chain, held, allow, at) =>
      performance.now() - heardAt > quietMs
        ? { ok: false, why: 'the agent is quiet' }
        : judgePeer(chain, held, allow, at),
  };
}

const ended = ({ svids }: X509Context) => readCertificate(svids[0]!.chain[0]!).notAfter.getTime() < Date.now();
const ignoresEnd = misreading(() => ({ notAfter: new Date('2100-01-01T00:00:00Z') }));

/** Nodes that take an outage of the SPIRE server in a way of their own. */
export const partitionImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'partition-dead-when-quiet',
    title: 'It turns callers away when its agent was quiet for 0.6 s',
    breaks: 'mesh/partition/short-requests-survive',
    reason: /requests failed; the first .* → NODE /,
    change: deadWhenQuiet(),
  },
  {
    kind: 'node',
    id: 'partition-gives-up-early',
    title: 'It stops long before its SVID ends, since its agent is quiet',
    breaks: 'mesh/partition/long-traffic-while-valid',
    reason: /requests failed; the first PEER → NODE /,
    change: deadWhenQuiet(),
  },
  {
    kind: 'node',
    id: 'partition-fails-open',
    title: 'No node looks at notAfter, so that an outage switches identity off',
    breaks: 'mesh/partition/long-fails-closed',
    everywhere: true,
    reason: /connections were made with an expired SVID; the first (NODE|PEER) → (NODE|PEER), .* s past notAfter/,
    change: { ...asServer(ignoresEnd), ...asClient(ignoresEnd) },
  },
  {
    kind: 'node',
    id: 'partition-needs-restart',
    title: 'Once its SVID has ended it takes no other until it is started again',
    breaks: 'mesh/partition/long-recovers',
    reason: /^NODE has a new SVID since .* after the heal, but nothing got through /,
    change: {
      update: (context, before) =>
        before !== undefined && ended(before) ? undefined : reference.update(context, before),
    },
  },
];

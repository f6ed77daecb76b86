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

/** Nodes and agents that take an outage of the SPIRE server in a way of their own, and links that break in one. */
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
    kind: 'spire-agent',
    id: 'agent-withdraws-at-once',
    title: 'The agent withdraws good SVIDs as soon as its server is away',
    breaks: 'mesh/partition/short-requests-survive',
    reason: /requests failed; the first /,
  },
  {
    kind: 'spire-agent',
    id: 'agent-bypasses-link',
    title: 'The agent has a way to its server beside the link that is cut',
    breaks: 'mesh/partition/short-requests-survive',
    verdict: 'inconclusive',
    reason: /^(the partition was not proven in force and gone|NODE was given a new SVID while it was said to be cut)/,
  },
  {
    kind: 'toxiproxy',
    id: 'links-cut-nothing',
    title: 'The cut cuts nothing',
    breaks: 'mesh/partition/short-requests-survive',
    verdict: 'inconclusive',
    reason: /^the partition was not proven in force and gone/,
  },
  {
    kind: 'spire-agent',
    id: 'agent-slow-after-short-outage',
    title: 'After an outage of a second the agent waits for four',
    breaks: 'mesh/partition/short-recovers',
    reason: /^NODE got (no new SVID|a new SVID only .*) after the heal; the bound is /,
  },
  {
    kind: 'toxiproxy',
    id: 'links-heal-nothing',
    title: 'The heal heals nothing',
    breaks: 'mesh/partition/short-recovers',
    verdict: 'inconclusive',
    reason: /^the partition was not proven in force and gone/,
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
    kind: 'spire-agent',
    id: 'agent-withdraws-in-long-outage',
    title: 'The agent withdraws good SVIDs as soon as its server is away',
    breaks: 'mesh/partition/long-traffic-while-valid',
    reason: /requests failed; the first /,
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
  {
    kind: 'spire-agent',
    id: 'agent-slow-after-long-outage',
    title: 'After an outage the agent waits for six seconds more',
    breaks: 'mesh/partition/long-recovers',
    reason: /^NODE got (no new SVID|a new SVID only .*) after the heal; the bound is /,
  },
];

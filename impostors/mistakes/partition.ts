import { createServer } from 'node:net';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import { judgePeer } from '../../mesh/node/peer.ts';
import type { X509Context } from '../../spiffe/workload-api.ts';
import { leafOf } from '../delivered.ts';
import type { Impostor } from '../impostor.ts';
import { asClient, asServer, misreading, never, remembering, type Judge } from '../judges.ts';
import { deadWhenQuiet, quietMs } from '../quiet.ts';

/** Right as long as its agent is heard of; then `judge` says who may be a peer. */
function whenQuiet(as: (judge: Judge) => Partial<Behaviour>, judge: Judge): Partial<Behaviour> {
  let heardAt = 0;
  return {
    update: (context) => {
      heardAt = performance.now();
      return context;
    },
    ...as((chain, held, allow, at) =>
      (performance.now() - heardAt > quietMs ? judge : judgePeer)(chain, held, allow, at),
    ),
  };
}

/** Who was let in once is let in again, whatever has become of it since. */
const lettingInAgain = (): Judge => remembering(({ fingerprint }) => fingerprint);

const notEnded: Judge = misreading(() => ({ notAfter: never }));
const untilOwnEnd: Judge = misreading((leaf, _allow, held) => ({
  notAfter: new Date(Math.max(leaf.notAfter.getTime(), held.leaf.notAfter.getTime())),
}));
const onceOwnEnded: Judge = (chain, held, allow, at) =>
  (at > held.leaf.notAfter ? notEnded : judgePeer)(chain, held, allow, at);

const pastItsEnd = 'the same past its end, while the own SVID of the node lives';
const pastTheirs = 'the same once more, past the end of the own SVID of the node';

/** Nodes that look at notAfter until a cut comes, each once as a server and once as a client. */
const openInACut: readonly (readonly [
  id: string,
  title: string,
  row: string,
  change: (as: (judge: Judge) => Partial<Behaviour>) => Partial<Behaviour>,
])[] = [
  ['quiet', 'looks at no notAfter while its agent is quiet', pastItsEnd, (as) => whenQuiet(as, notEnded)],
  ['remembers', 'lets in whom it let in before', pastItsEnd, (as) => as(lettingInAgain())],
  ['own-end', 'takes a peer for alive as long as its own SVID lives', pastItsEnd, (as) => as(untilOwnEnd)],
  ['own-ended', 'looks at no notAfter once its own SVID has ended', pastTheirs, (as) => as(onceOwnEnded)],
];

const ended = (context: X509Context) => leafOf(context).notAfter.getTime() < Date.now();

/** Its own SVID had ended once, and it lets callers in only if `serves` says so, by the time since a new one came and their number since. */
function afterOutage(serves: (sinceMs: number, calls: number) => boolean): Partial<Behaviour> {
  let backAt = -Infinity;
  let calls = 0;
  return {
    update: (context, before) => {
      if (before !== undefined && ended(before)) {
        backAt = performance.now();
        calls = 0;
      }
      return context;
    },
    judgeClient: (chain, held, allow, at) =>
      backAt === -Infinity || serves(performance.now() - backAt, ++calls)
        ? judgePeer(chain, held, allow, at)
        : { ok: false, why: 'not yet' },
  };
}

/** Connections that come while its agent is quiet are held, and thrown away when its SVID has ended. */
function hangsWhenQuiet(): Partial<Behaviour> {
  let heardAt = performance.now();
  let endsAt = Infinity;
  return {
    update: (context) => {
      heardAt = performance.now();
      endsAt = leafOf(context).notAfter.getTime();
      return context;
    },
    entrance: (tls) =>
      createServer((socket) => {
        if (performance.now() - heardAt <= quietMs) {
          tls.emit('connection', socket);
          return;
        }
        socket.on('error', () => undefined);
        setTimeout(() => socket.destroy(), Math.max(0, endsAt - Date.now()) + 100);
      }),
  };
}

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
    reason:
      /^(the partition was not proven in force and gone|(NODE|PEER) was given a new SVID while it was said to be cut)/,
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
    title: 'After an outage of a second the agent waits for five',
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
    change: { ...asServer(notEnded), ...asClient(notEnded) },
  },
  ...openInACut.flatMap(([id, title, row, change]) =>
    (
      [
        ['server', asServer],
        ['client', asClient],
      ] as const
    ).map(([role, as]) => ({
      kind: 'node' as const,
      id: `partition-open-${id}-as-${role}`,
      title: `As ${role} it ${title}`,
      breaks: 'mesh/partition/long-fails-closed' as const,
      reason: new RegExp(`^NODE as ${role}: ${row}: accepted, wanted refused`),
      change: change(as),
    })),
  ),
  {
    kind: 'node',
    id: 'partition-hangs',
    title: 'It answers nobody while its agent is quiet, and ends the connection only when its own SVID has ended',
    breaks: 'mesh/partition/long-traffic-while-valid',
    reason: /requests failed; the first (NODE → PEER|PEER → NODE) /,
    change: hangsWhenQuiet(),
  },
  {
    kind: 'node',
    id: 'partition-slow-to-serve-again',
    title: 'After an outage it turns callers away for six seconds',
    breaks: 'mesh/partition/long-recovers',
    reason:
      /^(both ends of (PEER|probe of MESH) → NODE have a new SVID since .* but nothing got through: |(PEER|probe of MESH) → NODE got through (after the heal, but did not stay so: |again only ))/,
    change: afterOutage((sinceMs) => sinceMs > 6_000),
  },
  {
    kind: 'node',
    id: 'partition-serves-one-of-eight-again',
    title: 'After an outage it serves one caller in eight',
    breaks: 'mesh/partition/long-recovers',
    reason: /^(PEER|probe of MESH) → NODE got through (after the heal, but did not stay so: |again only )/,
    change: afterOutage((_sinceMs, calls) => calls % 8 === 1),
  },
  {
    kind: 'node',
    id: 'partition-needs-restart',
    title: 'Once its SVID has ended it takes no other until it is started again',
    breaks: 'mesh/partition/long-recovers',
    reason:
      /^both ends of (NODE → PEER|PEER → NODE|probe of MESH → NODE) have a new SVID since .* after the heal, but nothing got through: /,
    source: 'rossoctl/rossoctl#1899',
    change: {
      update: (context, before) =>
        before !== undefined && ended(before) ? undefined : reference.update(context, before),
    },
  },
  {
    kind: 'spire-agent',
    id: 'agent-slow-after-long-outage',
    title: 'After an outage the agent waits for nine seconds more',
    breaks: 'mesh/partition/long-recovers',
    reason: /^NODE got (no new SVID|a new SVID only .*) after the heal; the bound is /,
  },
];

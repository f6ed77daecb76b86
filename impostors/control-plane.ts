import type { Impostor } from './impostor.ts';

/** Servers, agents and links that rotate, deliver or break in a way of their own. */
export const controlPlaneImpostors: readonly Impostor[] = [
  {
    kind: 'spire-agent',
    id: 'agent-keeps-its-key',
    title: 'The agent has one key certified again and again',
    breaks: 'mesh/rotation/fresh-key',
    reason: /^SVID .* of NODE certifies the same key as /,
  },
  {
    kind: 'spire-server',
    id: 'spire-signs-when-prepared',
    title: 'The server signs with a new authority as soon as it is prepared',
    breaks: 'mesh/rotation/authority-known-before-use',
    reason: /^(NODE|PEER) was (given|seen with) SVID .* before the bundle of (NODE|PEER) held that authority/,
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
    id: 'agent-slow-after-short-outage',
    title: 'After an outage of a second the agent waits for four',
    breaks: 'mesh/partition/short-recovers',
    reason: /^NODE got (no new SVID|a new SVID only .*) after the heal; the bound is /,
  },
  {
    kind: 'spire-agent',
    id: 'agent-withdraws-in-long-outage',
    title: 'The agent withdraws good SVIDs as soon as its server is away',
    breaks: 'mesh/partition/long-traffic-while-valid',
    reason: /requests failed; the first /,
  },
  {
    kind: 'spire-agent',
    id: 'agent-slow-after-long-outage',
    title: 'After an outage the agent waits for six seconds more',
    breaks: 'mesh/partition/long-recovers',
    reason: /^NODE got (no new SVID|a new SVID only .*) after the heal; the bound is /,
  },
  {
    kind: 'spire-agent',
    id: 'agent-bypasses-link',
    title: 'The agent has a way to its server beside the link that is cut',
    breaks: 'mesh/partition/short-requests-survive',
    verdict: 'inconclusive',
    reason: /^the partition was not proven in force and gone/,
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
    kind: 'toxiproxy',
    id: 'links-heal-nothing',
    title: 'The heal heals nothing',
    breaks: 'mesh/partition/short-recovers',
    verdict: 'inconclusive',
    reason: /^the partition was not proven in force and gone/,
  },
];

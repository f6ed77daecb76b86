import type { Impostor } from '../impostor.ts';
import { deadWhenQuiet } from '../quiet.ts';

/** Nodes and agents that take an outage of a part of SPIRE in a way of their own, whichever part it is. */
export const outageImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'outage-dead-when-quiet',
    title: 'It turns callers away when its agent was quiet for 0.6 s',
    breaks: 'mesh/outage/requests-survive',
    reason: /^server-\w+: \d+ of \d+ requests failed; the first .* → NODE /,
    change: deadWhenQuiet(),
  },
  {
    kind: 'spire-agent',
    id: 'agent-withdraws-when-quiet',
    title: 'The agent withdraws good SVIDs when it has had no answer of its server for 0.6 s',
    breaks: 'mesh/outage/requests-survive',
    reason: /^server-\w+: \d+ of \d+ requests failed; the first /,
  },
  {
    kind: 'spire-agent',
    id: 'agent-slow-after-server-outage',
    title: 'After an outage of its server the agent brings nothing new for seven seconds more',
    breaks: 'mesh/outage/recovers',
    reason: /^server-\w+: NODE got (no new SVID|a new SVID only .*) after the heal; the bound is /,
  },
];

import type { Behaviour } from '../mesh/node/behaviour.ts';
import { judgePeer } from '../mesh/node/peer.ts';
import type { X509Context } from '../spiffe/workload-api.ts';
import { leafOf } from './delivered.ts';

/** Between two renewals of an SVID that lives for seconds an agent is never quiet for so long. */
export const quietMs = 600;
const livesForLongMs = 60_000;

/** Hears what an agent brings, and tells whether it has been quiet for longer than it is between renewals. */
export interface Listener {
  hear(context: X509Context): void;
  isQuiet(): boolean;
}

/** Of an SVID that lives for hours there is nothing to hear: one that brought no other is not quiet. */
export function listenFor(): Listener {
  let heardAt = Infinity;
  return {
    hear(context) {
      if (leafOf(context).notAfter.getTime() - Date.now() < livesForLongMs) heardAt = performance.now();
    },
    isQuiet: () => performance.now() - heardAt > quietMs,
  };
}

/** A node that takes what it holds for worthless when its agent was quiet for longer than that. */
export function deadWhenQuiet(): Partial<Behaviour> {
  const { hear, isQuiet } = listenFor();
  return {
    update: (context) => {
      hear(context);
      return context;
    },
    judgeClient: (chain, held, allow, at) =>
      isQuiet() ? { ok: false, why: 'the agent is quiet' } : judgePeer(chain, held, allow, at),
  };
}

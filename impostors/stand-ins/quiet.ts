import { listenFor } from '../quiet.ts';
import type { Between } from './workload-api.ts';

/** An agent that withdraws what it has handed out as soon as it was quiet for a moment. */
export function withdrawsWhenQuiet(): Between {
  const { hear, isQuiet } = listenFor();
  return {
    change: (context, deliver) => {
      hear(context);
      deliver(context);
    },
    denies: isQuiet,
  };
}

/** An agent that keeps to itself what it is given, for so long after it was quiet. */
export function slowAfterQuiet(holdsBackMs: number): Between {
  const { hear, isQuiet } = listenFor();
  let backAt = -Infinity;
  return {
    change: (context, deliver) => {
      if (isQuiet()) backAt = performance.now();
      hear(context);
      if (performance.now() - backAt > holdsBackMs) deliver(context);
    },
  };
}

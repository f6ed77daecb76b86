import { inspect } from 'node:util';
import { fetchX509Context, watchX509Context, WorkloadApiError, type X509Context } from '../../spiffe/workload-api.ts';
import type { Behaviour } from '../../mesh/node/behaviour.ts';
import type { Conformer } from '../conformer.ts';

// Half of what the node contract gives them.
const lagMs = 1_000;
const pollMs = 250;

/** Each update is taken up so many milliseconds after it came, the first one too or not, and none after a withdrawal that came meanwhile. */
export function laggingBy(ms: number, atFirst = true): Behaviour['watch'] {
  return (socket, options) => {
    let withdrawals = 0;
    let atOnce = !atFirst;
    return watchX509Context(socket, {
      ...options,
      onUpdate: (context) => {
        if (atOnce) {
          atOnce = false;
          options.onUpdate(context);
          return;
        }
        const before = withdrawals;
        setTimeout(() => {
          if (before === withdrawals) options.onUpdate(context);
        }, ms);
      },
      onWithdrawn: (reason) => {
        withdrawals++;
        options.onWithdrawn(reason);
      },
    });
  };
}

/** Of updates that come within `lagMs`, the last is taken up, when that time is over. */
const coalescing: Behaviour['watch'] = (socket, options) => {
  let timer: NodeJS.Timeout | undefined;
  let last: X509Context | undefined;
  return watchX509Context(socket, {
    ...options,
    onUpdate: (context) => {
      last = context;
      timer ??= setTimeout(() => {
        timer = undefined;
        if (last !== undefined) options.onUpdate(last);
      }, lagMs);
    },
    onWithdrawn: (reason) => {
      last = undefined;
      options.onWithdrawn(reason);
    },
  });
};

/** Asks again and again, each time by a stream of its own, instead of listening to one. */
const polling: Behaviour['watch'] = (socket, options) => {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let over = false;
  let last = '';
  const poll = async () => {
    try {
      const context = await fetchX509Context(socket, { withinMs: 2_000 });
      const told = inspect(context, { depth: null, maxArrayLength: null });
      if (!over && told !== last) options.onUpdate(context);
      last = told;
    } catch (error) {
      if (over || !(error instanceof WorkloadApiError)) return;
      if (error.code === 'PERMISSION_DENIED') options.onWithdrawn(error.message);
      else options.onTrouble?.(error);
    } finally {
      if (!over) setTimeout(() => void poll(), pollMs);
    }
  };
  void poll();
  const stop = () => {
    over = true;
    resolve();
  };
  return { ended, [Symbol.dispose]: stop };
};

/** How a node comes by its SVID and its bundles, and which SVIDs these are. */
export const identityStyles: readonly Conformer[] = [
  {
    kind: 'node',
    id: 'identity-lags',
    title: `Takes up what its agent delivers ${lagMs} ms later`,
    judgedBy: ['suites', 'rotation', 'partition-short', 'partition-long'],
    change: { watch: laggingBy(lagMs) },
  },
  {
    kind: 'node',
    id: 'identity-coalesces',
    title: `Takes up the last of what its agent delivers within ${lagMs} ms`,
    judgedBy: ['rotation', 'partition-long'],
    change: { watch: coalescing },
  },
  {
    kind: 'node',
    id: 'identity-polls',
    title: `Asks its agent each ${pollMs} ms instead of listening to it`,
    judgedBy: ['suites', 'rotation', 'partition-long'],
    change: { watch: polling },
  },
  {
    kind: 'node',
    id: 'identity-one-of-several',
    title: 'Is registered as three services, of which the first counts',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    node: { alsoServices: ['another-of-its-names', 'a-third-of-its-names'] },
    change: {},
  },
];

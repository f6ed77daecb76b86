import { setTimeout as sleep } from 'node:timers/promises';
import type { LineProcess } from '../line-process.ts';

/** A process that is started again whenever it ends, or has to begin anew. */
export interface KeptRunning {
  /** Ends it, and starts it once more. */
  anew(): void;
  /** Resolves when the signal was given and the process has ended. */
  readonly done: Promise<void>;
}

/**
 * Keeps a process running until a signal is given.
 *
 * @param onEnded - told how it ended by itself; gives for how many milliseconds it stays off
 */
export function keepRunning(
  start: () => LineProcess,
  onEnded: (how: string) => number,
  signal: AbortSignal,
): KeptRunning {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let again = Promise.withResolvers<void>();
  const run = async () => {
    while (!signal.aborted) {
      again = Promise.withResolvers();
      const running = start();
      const how = await Promise.race([running.ended, again.promise, stopped]);
      await running.end();
      if (typeof how !== 'string' || signal.aborted) continue;
      // Whoever stops us stops the pause.
      await sleep(onEnded(how), undefined, { signal }).catch(() => signal.aborted);
    }
  };
  return { anew: () => again.resolve(), done: run() };
}

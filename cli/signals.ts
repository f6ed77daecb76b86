import { once } from 'node:events';

/**
 * A signal that is aborted by Ctrl-C or SIGTERM. A second one, well after the first, ends the process at once; the guardian then cleans up.
 *
 * @param stopping - what is done now, for the person who stopped us
 *
 * npm forwards a signal that the terminal has already delivered, so two in quick succession are one.
 */
export function abortOnSignals(
  stopping = 'healing what is broken and writing the report; once more to leave at once',
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      process.stderr.write(`\nstopping: ${stopping}\n`);
      controller.abort(new Error(`stopped by ${name}`));
    } else if (performance.now() - firstAt > 700) {
      process.exit(130);
    }
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}

/** Waits until somebody has stopped us. A pending event keeps no process alive: whatever goes on meanwhile has to. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

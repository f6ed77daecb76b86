/**
 * A signal that is aborted by Ctrl-C or SIGTERM. A second one, well after the first, ends the process at once; the guardian then cleans up.
 *
 * npm forwards a signal that the terminal has already delivered, so two in quick succession are one.
 */
export function abortOnSignals(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      process.stderr.write('\nstopping: healing what is broken and writing the report; once more to leave at once\n');
      controller.abort(new Error(`stopped by ${name}`));
    } else if (performance.now() - firstAt > 700) {
      process.exit(130);
    }
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() { for (const name of names) process.off(name, onSignal); },
  };
}

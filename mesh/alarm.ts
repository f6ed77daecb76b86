/** Longest wait at once: a clock that is set, or a machine that slept, is noticed by the next look. */
const longestMs = 30_000;

/**
 * Calls once, at an instant of the wall clock, or at once where that has passed. It keeps no process alive.
 *
 * @returns what takes the call back
 */
export function alarmAt(at: Date, call: () => void): Disposable {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    // setTimeout takes no more than 24 days, and an SVID may live longer.
    timer = setTimeout(look, Math.min(Math.max(at.getTime() - Date.now(), 0), longestMs)).unref();
  };
  const look = (): void => (Date.now() >= at.getTime() ? call() : wait());
  wait();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

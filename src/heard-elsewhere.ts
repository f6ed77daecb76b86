/**
 * Keeps a rejection that nobody waits for from ending the process, as Node does with one that is unhandled. It is for a promise whose
 * error is told in another way too, or to whoever does wait for it, now or later: they hear of it as before, since the promise itself
 * stays rejected. It is no way to swallow an error that nobody else tells.
 */
export function heardElsewhere(promise: Promise<unknown>): void {
  promise.catch(() => {});
}

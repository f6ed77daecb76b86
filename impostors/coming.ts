/** When a service last came: it was started, or woke from a pause. What it does wrong it does for a moment after that. */
export interface Coming {
  /** Milliseconds since it came. */
  sinceMs(): number;
  /** When it fell asleep before it woke; undefined where it has not slept. */
  asleepSince(): Date | undefined;
}

const everyMs = 50;
// Longer than a busy machine keeps a process waiting.
const asleepMs = 900;

/** Of this process, which is started, and may be stopped and continued. */
export function comingOfThisProcess(): Coming {
  let cameMs = performance.now();
  let lastMs = cameMs;
  let asleep: Date | undefined;
  const look = () => {
    const now = performance.now();
    if (now - lastMs > asleepMs) {
      asleep = new Date(Date.now() - (now - lastMs));
      cameMs = now;
    }
    lastMs = now;
  };
  setInterval(look, everyMs).unref();
  return {
    sinceMs() {
      // Whoever calls first when it wakes comes before the clock is looked at.
      look();
      return performance.now() - cameMs;
    },
    asleepSince() {
      look();
      return asleep;
    },
  };
}

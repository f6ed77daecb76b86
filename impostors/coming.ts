import type { Server } from 'node:net';

/** When a service last came: it listened first, or woke from a pause. What it does wrong it does for a moment after that. */
export interface Coming {
  /** Milliseconds since it came; 0 before it listens, however long it takes to get its SVID. */
  sinceMs(): number;
  /** When it fell asleep before it woke; undefined where it has not slept. */
  asleepSince(): Date | undefined;
}

const everyMs = 50;
// Longer than a busy machine keeps a process waiting.
const asleepMs = 900;

interface ComingByEntrance extends Coming {
  /** It comes when this listens. */
  through(entrance: Server): Server;
}

/** Of this process, which is started, and may be stopped and continued. */
export function comingOfThisProcess(): ComingByEntrance {
  let cameMs: number | undefined;
  let lastMs = performance.now();
  let asleep: Date | undefined;
  const look = () => {
    const now = performance.now();
    // A busy start is no pause.
    if (cameMs !== undefined && now - lastMs > asleepMs) {
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
      return cameMs === undefined ? 0 : performance.now() - cameMs;
    },
    asleepSince() {
      look();
      return asleep;
    },
    through: (entrance) =>
      entrance.once('listening', () => {
        cameMs = performance.now();
        lastMs = cameMs;
      }),
  };
}

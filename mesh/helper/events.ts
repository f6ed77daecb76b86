/** What a helper tells of its work; one line of JSON each. */
export interface HelperEvent {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly level: 'info' | 'warn' | 'alarm';
  readonly event: string;
  /** In words. */
  readonly says: string;
  readonly [more: string]: unknown;
}

/** Tells an event, which gets its time. */
export type Say = (
  level: HelperEvent['level'],
  event: string,
  says: string,
  more?: Readonly<Record<string, unknown>>,
) => void;

/** @param write - takes one line */
export function sayEvents(write: (line: string) => void): Say {
  return (level, event, says, more = {}) => {
    const told: HelperEvent = { at: new Date().toISOString(), level, event, says, ...more };
    write(`${JSON.stringify(told)}\n`);
  };
}

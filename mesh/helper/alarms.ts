import type { Say } from './events.ts';

/** What a person has to look at, and is over by itself or not. */
export type AlarmKind =
  | 'retries-exceeded'
  | 'expiring'
  | 'ended'
  | 'withdrawn'
  | 'bundle-unconfirmed'
  | 'set-refused'
  | 'not-published'
  | 'status-unwritten';

/** An alarm that stands. */
export interface Alarm {
  readonly kind: AlarmKind;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly says: string;
}

/** The alarms that stand; each is told when it comes, and when it is over. */
export class Alarms {
  readonly #standing = new Map<AlarmKind, Alarm>();
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  /** One that stands already is told no second time; its words are the newest. */
  raise(kind: AlarmKind, says: string, more: Readonly<Record<string, unknown>> = {}): void {
    const since = this.#standing.get(kind)?.since;
    this.#standing.set(kind, { kind, since: since ?? new Date().toISOString(), says });
    if (since === undefined) this.#say('alarm', kind, says, more);
  }

  clear(...kinds: readonly AlarmKind[]): void {
    for (const kind of kinds)
      if (this.#standing.delete(kind)) this.#say('info', 'alarm-over', `${kind} is over`, { alarm: kind });
  }

  get standing(): readonly Alarm[] {
    return [...this.#standing.values()];
  }
}

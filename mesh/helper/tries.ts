import { FixtureError } from '../../src/errors.ts';
import type { Alarms } from './alarms.ts';
import { isPastRetries, longestPause } from './bounds.ts';
import type { Say } from './events.ts';
import { durationText } from './duration-text.ts';
import type { HelperSettings } from './settings.ts';

/** What a count of tries rests on. */
export interface TriesOptions {
  readonly settings: HelperSettings;
  readonly say: Say;
  readonly alarms: Alarms;
  /** Has spiffe-helper started once more, which then tries at once. */
  readonly anew: () => void;
  /** Told why it is to give up; undefined where it never does. */
  readonly giveUp: ((error: FixtureError) => void) | undefined;
}

/** Counts tries in a row that bore no fruit, and has the next one made no later than the settings allow. */
export class Tries implements Disposable {
  readonly #of: TriesOptions;
  #fruitless = 0;
  #lastTrouble: string | undefined;
  /** Whether the process that runs now has said anything yet. */
  #isSilent = true;
  #next: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(of: TriesOptions) {
    this.#of = of;
  }

  get fruitless(): number {
    return this.#fruitless;
  }

  /** What the last one met with. */
  get lastTrouble(): string | undefined {
    return this.#lastTrouble;
  }

  /** A process was started, which asks the agent now. */
  begins(): void {
    this.#isSilent = true;
    this.#arm();
  }

  /** It has said something. */
  isHeard(): void {
    this.#isSilent = false;
  }

  /** What was asked for has come. */
  bearsFruit(): void {
    this.#fruitless = 0;
    this.#lastTrouble = undefined;
    clearTimeout(this.#next);
    this.#of.alarms.clear('retries-exceeded');
  }

  /** A try met with something else. @returns the longest pause until the next one, in milliseconds */
  bearsNone(why: string): number {
    const { settings, say, giveUp, alarms } = this.#of;
    this.#fruitless += 1;
    this.#lastTrouble = why;
    say('warn', 'fruitless', why, { tries: this.#fruitless });
    if (isPastRetries(this.#fruitless, settings)) {
      const words = `no fruit after max_retries (${settings.maxRetries}): ${why}`;
      if (giveUp === undefined) alarms.raise('retries-exceeded', `${words}. It goes on`);
      else giveUp(new FixtureError(`gives up, as --give-up says: ${words}`));
    }
    return this.#arm();
  }

  /** Nobody is there to try for now. */
  pause(): void {
    clearTimeout(this.#next);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.pause();
  }

  #arm(): number {
    clearTimeout(this.#next);
    const pauseMs = longestPause(Math.max(this.#fruitless, 1), this.#of.settings);
    // A last word of a process that is being ended starts nothing.
    if (this.#isOver) return pauseMs;
    this.#next = setTimeout(() => {
      // One that is silent has asked, and nobody answered; one that is not has been told already why it waits.
      if (this.#isSilent) this.bearsNone(`the agent has not answered within ${durationText(pauseMs)}`);
      this.#of.anew();
    }, pauseMs);
    return pauseMs;
  }
}

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FixtureError, messageOf } from '../../src/errors.ts';
import { percent } from '../../src/percent.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { alarmAt } from '../alarm.ts';
import { startLineProcess, type LineProcess } from '../line-process.ts';
import { fileNames } from '../svid-set.ts';
import { Alarms } from './alarms.ts';
import { expiringFrom } from './bounds.ts';
import { digestOf, lookAt, readSet } from './delivered-set.ts';
import { tellDelivery, type HeldSet } from './delivery.ts';
import type { HelperEnvironment } from './environment.ts';
import type { Say } from './events.ts';
import { durationText } from './duration-text.ts';
import { helperConfig, type HelperPlaces } from './helper-conf.ts';
import { wordOf, type HelperWord } from './helper-log.ts';
import { keepRunning, type KeptRunning } from './kept-running.ts';
import { openPublished, type Published } from './published.ts';
import type { HelperSettings } from './settings.ts';
import { writeStatus, type HelperStatus } from './status-file.ts';
import { Tries } from './tries.ts';

/** What a helper is started with. */
export interface Supervised {
  readonly settings: HelperSettings;
  readonly environment: HelperEnvironment;
  readonly places: HelperPlaces;
  /** The command that starts the real spiffe-helper, up to its `-config`. */
  readonly spiffeHelper: readonly [string, ...string[]];
  /** Whether max_retries is the end, as it would be read literally. */
  readonly giveUp: boolean;
  /** Process id and start time of this process. */
  readonly owner: string;
  readonly say: Say;
  /** Called when there are new files. */
  readonly onDelivered: () => void;
}

/**
 * Runs the real spiffe-helper in a directory of its own, where it writes its files in place, and hands on whole sets that were looked at. What the
 * settings say are bounds: a set is handed on as it comes, and what does not come in time is an alarm.
 */
export class HelperSupervisor {
  readonly #of: Supervised;
  readonly #published: Published;
  readonly #alarms: Alarms;
  readonly #tries: Tries;
  readonly #failed = Promise.withResolvers<never>();
  readonly #startedAt = new Date();
  #running: KeptRunning | undefined;
  #held: HeldSet | undefined;
  #state: HelperStatus['state'] = 'waiting';
  #rotations = 0;
  #confirmedAt: Date | undefined;
  #askedAnewAt = this.#startedAt;
  #clocks: readonly Disposable[] = [];

  /** Makes the directories ready. @throws UsageError for what somebody else put there, and what the file system has against it */
  constructor(of: Supervised) {
    const { say, settings, giveUp, places, environment } = of;
    this.#of = of;
    this.#alarms = new Alarms(say);
    this.#tries = new Tries({
      ...{ settings, say, alarms: this.#alarms, anew: () => this.#running?.anew() },
      giveUp: giveUp ? this.#failed.reject : undefined,
    });
    this.#published = openPublished(places);
    // Nobody but us looks in there; what an earlier run left may be half a set.
    rmSync(places.own, { recursive: true, force: true });
    for (const directory of [places.own, places.staging]) mkdirSync(directory, { mode: 0o700 });
    writeFileSync(places.config, helperConfig(environment), { mode: 0o600 });
  }

  /** Whether an SVID was delivered in this run. */
  get hasDelivered(): boolean {
    return this.#confirmedAt !== undefined;
  }

  /** Runs until the signal is given. @throws FixtureError where it gives up, or spiffe-helper does not take its configuration */
  async run(signal: AbortSignal): Promise<void> {
    const { settings, say, places, environment } = this.#of;
    const stopping = new AbortController();
    say('info', 'started', `waits for an SVID from ${environment.socketPath}`, { directory: places.directory });
    const running = keepRunning(
      () => this.#start(),
      (how) => this.#ended(how),
      AbortSignal.any([signal, stopping.signal]),
    );
    this.#running = running;
    const everyMs = Math.min(settings.renewalIntervalMs, settings.refreshIntervalMs / 4);
    const looking = setInterval(() => this.#look(), everyMs);
    try {
      this.#tellStatus();
      await Promise.race([running.done, this.#failed.promise]);
    } finally {
      stopping.abort();
      await running.done;
      clearInterval(looking);
      this.#tries[Symbol.dispose]();
      this.#stopClocks();
      this.#clearStaging();
      this.#state = 'stopped';
      this.#tellStatus();
      say('info', 'stopped', 'spiffe-helper has ended; the files stay as they are');
    }
  }

  #start(): LineProcess {
    const { spiffeHelper, places } = this.#of;
    this.#tries.begins();
    const command = [...spiffeHelper, '-config', places.config] as const;
    return startLineProcess(command, (line) => this.#hear(line), { cwd: places.own });
  }

  /** It ended by itself. @returns how long it stays off, in milliseconds */
  #ended(how: string): number {
    const pauseMs = this.#tries.bearsNone(`spiffe-helper ${how}`);
    this.#tries.pause();
    this.#tellStatus();
    return pauseMs;
  }

  #hear(line: string): void {
    const word = wordOf(line);
    if (word === undefined) return;
    this.#tries.isHeard();
    this.#heard[word.kind](word.why);
    this.#tellStatus();
  }

  readonly #heard: Readonly<Record<HelperWord['kind'], (why: string) => void>> = {
    written: () => this.#take(true),
    unwritten: (why) => this.#notPublished(why),
    refused: (why) => {
      this.#withdraw(why);
      this.#tries.bearsNone(why);
    },
    unreached: (why) => void this.#tries.bearsNone(why),
    misconfigured: (why) =>
      this.#failed.reject(
        new FixtureError(
          `spiffe-helper does not take the configuration ${this.#of.places.config}: ${why}; wanted is spiffe-helper 0.11`,
        ),
      ),
    trouble: (why) => this.#of.say('warn', 'spiffe-helper', why),
  };

  /**
   * Hands on what lies in the staging directory, if it is new.
   *
   * @param isWhole - whether spiffe-helper has just said that it is; otherwise it may be writing
   */
  #take(isWhole: boolean): void {
    try {
      const files = readSet(this.#of.places.staging);
      if (files === undefined) return;
      const digest = digestOf(files);
      if (digest === this.#held?.digest) {
        if (isWhole) this.#confirm();
        return;
      }
      const { leaf, checks } = lookAt(files, this.#of.environment.trustDomain, new Date());
      const wrong = checks.filter(({ held }) => held === false).map(({ says }) => says);
      if (leaf === undefined || wrong.length > 0) {
        if (isWhole) this.#alarms.raise('set-refused', `what the agent delivers is not handed on: ${wrong.join('; ')}`);
        return;
      }
      this.#published.publish(files);
      this.#hold({ files, digest, leaf, deliveredAt: new Date() });
    } catch (error) {
      this.#notPublished(messageOf(error));
    }
  }

  #hold(next: HeldSet): void {
    const before = this.#held;
    const isRotation = tellDelivery(next, before, this.#of.settings, this.#of.say);
    if (isRotation) this.#rotations += 1;
    this.#held = before === undefined || isRotation ? next : { ...next, deliveredAt: before.deliveredAt };
    this.#state = 'held';
    this.#setClocks(next.leaf);
    this.#confirm();
    this.#of.onDelivered();
  }

  /** The agent has delivered what is held. */
  #confirm(): void {
    this.#confirmedAt = new Date();
    this.#tries.bearsFruit();
    this.#alarms.clear('bundle-unconfirmed', 'not-published', 'set-refused', 'withdrawn');
  }

  /** What was delivered is not where it belongs. spiffe-helper writes each set once, so that it has to come again. */
  #notPublished(why: string): void {
    this.#alarms.raise('not-published', `${why}; the files that were there before stay, whole, and it is tried again`);
    this.#tries.bearsNone(why);
  }

  #withdraw(why: string): void {
    let were = true;
    let left = '';
    try {
      this.#clearStaging();
      were = this.#published.withdraw();
    } catch (error) {
      left = messageOf(error);
    }
    // Also one that somebody else has taken away already: it must not be put back.
    if (!were && this.#state !== 'held' && this.#state !== 'withdrawn') return;
    this.#held = undefined;
    this.#state = 'withdrawn';
    this.#stopClocks();
    this.#alarms.clear('expiring', 'ended', 'bundle-unconfirmed');
    const files = left === '' ? 'its files were taken away' : `its files could not be taken away (${left})`;
    this.#alarms.raise('withdrawn', `the agent issues this identity no more, and ${files}: ${why}`);
  }

  /** It holds a key. */
  #clearStaging(): void {
    for (const name of Object.values(fileNames)) rmSync(join(this.#of.places.staging, name), { force: true });
  }

  /** What is due each renewal_interval, whatever was heard. */
  #look(): void {
    this.#take(false);
    this.#restore();
    this.#askAnew();
    this.#tellStatus();
  }

  /** Puts right what somebody changed. */
  #restore(): void {
    try {
      if (this.#held === undefined || this.#published.holds(this.#held.files)) return;
      this.#published.publish(this.#held.files);
      this.#of.say('warn', 'restored', 'the files were changed or removed by somebody, and were put right');
    } catch (error) {
      this.#notPublished(messageOf(error));
    }
  }

  /** Sees to it that the agent confirms the bundle within refresh_interval. */
  #askAnew(): void {
    if (this.#held === undefined || this.#confirmedAt === undefined) return;
    const { refreshIntervalMs } = this.#of.settings;
    const now = Date.now();
    const ageMs = now - this.#confirmedAt.getTime();
    if (ageMs >= refreshIntervalMs)
      this.#alarms.raise(
        'bundle-unconfirmed',
        `the agent has not confirmed the bundle since ${this.#confirmedAt.toISOString()}, for ${durationText(refreshIntervalMs)} (refresh_interval)`,
      );
    if (ageMs < refreshIntervalMs / 2 || now - this.#askedAnewAt.getTime() < refreshIntervalMs / 2) return;
    this.#askedAnewAt = new Date();
    this.#of.say('info', 'asked-anew', 'the agent is asked to deliver all once more');
    this.#running?.anew();
  }

  #setClocks(leaf: Certificate): void {
    this.#stopClocks();
    this.#alarms.clear('expiring', 'ended');
    const at = leaf.notAfter.toISOString();
    const raiseAt = (when: Date, kind: 'expiring' | 'ended', says: string) =>
      alarmAt(when, () => {
        this.#alarms.raise(kind, says, { notAfter: at });
        this.#tellStatus();
      });
    const share = percent(this.#of.settings.rotationThreshold);
    this.#clocks = [
      raiseAt(
        expiringFrom(leaf, this.#of.settings),
        'expiring',
        `${share} of its life are over (rotation_threshold), and no newer SVID has come; it ends at ${at}`,
      ),
      raiseAt(leaf.notAfter, 'ended', `the SVID has ended, at ${at}, and no newer one has come`),
    ];
  }

  #stopClocks(): void {
    for (const clock of this.#clocks) clock[Symbol.dispose]();
    this.#clocks = [];
  }

  #tellStatus(): void {
    const { owner, places, settings, environment } = this.#of;
    try {
      writeStatus(places.status, {
        ...{ schema: 1, owner, startedAt: this.#startedAt.toISOString(), lookedAt: new Date().toISOString() },
        ...{ state: this.#state, deliveredAt: this.#held?.deliveredAt.toISOString(), rotations: this.#rotations },
        bundleConfirmedAt: this.#confirmedAt?.toISOString(),
        ...{ fruitless: this.#tries.fruitless, lastTrouble: this.#tries.lastTrouble, alarms: this.#alarms.standing },
        ...{ renewalIntervalMs: settings.renewalIntervalMs, rotationThreshold: settings.rotationThreshold },
        trustDomain: environment.trustDomain,
      });
      this.#alarms.clear('status-unwritten');
    } catch (error) {
      this.#alarms.raise('status-unwritten', `${places.status} is not up to date: ${messageOf(error)}`);
    }
  }
}

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf, UsageError } from '../../src/errors.ts';
import type { Alarm } from './alarms.ts';

/** What a helper that runs writes of itself, for who looks from outside. Instants are ISO 8601, UTC. */
export interface HelperStatus {
  readonly schema: 1;
  /** Process id and start time, by which that very process is known. */
  readonly owner: string;
  readonly startedAt: string;
  /** When it looked last. */
  readonly lookedAt: string;
  /** `waiting` for a first SVID, one is `held`, it was `withdrawn`, or the helper was `stopped`. */
  readonly state: 'waiting' | 'held' | 'withdrawn' | 'stopped';
  /** When the SVID came that is held. */
  readonly deliveredAt: string | undefined;
  /** How many SVIDs came after the first. */
  readonly rotations: number;
  /** When the agent last delivered the bundle that is held. */
  readonly bundleConfirmedAt: string | undefined;
  /** Tries in a row that bore no fruit, and what the last one met with. */
  readonly fruitless: number;
  readonly lastTrouble: string | undefined;
  readonly alarms: readonly Alarm[];
  /** Of its settings, what a look from outside wants. */
  readonly renewalIntervalMs: number;
  readonly rotationThreshold: number;
  readonly trustDomain: string | undefined;
}

/** Writes it in one step. @throws what the file system has against it */
export function writeStatus(file: string, status: HelperStatus): void {
  const draft = `${file}.draft`;
  try {
    // A link that somebody put there would lead what is written elsewhere.
    rmSync(draft, { force: true });
    writeFileSync(draft, `${JSON.stringify(status)}\n`, { mode: 0o644, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Undefined where none was ever written. @throws UsageError for one that cannot be read */
export function readStatus(file: string): HelperStatus | undefined {
  try {
    const status = JSON.parse(readFileSync(file, 'utf8')) as HelperStatus;
    if (status.schema !== 1) throw new Error('it is of another version');
    if (typeof status.owner !== 'string' || !Array.isArray(status.alarms)) throw new Error('it says not who wrote it');
    return status;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${file}: is no status of a helper: ${messageOf(error)}`);
  }
}

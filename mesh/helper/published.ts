import { lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '../../src/errors.ts';
import { makeWhole, removeDrafts, turnLink } from '../kept-whole.ts';
import { makeDirectories } from '../make-directories.ts';
import { fileNames, type SetFiles } from '../svid-set.ts';
import { digestOf, readSet } from './delivered-set.ts';
import type { HelperPlaces } from './helper-conf.ts';

/** The files that a workload reads. */
export interface Published {
  /**
   * Puts a set in the place of the one before, in one step: the links of the three files lead through one that turns. Where that fails, what was there
   * stays, whole. The set before it is kept until the next one, for who has begun to read it.
   *
   * @throws what the file system has against it, a full disk above all
   */
  publish(files: SetFiles): void;
  /** Whether the three files are those of this set. */
  holds(files: SetFiles): boolean;
  /** Takes away what is there. @returns whether something was */
  withdraw(): boolean;
}

// Whoever may read the directory may read SVIDs and bundles; keys are their owner's alone.
const directoryMode = 0o755;

/** Makes the directory ready, and leaves the files as they are that an earlier run left. @throws UsageError for what somebody else put there */
export function openPublished(places: HelperPlaces): Published {
  const { directory, sets, current } = places;
  makeDirectories(sets, directoryMode);
  for (const place of [directory, sets]) removeDrafts(place);
  for (const name of Object.values(fileNames)) makeLink(join(directory, name), join(basename(current), name));
  refuseOther(current);
  const holds = (files: SetFiles) => {
    const found = readSet(directory);
    return found !== undefined && digestOf(found) === digestOf(files);
  };
  return {
    holds,
    publish(files) {
      const before = currentSet(current);
      // Somebody may have taken away all of it.
      makeDirectories(sets, directoryMode);
      removeSets(sets, before);
      const name = String(Math.max(0, ...setNumbers(sets)) + 1);
      try {
        makeWhole(join(sets, name), keptFiles(files), directoryMode);
        turnLink(current, join(basename(sets), name));
      } catch (error) {
        if (currentSet(current) !== name) rmSync(join(sets, name), { recursive: true, force: true });
        throw error;
      }
      // They lead nowhere where somebody has put files of their own there.
      for (const file of Object.values(fileNames)) makeLink(join(directory, file), join(basename(current), file));
    },
    withdraw() {
      const was = currentSet(current) !== undefined;
      rmSync(current, { force: true });
      removeSets(sets);
      return was;
    },
  };
}

const keptFiles = ({ svid, key, bundle }: SetFiles) => [
  { name: fileNames.svid, text: svid },
  { name: fileNames.key, text: key, secret: true as const },
  { name: fileNames.bundle, text: bundle },
];

function makeLink(link: string, to: string): void {
  refuseOther(link);
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(to, link);
  else if (readlinkSync(link) !== to) turnLink(link, to);
}

function refuseOther(link: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSymbolicLink())
    throw new UsageError(`${link}: is there, and is not what this command made; move it away, or name another --dir`);
}

function currentSet(current: string): string | undefined {
  try {
    return basename(readlinkSync(current));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const setNumbers = (sets: string) =>
  readdirSync(sets)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function removeSets(sets: string, but?: string): void {
  for (const number of setNumbers(sets))
    if (String(number) !== but) rmSync(join(sets, String(number)), { recursive: true, force: true });
}

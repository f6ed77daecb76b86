import { join } from 'node:path';
import { readKept, writeKept } from '../kept-file.ts';

const path = join(import.meta.dirname, 'result.json');

/** What came of all impostors and all right nodes, in numbers. */
export interface Score {
  /** Impostors that failed their clause, for the reason that it has to give. */
  caught: number;
  /** Impostors that were judged. */
  impostors: number;
  /** Runs of right nodes of which something was failed, or left open by anything but an overloaded machine. */
  falseAlarms: number;
  /** Runs of right nodes. */
  conformers: number;
  /** How many were judged again: the machine was too busy to tell, or an impostor failed for another reason than its own. */
  again: number;
  /** Impostors, and runs of right nodes, that were left open by nothing but an overloaded machine, however often they were asked. */
  leftOpen: number;
}

/** What was judged, and when. The numbers count impostors and right nodes by what they are made of. */
export interface JudgedSet {
  /** UTC. */
  readonly date: string;
  readonly cores: number;
  readonly impostors: Readonly<Record<string, number>>;
  readonly conformers: Readonly<Record<string, number>>;
}

export interface Detection {
  readonly score: Score;
  readonly set?: JudgedSet;
}

/** Undefined where `npm run detection` was never run. */
export const readDetection = () => readKept<Detection>(path);

/** Keeps a score; what it is the score of comes with `writeDetection`. */
export function writeScore(score: Score): void {
  write({ score });
}

/** Puts what was judged beside the score that was kept last. @throws Error when there is none */
export function writeDetection(set: JudgedSet): void {
  const kept = readDetection();
  if (kept === undefined) throw new Error(`${path}: there is no score; the test of impostors did not come to its end`);
  write({ ...kept, set });
}

const write = (detection: Detection) => writeKept(path, detection);

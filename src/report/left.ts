import { entriesOf, type History } from '../history.ts';

/** What a run wrote to a mesh that others run, and could not take back. */
export interface LeftReport {
  readonly what: string;
  /** Where it is. */
  readonly at: string;
  /** Until then it has an effect. */
  readonly until: string;
  /** What becomes of it. */
  readonly then: string;
}

/** In the order in which it was written. What was about to be written when the run was killed counts as written. */
export function readLeft(history: History): LeftReport[] {
  const all = entriesOf(history, 'written');
  const undone = new Set(all.flatMap((one) => (one.undone ? [one.what] : [])));
  return all.filter(({ what }) => !undone.has(what)).map(({ what, at, until, then }) => ({ what, at, until, then }));
}

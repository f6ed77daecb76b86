import { entriesOf, type History, type PassMark } from '../history.ts';

/** A pass of a certification, as its marks tell it. */
export interface Pass extends Pick<PassMark, 'pass' | 'title' | 'cannotShow' | 'leavesOut'> {
  readonly fromMs: number;
  /** Null where it never came to its end. */
  readonly toMs: number | null;
  /** Line numbers of its marks; the end is past every line where it has none. */
  readonly from: number;
  readonly to: number;
}

/** The passes that a history begins, in order; none where it is of no certification. */
export function passesOf(history: History): readonly Pass[] {
  const marks = entriesOf(history, 'pass');
  return marks
    .filter(({ state }) => state === 'begun')
    .map(({ pass, title, cannotShow, leavesOut, atMs, index }) => {
      const end = marks.find((mark) => mark.pass === pass && mark.state === 'ended');
      return {
        pass,
        title,
        cannotShow,
        ...(leavesOut !== undefined && { leavesOut }),
        fromMs: atMs,
        toMs: end?.atMs ?? null,
        from: index,
        to: end?.index ?? Infinity,
      };
    });
}

/** What concerns the run as a whole, and each of its passes: its first lines, say, and what was asked of it. */
export function outsideOfPasses(history: History): History {
  const passes = passesOf(history);
  return history.filter(({ index }) => !passes.some(({ from, to }) => index >= from && index <= to));
}

/** What was recorded in a pass, and beside all of them what concerns the run as a whole: its first and last lines, say. */
export function historyOfPass(history: History, pass: Pass): History {
  const common = new Set(outsideOfPasses(history));
  return history.filter((entry) => common.has(entry) || (entry.index >= pass.from && entry.index <= pass.to));
}

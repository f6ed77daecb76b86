import type { History } from '../src/history.ts';
import type { ClauseOutcome } from '../src/report/acceptance.ts';
import type { Report } from '../src/report/report.ts';

/**
 * A format that a finished run is told in. It is the value `format` of `formats/<id>.ts`, and to add a format is to add that
 * file: whatever writes documents or lists formats finds it there.
 */
export interface ReportFormat {
  /** The name of its file in `formats/`, without the ending. */
  readonly id: string;
  /** What it is and for whom, a sentence for lists. */
  readonly title: string;
  /**
   * What it makes of each verdict, and of a failure that somebody accepted, in the words by which a reader of the format finds it: the published table of all formats is made of these.
   * What a format cannot say it withholds or worsens, and never betters.
   */
  readonly verdicts: Readonly<Record<ClauseOutcome, string>>;
  /** The name of the document in the directory of a run; no two formats share one. */
  readonly fileName: string;
  /**
   * The text of the document, made of these two and nothing else: no clock, no chance, no environment, so that it is the same
   * whenever it is made again. What a target said is hostile: it must not be able to act in whoever reads the document.
   */
  render(report: Report, history: History): string | Promise<string>;
  /** Loads what is slow at its first use, so that a later `render` only renders. */
  preload?(): Promise<void>;
}

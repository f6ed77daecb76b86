import type { ClauseChange, FigureChange, ReportDiff, RunName } from '../../src/report/diff.ts';
import { verdictOfDiff } from '../../src/report/diff.ts';
import type { RunVerdict } from '../../src/verdict.ts';
import { milliseconds, verdictWords } from '../wording.ts';
import { ascii, clean, painter, styles, wrap, type Paint } from './text.ts';

export interface DiffOptions {
  readonly color: boolean;
  readonly width: number;
}

const headings = [
  ['broken', 'broke'],
  ['lost', 'failed before, and could not be decided now'],
  ['undecided', 'held before, and were not decided now'],
  ['stillBroken', 'still broken'],
  ['fixed', 'mended'],
  ['decided', 'hold now, and were not decided before'],
  ['otherwise', 'were decided neither before nor now'],
] as const;

/** What is different in a later run, for a terminal: what got worse comes first. Without colour it is plain ASCII. */
export function diffSummary(diff: ReportDiff, options: DiffOptions): string {
  const width = Math.max(40, Math.min(120, options.width));
  const paint = painter(options.color);
  const sections = [
    headline(diff, paint, width),
    ...headings.map(([list, says]) => changes(diff[list], says, paint, width)),
    figures(diff.figures, paint),
    [paint('gray', `  coverage  ${diff.coverage.before} requirements decided before, ${diff.coverage.after} now`)],
  ];
  const text = sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n');
  return `${options.color ? text : ascii(text)}\n`;
}

const words: Readonly<Record<RunVerdict, string>> = {
  pass: 'NO WORSE',
  fail: 'WORSE',
  inconclusive: 'LESS IS KNOWN',
};

function headline(diff: ReportDiff, paint: Paint, width: number): string[] {
  const verdict = verdictOfDiff(diff);
  const run = ({ id, startedAt, verdict: of }: RunName) => `${clean(id)} of ${clean(startedAt)} (${of})`;
  const label = paint(['bold', 'inverse', styles[verdict]], ` ${words[verdict]} `);
  const [first = '', ...rest] = wrap(
    `${run(diff.after)}, beside ${run(diff.before)}`,
    width - words[verdict].length - 3,
  );
  return [`${label} ${paint('bold', first)}`, ...rest.map((line) => `  ${paint('bold', line)}`)];
}

function changes(all: readonly ClauseChange[], says: string, paint: Paint, width: number): string[] {
  if (all.length === 0) return [];
  return [
    `  ${all.length} ${says}`,
    ...all.flatMap(({ id, before, after, reason }) => {
      const mark = paint(styles[after ?? 'none'], after === null ? '-' : verdictWords[after].ascii.padEnd(4));
      const was = `${before ?? 'not judged'} → ${after ?? 'not judged'}`;
      return [
        `    ${mark} ${clean(id)} (${was})`,
        ...(after === 'fail' || after === 'inconclusive'
          ? wrap(reason, width - 10, 3).map((line) => paint('gray', `         ${line}`))
          : []),
      ];
    }),
  ];
}

function figures(all: readonly FigureChange[], paint: Paint): string[] {
  return all.map(({ row, percentile, beforeMs, afterMs, apart }) =>
    paint(
      apart ? 'yellow' : 'gray',
      `  ${clean(row)}  p${percentile} ${milliseconds(beforeMs)} → ${milliseconds(afterMs)}${apart ? ', beyond where either may lie: --baseline says whose doing that is' : ''}`,
    ),
  );
}

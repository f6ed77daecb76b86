import type { ClauseReport, Report } from '../../src/report/report.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import { reasonOf } from '../points.ts';
import { levelWords, verdictWords } from '../wording.ts';
import { clean, styles, wrap, type Paint } from './text.ts';

const mostLines = 6;
const mostReasons = 5;

/**
 * Each clause that is broken, those whose failure is accepted, then those that were not decided, by their reasons; where nothing was looked at at all,
 * why that is. Of a run that was stopped nobody asks what was left open.
 */
export function openClauses({ clauses, run }: Report, paint: Paint, width: number): string[] {
  const broken = clauses.filter((clause) => outcomeOf(clause) === 'fail');
  const accepted = clauses.filter((clause) => outcomeOf(clause) === 'accepted');
  const isSkippedWhole = clauses.every(({ verdict }) => verdict === 'skipped');
  const left = clauses.filter(({ verdict }) => verdict === (isSkippedWhole ? 'skipped' : 'inconclusive'));
  const open = run.aborted === null ? [...Map.groupBy(left, ({ reason }) => reason)] : [];
  const told = isSkippedWhole ? open.slice(0, mostReasons) : open;
  return [
    ...[...broken, ...accepted].flatMap((clause) => oneClause(clause, paint, width)),
    ...told.flatMap(([reason, [first, ...others]]) =>
      others.length === 0 ? oneClause(first!, paint, width) : alike(reason, [first!, ...others], paint, width),
    ),
    ...(told.length < open.length ? [`    and ${open.length - told.length} more reasons in the report`] : []),
  ];
}

function oneClause(clause: ClauseReport, paint: Paint, width: number): string[] {
  const outcome = outcomeOf(clause);
  const { sign, ascii } = verdictWords[outcome];
  const where = [levelWords(clause), clause.spec, clause.evidence[0]].filter(Boolean).join(' · ');
  const title = clean(clause.title);
  const beside = ascii.length + clause.id.length + title.length + 5 <= width;
  return [
    `  ${paint(styles[outcome], sign)} ${paint('bold', clause.id)}${beside ? `  ${title}` : ''}`,
    ...indented(beside ? [] : wrap(title, width - 6)),
    ...indented(wrap(reasonOf(clause), width - 6, mostLines)),
    ...indented(wrap(where, width - 6)).map((line) => paint('gray', line)),
  ];
}

function alike(reason: string, clauses: readonly ClauseReport[], paint: Paint, width: number): string[] {
  const [first = '', ...rest] = wrap(`${clauses.length} clauses: ${reason}`, width - 6, mostLines);
  const ids = clauses.map(({ id }) => id).join(', ');
  const { verdict } = clauses[0]!;
  return [
    `  ${paint(styles[verdict], verdictWords[verdict].sign)} ${first}`,
    ...indented(rest),
    ...indented(wrap(ids, width - 6)).map((line) => paint('gray', line)),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `      ${line}`);
}

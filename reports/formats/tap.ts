import { stringify } from 'yaml';
import type { History } from '../../src/history.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import type { ReportFormat } from '../format.ts';
import { pointsOf, reasonOf } from '../points.ts';
import { redactedSentence } from '../wording.ts';

/**
 * TAP 14, one line a clause. Inconclusive is `not ok` with `severity: inconclusive`. What is known not to hold, or accepted, has TAP's directive for
 * a point that may fail, which it calls TODO: it speaks of the target, and of nothing that is left to be done here.
 */
export const format = {
  id: 'tap',
  title: 'TAP 14, one line a clause, for tools that read test results.',
  fileName: 'results.tap',
  verdicts: {
    pass: 'ok',
    fail: 'not ok',
    inconclusive: 'not ok',
    skipped: 'ok # SKIP',
    deviation: 'not ok # TODO',
    accepted: 'not ok # TODO',
  },
  render: tap,
} as const satisfies ReportFormat;

function tap(report: Report, history: History): string {
  const points = pointsOf(report, history);
  return [
    tapVersion,
    tapPlan(points.length),
    ...tapComments(report),
    ...points.flatMap((clause, at) => tapPoint(clause, at + 1)),
    '',
  ].join('\n');
}

export const tapVersion = 'TAP version 14';

export function tapPlan(points: number): string {
  return `1..${points}`;
}

/** What the run is, and came to, for people who read the stream. */
export function tapComments({ run, verdict }: Report): string[] {
  const comments = [`run ${run.id}, seed ${run.seed}, verdict ${verdict}`];
  if (run.redacted !== undefined) comments.push(redactedSentence(run.redacted));
  if (run.aborted !== null) comments.push(`aborted: ${run.aborted}`);
  return comments.map((comment) => `# ${oneLine(comment)}`);
}

const mostOfReason = 300;

/** Says that the run was cut, and why as far as a line goes. */
export function tapBailOut(why: string): string {
  const line = oneLine(why.slice(0, mostOfReason));
  return `Bail out! ${line}${why.length > mostOfReason ? ' …' : ''}`;
}

/** The lines of a point: the test line, and what is known of it. */
export function tapPoint(clause: ClauseReport, number: number): string[] {
  const ok = clause.verdict === 'pass' || clause.verdict === 'skipped';
  const directive =
    clause.verdict === 'skipped'
      ? ` # SKIP ${oneLine(clause.reason)}`
      : clause.verdict === 'deviation' || clause.accepted !== undefined
        ? ` # TODO ${oneLine(reasonOf(clause))}`
        : '';
  const title = clause.title === clause.id ? '' : ` ${oneLine(clause.title)}`;
  return [`${ok ? 'ok' : 'not ok'} ${number} - ${oneLine(clause.id)}${title}${directive}`, ...diagnostics(clause)];
}

function diagnostics(clause: ClauseReport): string[] {
  const { verdict, accepted, reason, level, spec, catalogue, evidence } = clause;
  const outcome = outcomeOf(clause);
  const severity = outcome === 'fail' || outcome === 'inconclusive' ? { severity: outcome } : {};
  const yaml = stringify(
    { verdict, ...severity, ...(accepted && { accepted }), reason, level, spec, catalogue, evidence },
    { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
  );
  return [
    '  ---',
    ...yaml
      .trimEnd()
      // Parsers of TAP take these for the end of a line; within quotation marks they can be written so.
      .replace(/[\u0085\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .split('\n')
      .map((line) => `  ${line}`),
    '  ...',
  ];
}

// A backslash and a hash steer the parser of a test line; so does a line break, above all.
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\\#]/g, '\\$&');
}

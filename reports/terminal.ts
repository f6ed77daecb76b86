import { entriesOf, type History } from '../src/history.ts';
import type { ClauseOutcome } from '../src/report/acceptance.ts';
import type { Report } from '../src/report/report.ts';
import { rowName } from '../src/statistics/bench-rows.ts';
import { benchTable } from './terminal/bench-table.ts';
import { claimLines } from './terminal/claims.ts';
import { next } from './terminal/next.ts';
import { openClauses } from './terminal/open-clauses.ts';
import { ascii, painter, styles, wrap, type Paint } from './terminal/text.ts';
import {
  because,
  byPromise,
  count,
  coverageSentence,
  isBench,
  leftSentence,
  groupVerdict,
  machineSentence,
  milliseconds,
  redactedSentence,
  rotationTotals,
  verdictWords,
} from './wording.ts';

/** The terminal that a summary is for, and what it cannot know from the run. */
export interface SummaryOptions {
  readonly color: boolean;
  /** Where the reports of the run lie. */
  readonly directory: string;
  /** Columns of the terminal; lines are wrapped to it, between 40 and 120. */
  readonly width: number;
}

const shown = [
  'pass',
  'fail',
  'inconclusive',
  'accepted',
  'skipped',
  'deviation',
] as const satisfies readonly ClauseOutcome[];

/**
 * The last words of a run, for a terminal: verdict, promises, what failed or stayed open, the figures, what kept the harness from seeing, where
 * the report is. Without colour it is plain ASCII. What a target said is shown without its control characters.
 */
export function summary(report: Report, history: History, options: SummaryOptions): string {
  const width = Math.max(40, Math.min(120, options.width));
  const paint = painter(options.color);
  const sections = [
    headline(report, history, paint, width),
    promiseLines(report, paint, width, options.color),
    openClauses(report, paint, width),
    claimLines(report, paint, width, options.color),
    benchTable(report, paint, width),
    figures(report, paint, width),
    causes(report, history, paint, width),
    allowedInVain(history, paint, width),
    leftBehind(report, paint, width),
    next(report, history, options.directory, paint, width),
  ];
  const text = sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n');
  return `${options.color ? text : ascii(text)}\n`;
}

function headline(report: Report, history: History, paint: Paint, width: number): string[] {
  const words = { pass: 'PASS', fail: 'FAIL', inconclusive: 'INCONCLUSIVE', measured: 'MEASURED' } as const;
  // Figures alone are neither good nor bad.
  const measured = report.verdict === 'pass' && isBench(report) && report.objectives === undefined;
  const word = words[measured ? 'measured' : report.verdict];
  const label = paint(['bold', 'inverse', styles[report.verdict]], ` ${word} `);
  const [first = '', ...rest] = wrap(because(report, history), width - word.length - 3);
  return [
    `${label} ${paint('bold', first)}`,
    ...rest.map((line) => `${' '.repeat(word.length + 3)}${paint('bold', line)}`),
    ...(report.run.redacted === undefined ? [] : wrap(redactedSentence(report.run.redacted), width)),
  ];
}

function promiseLines(report: Report, paint: Paint, width: number, color: boolean): string[] {
  const groups = byPromise(report).filter((group) => group.clauses.length > 0);
  const nameWidth = Math.max(0, ...groups.map((group) => group.name.length));
  const indent = nameWidth + (color ? 6 : 9);
  return groups.flatMap(({ name, clauses }) => {
    const rows: { wide: number; text: string }[] = [];
    for (const one of shown.filter((verdict) => count(clauses, verdict) > 0)) {
      const text = `${color ? `${verdictWords[one].sign} ` : ''}${count(clauses, one)} ${verdictWords[one].word}`;
      const last = rows.at(-1);
      if (last !== undefined && last.wide + 2 + text.length < width - indent) {
        last.wide += 2 + text.length;
        last.text += `${color ? '  ' : ', '}${paint(styles[one], text)}`;
      } else {
        rows.push({ wide: text.length, text: paint(styles[one], text) });
      }
    }
    const first = `  ${mark(groupVerdict(clauses), paint, color)} ${name.padEnd(nameWidth)}  `;
    return rows.map(({ text }, at) => `${at === 0 ? first : ' '.repeat(indent)}${text}`);
  });
}

const mostTold = 5;
const mostLines = 6;

/** What kept the harness from seeing: its own trouble, and a machine that was too busy. */
function causes(report: Report, history: History, paint: Paint, width: number): string[] {
  const told = [...new Set(report.troubles.map(({ message }) => message))];
  const more = told.length - mostTold;
  return [
    ...told.slice(0, mostTold),
    ...(more > 0 ? [`and ${more} more in the report`] : []),
    ...[machineSentence(report, history) ?? []].flat(),
  ].flatMap((message) => warning(message, paint, width));
}

/** What was allowed and not done, and why: whoever gave a right counts on what it shows. */
function allowedInVain(history: History, paint: Paint, width: number): string[] {
  const skips = entriesOf(history, 'skip').filter((skip) => skip.allowedInVain);
  return [...Map.groupBy(skips, ({ reason }) => reason)].flatMap(([reason, all]) =>
    warning(
      `allowed, and not made use of, for ${all.length === 1 ? 'a clause' : `${all.length} clauses`}: ${reason}`,
      paint,
      width,
    ),
  );
}

/** What is still there when the run is over. */
function leftBehind({ left = [] }: Report, paint: Paint, width: number): string[] {
  return left.flatMap((one) => warning(`left behind: ${leftSentence(one)}`, paint, width));
}

function warning(text: string, paint: Paint, width: number): string[] {
  return wrap(text, width - 4, mostLines).map((line, at) => `  ${at === 0 ? paint('yellow', '!') : ' '} ${line}`);
}

function figures(report: Report, paint: Paint, width: number): string[] {
  const rows = report.bench
    .filter(({ row }) => row === undefined)
    .map(
      (bench) =>
        [
          rowName(bench.id),
          `p50 ${milliseconds(bench.p50Ms)}${bench.p99Ms === null ? '' : `, p99 ${milliseconds(bench.p99Ms)}`}` +
            `${bench.p999Ms === null ? '' : `, p99.9 ${milliseconds(bench.p999Ms)}`} (n = ${bench.count}, ${bench.errors} failed, ${bench.perSecond}/s)`,
        ] as const,
    );
  if (report.scenarios.length > 0) {
    const { delivered, presented, nodes } = rotationTotals(report);
    rows.push([
      'rotations seen',
      `${presented} on the wire, ${delivered} delivered, on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
    ]);
  }
  const faults = report.scenarios.flatMap((scenario) => scenario.faults);
  const proven = faults.filter((fault) => fault.provenBy !== null && fault.healedProvenBy !== null).length;
  if (faults.length > 0) rows.push(['faults', `${faults.length} injected, ${proven} proven in force and proven gone`]);
  const coverage = isBench(report) ? undefined : coverageSentence(report);
  if (coverage !== undefined) rows.push(['coverage', coverage.replace(/\.$/, '')]);
  const labelWidth = Math.max(0, ...rows.map(([label]) => label.length));
  return rows
    .flatMap(([label, value]) =>
      wrap(value, width - labelWidth - 4).map((line, at) => `  ${(at === 0 ? label : '').padEnd(labelWidth)}  ${line}`),
    )
    .map((line) => paint('gray', line));
}

function mark(verdict: ClauseOutcome | 'none', paint: Paint, color: boolean): string {
  if (verdict === 'none') return ' ';
  return paint(styles[verdict], color ? verdictWords[verdict].sign : verdictWords[verdict].ascii.padEnd(4));
}

import { styleText } from 'node:util';
import type { ClauseReport, Report } from '../src/report/report.ts';
import type { ClauseVerdict } from '../src/verdict.ts';
import {
  because,
  byPromise,
  count,
  coverageSentence,
  groupVerdict,
  milliseconds,
  rotationTotals,
  verdictWords,
} from './wording.ts';

/** The terminal that a summary is for, and what it cannot know from the report. */
export interface SummaryOptions {
  readonly color: boolean;
  /** Where the reports of the run lie. */
  readonly directory: string;
  /** Columns of the terminal; lines are wrapped to it, between 40 and 120. */
  readonly width: number;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const styles = {
  pass: 'green',
  fail: 'red',
  inconclusive: 'yellow',
  skipped: 'gray',
  deviation: 'magenta',
  none: 'gray',
} as const;
const shown = ['pass', 'fail', 'inconclusive', 'skipped', 'deviation'] as const satisfies readonly ClauseVerdict[];

/**
 * The last words of a run, for a terminal: verdict, promises, what failed or stayed open, the figures, where the report is.
 * Without colour it is plain ASCII. What a target said is shown without its control characters.
 */
export function summary(report: Report, options: SummaryOptions): string {
  const width = Math.max(40, Math.min(120, options.width));
  const paint: Paint = (style, text) => (options.color ? styleText(style, text, { validateStream: false }) : text);
  const sections = [
    headline(report, paint, width),
    promiseLines(report, paint, options.color),
    troubles(report, paint, width),
    openClauses(report, paint, width),
    figures(report, paint, width),
    next(report, options.directory, paint, width),
  ];
  const text = sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n');
  return `${options.color ? text : ascii(text)}\n`;
}

function headline(report: Report, paint: Paint, width: number): string[] {
  const words = { pass: 'PASS', fail: 'FAIL', inconclusive: 'INCONCLUSIVE' } as const;
  const label = paint(['bold', 'inverse', styles[report.verdict]], ` ${words[report.verdict]} `);
  const [first = '', ...rest] = wrap(because(report), width - words[report.verdict].length - 3);
  return [
    `${label} ${paint('bold', first)}`,
    ...rest.map((line) => `${' '.repeat(words[report.verdict].length + 3)}${paint('bold', line)}`),
  ];
}

function promiseLines(report: Report, paint: Paint, color: boolean): string[] {
  const groups = byPromise(report).filter((group) => group.clauses.length > 0);
  const nameWidth = Math.max(0, ...groups.map((group) => group.name.length));
  return groups.map(({ name, clauses }) => {
    const verdict = groupVerdict(clauses);
    const counts = shown
      .filter((one) => count(clauses, one) > 0)
      .map((one) =>
        paint(
          styles[one],
          color
            ? `${verdictWords[one].sign} ${count(clauses, one)}`
            : `${count(clauses, one)} ${verdictWords[one].word}`,
        ),
      );
    return `  ${mark(verdict, paint, color)} ${name.padEnd(nameWidth)}  ${counts.join(color ? '  ' : ', ')}`;
  });
}

/** What kept the harness itself from seeing. */
function troubles(report: Report, paint: Paint, width: number): string[] {
  const told = [...new Set(report.troubles.map(({ message }) => message))];
  const lines = told.slice(0, 5).flatMap((message) =>
    wrap(message, width - 4)
      .slice(0, 6)
      .map((line, at) => `  ${at === 0 ? paint('yellow', '!') : ' '} ${line}`),
  );
  return told.length > 5 ? [...lines, `    and ${told.length - 5} more in the report`] : lines;
}

function openClauses(report: Report, paint: Paint, width: number): string[] {
  return (['fail', 'inconclusive'] as const)
    .flatMap((verdict) => report.clauses.filter((clause) => clause.verdict === verdict))
    .flatMap((clause) => oneClause(clause, paint, width));
}

function oneClause(clause: ClauseReport, paint: Paint, width: number): string[] {
  const { sign } = verdictWords[clause.verdict];
  const where = [clause.level.replace('_', ' '), clause.spec, clause.evidence[0]].filter(Boolean).join(' · ');
  return [
    `  ${paint(styles[clause.verdict], sign)} ${paint('bold', clause.id)}  ${clean(clause.title)}`,
    ...wrap(clause.reason, width - 6)
      .slice(0, 6)
      .map((line) => `      ${line}`),
    ...wrap(where, width - 6).map((line) => paint('gray', `      ${line}`)),
  ];
}

function figures(report: Report, paint: Paint, width: number): string[] {
  const rows = report.bench.map(
    (bench) =>
      [
        bench.id,
        `p50 ${milliseconds(bench.p50Ms)}, p99 ${milliseconds(bench.p99Ms)}` +
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
  const coverage = coverageSentence(report);
  if (coverage !== undefined) rows.push(['coverage', coverage.replace(/\.$/, '')]);
  const labelWidth = Math.max(0, ...rows.map(([label]) => label.length));
  return rows
    .flatMap(([label, value]) =>
      wrap(value, width - labelWidth - 4).map((line, at) => `  ${(at === 0 ? label : '').padEnd(labelWidth)}  ${line}`),
    )
    .map((line) => paint('gray', line));
}

function next(report: Report, directory: string, paint: Paint, width: number): string[] {
  const lines = [
    `  Report   ${paint('underline', `${directory}/report.html`)}`,
    `  Again    ${clean(report.run.command)}  (seed ${report.run.seed})`,
  ];
  const only = report.clauses.filter((clause) => clause.verdict === report.verdict).map((clause) => clause.id);
  if (report.verdict === 'fail') {
    lines.push(
      ...advice(
        `Open the report at a broken clause: it shows the exchanges that broke it. Then run it alone with --only '${only[0] ?? ''}', the same seed and the same target.`,
        width,
      ),
    );
  } else if (report.verdict === 'inconclusive') {
    lines.push(
      ...advice(
        report.run.aborted === null
          ? 'Nothing is held against the target. Remove what kept the harness from seeing (named above), and run again with the same seed.'
          : 'The run was cut short: run it again to its end before relying on it.',
        width,
      ),
    );
  }
  return lines;
}

function advice(text: string, width: number): string[] {
  return wrap(text, width - 11).map((line, at) => `  ${at === 0 ? 'Next    ' : '        '} ${line}`);
}

function mark(verdict: ClauseVerdict | 'none', paint: Paint, color: boolean): string {
  if (verdict === 'none') return ' ';
  return paint(styles[verdict], color ? verdictWords[verdict].sign : verdictWords[verdict].ascii.padEnd(4));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of clean(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

// A target's words reach the reason of a clause: without this they could move the cursor or rewrite the verdict above.
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, ' ');
}

function ascii(text: string): string {
  const plain: Readonly<Record<string, string>> = {
    '✔': 'ok',
    '✘': 'FAIL',
    '○': '-',
    '△': '~',
    '◌': '.',
    '·': '|',
    '“': '"',
    '”': '"',
    '’': "'",
    '–': '-',
    '—': '-',
    '→': '->',
    '…': '...',
    '§': 'section ',
    '≥': '>=',
    '≤': '<=',
    '×': 'x',
    µ: 'u',
  };
  return text.replace(/[^\n\x20-\x7e]/gu, (character) => plain[character] ?? '?');
}

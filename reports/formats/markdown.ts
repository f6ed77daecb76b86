import type { History } from '../../src/history.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import type { ReportFormat } from '../format.ts';
import { pointsOf } from '../points.ts';
import { because, clauseWords, count, coverageSentence, sentence, verdictOrder, verdictWords } from '../wording.ts';

/** Markdown as GitHub and GitLab show it, for the summary of a step or a comment on a change: what needs a look first, all the rest folded. */
export const format = {
  id: 'markdown',
  title: 'Markdown summary, for the page of a pipeline or a comment on a change.',
  fileName: 'summary.md',
  verdicts: clauseWords,
  render: markdown,
} as const satisfies ReportFormat;

const signs = { pass: '✅', fail: '❌', inconclusive: '❔' } as const;

function markdown(report: Report, history: History): string {
  const points = pointsOf(report, history);
  const { run, verdict } = report;
  const counts = verdictOrder
    .filter((one) => count(points, one) > 0)
    .map((one) => `${count(points, one)} ${verdictWords[one].word}`);
  const urgent = points.filter((one) => one.verdict === 'fail' || one.verdict === 'inconclusive');
  const others = points.filter((one) => !urgent.includes(one));
  const coverage = coverageSentence(report);
  return [
    `## ${signs[verdict]} Assay: ${verdict}`,
    text(because(report, history)),
    `${sentence(counts.join(', '))}. ${code(run.command)}, run ${code(run.id)} on ${text(run.runtime)}, seed ${run.seed}.`,
    ...urgent.map(detail),
    ...(others.length === 0 ? [] : [folded(others)]),
    ...(coverage === undefined ? [] : [text(coverage)]),
    '',
  ].join('\n\n');
}

function detail({ id, title, verdict, reason, danger, evidence }: ClauseReport): string {
  return [
    `### ${sentence(verdictWords[verdict].word)}: ${text(title)}`,
    '',
    `- ${code(id)}: ${text(reason)}`,
    ...(danger === '' ? [] : [`- danger: ${text(danger)}`]),
    ...(evidence.length === 0 ? [] : [`- evidence: ${evidence.slice(0, 3).map(code).join(', ')}`]),
  ].join('\n');
}

function folded(clauses: readonly ClauseReport[]): string {
  const ordered = verdictOrder.flatMap((verdict) => clauses.filter((one) => one.verdict === verdict));
  return [
    `<details><summary>${clauses.length} more</summary>`,
    '',
    '| Clause | Verdict | Reason |',
    '| --- | --- | --- |',
    ...ordered.map(({ id, verdict, reason }) => `| ${code(id)} | ${verdictWords[verdict].word} | ${text(reason)} |`),
    '',
    '</details>',
  ].join('\n');
}

/** Words of a target as words: nothing in them begins a link, a tag, a mention, a cell or a line. */
function text(words: string): string {
  return oneLine(words)
    .replace(/[&<>]/g, (sign) => `&#${sign.codePointAt(0)};`)
    .replace(/[\\`*_{}[\]()#+!|~@]/g, '\\$&')
    .replace(/(https?):/gi, '$1&#58;');
}

function code(words: string): string {
  // Within a code span nothing is escaped: what would end it, or the cell that it stands in, is left out.
  return `\`${oneLine(words).replace(/[`|]/g, '')}\``;
}

function oneLine(words: string): string {
  return words.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}

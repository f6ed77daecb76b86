import type { History } from '../../src/history.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import type { Claim } from '../../src/report/certification.ts';
import { claimSentence, selfTestSentence, toldClaims } from '../claims.ts';
import type { ReportFormat } from '../format.ts';
import { oneLine, withoutMarkup } from '../markdown-words.ts';
import { pointsOf, reasonOf } from '../points.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import {
  because,
  outcomeWords,
  count,
  coverageSentence,
  leftSentence,
  redactedSentence,
  sentence,
  outcomes,
  verdictWords,
} from '../wording.ts';

/** Markdown as GitHub and GitLab show it, for the summary of a step or a comment on a change: what needs a look first, all the rest folded. */
export const format = {
  id: 'markdown',
  title: 'Markdown summary, for the page of a pipeline or a comment on a change.',
  fileName: 'summary.md',
  verdicts: outcomeWords,
  render: markdown,
} as const satisfies ReportFormat;

const signs = { pass: '✅', fail: '❌', inconclusive: '❔' } as const;

function markdown(report: Report, history: History): string {
  const points = pointsOf(report, history);
  const { run, verdict, certification, selfTest } = report;
  const counts = outcomes
    .filter((one) => count(points, one) > 0)
    .map((one) => `${count(points, one)} ${verdictWords[one].word}`);
  const urgent = points.filter((one) => ['fail', 'inconclusive'].includes(outcomeOf(one)));
  const others = points.filter((one) => !urgent.includes(one));
  const coverage = coverageSentence(report);
  return [
    `## ${signs[verdict]} Assay: ${verdict}`,
    text(because(report, history)),
    `${sentence(counts.join(', '))}. ${code(run.command)}, run ${code(run.id)} on ${text(run.runtime)}, seed ${run.seed}.`,
    ...(certification === undefined ? [] : [claimsTable(certification.claims)]),
    ...(selfTest === undefined ? [] : [`Self-test: ${text(selfTestSentence(selfTest))}.`]),
    ...(run.redacted === undefined ? [] : [text(redactedSentence(run.redacted))]),
    ...(report.left ?? []).map((one) => `Left behind: ${text(leftSentence(one))}.`),
    ...urgent.map(detail),
    ...(others.length === 0 ? [] : [folded(others)]),
    ...(coverage === undefined ? [] : [text(coverage)]),
    '',
  ].join('\n\n');
}

function claimsTable(claims: readonly Claim[]): string {
  const { told, untouched } = toldClaims(claims);
  const rest = untouched.map(({ title }) => title).join(', ');
  return [
    '| Promise or document | Claim | What it rests on |',
    '| --- | --- | --- |',
    ...told.map((claim) => `| ${text(claim.title)} | **${claim.claim}** | ${text(claimSentence(claim))} |`),
    ...(rest === '' ? [] : [`| ${text(rest)} | **incomplete** | no clause of this version decides anything of them |`]),
  ].join('\n');
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
  const ordered = outcomes.flatMap((outcome) => clauses.filter((one) => outcomeOf(one) === outcome));
  return [
    `<details><summary>${clauses.length} more</summary>`,
    '',
    '| Clause | Verdict | Reason |',
    '| --- | --- | --- |',
    ...ordered.map((one) => `| ${code(one.id)} | ${outcomeWords[outcomeOf(one)]} | ${text(reasonOf(one))} |`),
    '',
    '</details>',
  ].join('\n');
}

/**
 * Words of a target as words, which end no cell, and of which no address, mention or number of an issue is linked either. Forges look for those in
 * the text that is left when all escapes are taken off, so that they are broken by a space of no width.
 */
function text(words: string): string {
  return withoutMarkup(oneLine(words).replace(/[@#]|:(?=\/\/)|www(?=\.)/gi, `$&${noWidth}`)).replaceAll('|', '\\|');
}

const noWidth = '\u200b';

function code(words: string): string {
  // Within a code span nothing is escaped: what would end it, or the cell that it stands in, is left out.
  return `\`${oneLine(words).replace(/[`|]/g, '')}\``;
}

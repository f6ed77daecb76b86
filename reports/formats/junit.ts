import { create } from 'xmlbuilder2';
import type { History } from '../../src/history.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import type { ReportFormat } from '../format.ts';
import { pointsOf, reasonOf } from '../points.ts';
import { byPromise, count, obligation } from '../wording.ts';

/**
 * JUnit XML by the Jenkins xUnit schema: a promise is a suite, a clause a case.
 * A fail is a failure; inconclusive is an error, since the harness could not tell; a known deviation, and a failure that somebody
 * accepted, is skipped.
 */
export const format = {
  id: 'junit',
  title: 'JUnit XML, a promise a suite and a clause a case, for CI.',
  fileName: 'junit.xml',
  verdicts: {
    pass: 'passed',
    fail: 'failure',
    inconclusive: 'error',
    skipped: 'skipped',
    deviation: 'skipped',
    accepted: 'skipped',
  },
  render: junit,
} as const satisfies ReportFormat;

type Element = ReturnType<typeof create>;

function junit(judged: Report, history: History): string {
  const report = { ...judged, clauses: pointsOf(judged, history) };
  const suites = byPromise(report).filter((group) => group.clauses.length > 0);
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: 'assay',
    time: seconds(report),
    tests: report.clauses.length,
    failures: count(report.clauses, 'fail'),
    errors: count(report.clauses, 'inconclusive'),
  });
  for (const { id, clauses } of suites) {
    const suite = root.ele('testsuite', {
      name: `assay.${id}`,
      tests: clauses.length,
      failures: count(clauses, 'fail'),
      errors: count(clauses, 'inconclusive'),
      skipped: count(clauses, 'skipped') + count(clauses, 'deviation') + count(clauses, 'accepted'),
      timestamp: report.run.startedAt.replace(/\.\d+Z$/, ''),
    });
    properties(suite, report);
    for (const clause of clauses) testCase(suite, `assay.${id}`, clause);
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

function properties(suite: Element, { run }: Report): void {
  const list = suite.ele('properties');
  for (const [name, value] of Object.entries({
    run: run.id,
    command: run.command,
    seed: String(run.seed),
    runtime: run.runtime,
  })) {
    list.ele('property', { name, value: xmlText(value) });
  }
}

function testCase(suite: Element, classname: string, clause: ClauseReport): void {
  const element = suite.ele('testcase', { classname, name: xmlText(clause.id) });
  const message = xmlText(reasonOf(clause));
  const detail = xmlText(details(clause));
  if (clause.accepted !== undefined) element.ele('skipped', { message: `accepted failure: ${message}` });
  else if (clause.verdict === 'fail') element.ele('failure', { type: clause.level, message }).txt(detail);
  else if (clause.verdict === 'inconclusive') element.ele('error', { type: 'inconclusive', message }).txt(detail);
  else if (clause.verdict === 'skipped') element.ele('skipped', { message });
  else if (clause.verdict === 'deviation') element.ele('skipped', { message: `known deviation: ${message}` });
}

function details(clause: ClauseReport): string {
  const lines = [clause.title, obligation(clause)];
  if (clause.danger !== '') lines.push(`Danger: ${clause.danger}`);
  lines.push(`Evidence: ${clause.evidence.join(', ')}`);
  return lines.join('\n');
}

function seconds({ run }: Report): string {
  const ms = Date.parse(run.endedAt) - Date.parse(run.startedAt);
  return (Number.isFinite(ms) ? Math.max(0, ms) / 1000 : 0).toFixed(3);
}

// XML 1.0 cannot carry these even escaped, and a target chooses what stands in a reason.
function xmlText(text: string): string {
  return text.replace(/[^\x09\x0A\x0D\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}

import type { CTRFReport, Test, TestStatus } from 'ctrf';
import type { History } from '../../src/history.ts';
import { promiseNames } from '../../src/promises.ts';
import { jsonDocument } from '../../src/json.ts';
import { outcomeOf, type ClauseOutcome } from '../../src/report/acceptance.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import type { ReportFormat } from '../format.ts';
import { pointsOf, reasonOf } from '../points.ts';

/**
 * Common Test Report Format: a clause is a test. It has no word for what could not be told that a pipeline stops at, so that is `failed`; the
 * verdict itself stands beside it as `rawStatus`.
 */
export const format = {
  id: 'ctrf',
  title: 'CTRF, the Common Test Report Format, a clause a test, for tools that compare test runs.',
  fileName: 'ctrf.json',
  verdicts: {
    pass: 'passed',
    fail: 'failed',
    inconclusive: 'failed',
    skipped: 'skipped',
    deviation: 'skipped',
    accepted: 'skipped',
  },
  render: ctrf,
} as const satisfies ReportFormat;

const statuses: Readonly<Record<ClauseOutcome, TestStatus>> = format.verdicts;

function ctrf(report: Report, history: History): string {
  const points = pointsOf(report, history);
  const { run } = report;
  const tests = points.map(test);
  const having = (status: TestStatus) => tests.filter((one) => one.status === status).length;
  const told: CTRFReport = {
    reportFormat: 'CTRF',
    specVersion: '0.0.0',
    runId: run.id,
    timestamp: run.endedAt,
    generatedBy: 'assay',
    results: {
      tool: { name: 'Assay', ...(run.versions['assay'] !== undefined && { version: run.versions['assay'] }) },
      summary: {
        tests: tests.length,
        passed: having('passed'),
        failed: having('failed'),
        skipped: having('skipped'),
        pending: having('pending'),
        other: having('other'),
        start: epochMs(run.startedAt),
        stop: epochMs(run.endedAt),
      },
      tests,
      environment: { testEnvironment: run.runtime, extra: { command: run.command, seed: run.seed } },
      extra: { verdict: report.verdict },
    },
  };
  return jsonDocument(told);
}

// Many clauses are decided by what was done for all of them together, so none has a time of its own.
const noDuration = 0;

function test(point: ClauseReport): Test {
  const { id, title, verdict, level, spec, promise, evidence } = point;
  return {
    testId: id,
    name: id,
    status: statuses[outcomeOf(point)],
    rawStatus: verdict,
    duration: noDuration,
    suite: [promise === null ? 'beside the promises' : promiseNames[promise]],
    message: reasonOf(point),
    tags: [level],
    extra: { title, spec, evidence },
  };
}

function epochMs(instant: string): number {
  const ms = Date.parse(instant);
  return Number.isFinite(ms) ? ms : 0;
}

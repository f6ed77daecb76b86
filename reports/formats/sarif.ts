import type { Log, ReportingDescriptor, Result } from 'sarif';
import type { History } from '../../src/history.ts';
import { promiseNames } from '../../src/promises.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import type { ClauseVerdict } from '../../src/verdict.ts';
import type { ReportFormat } from '../format.ts';
import { pointsOf } from '../points.ts';

/**
 * SARIF 2.1.0: a clause is a rule and has one result. What could not be told is `open`, which is the specification's word for it; a known
 * deviation is a failure that somebody accepted, so it is suppressed.
 *
 * Source: OASIS, Static Analysis Results Interchange Format 2.1.0, sections 3.27.9 (kind), 3.27.10 (level) and 3.35 (suppression).
 */
export const format = {
  id: 'sarif',
  title: 'SARIF 2.1.0, a clause a rule with one result, for code scanning and security dashboards.',
  fileName: 'results.sarif',
  verdicts: {
    pass: 'pass',
    fail: 'fail',
    inconclusive: 'open',
    skipped: 'notApplicable',
    deviation: 'fail, suppressed',
  },
  render: sarif,
} as const satisfies ReportFormat;

function sarif(report: Report, history: History): string {
  const points = pointsOf(report, history);
  const { run } = report;
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Assay',
            ...(run.versions['assay'] !== undefined && { semanticVersion: run.versions['assay'] }),
            shortDescription: { text: 'Conformance and chaos test harness for SPIFFE/SPIRE meshes.' },
            rules: points.map(rule),
          },
        },
        automationDetails: { id: `assay/${run.id}` },
        invocations: [
          {
            commandLine: run.command,
            startTimeUtc: run.startedAt,
            endTimeUtc: run.endedAt,
            executionSuccessful: run.aborted === null,
            toolExecutionNotifications: report.troubles.map(({ message }) => ({
              level: 'error',
              message: { text: message },
            })),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: points.map(result),
        properties: { verdict: report.verdict, seed: run.seed, runtime: run.runtime },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rule({ id, title, danger, level, spec, catalogue, promise }: ClauseReport): ReportingDescriptor {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: danger === '' ? title : `${title}. Where it does not hold: ${danger}.` },
    help: { text: `${level.replace('_', ' ')}, ${spec}${catalogue === null ? '' : ` (${catalogue})`}` },
    properties: { tags: ['spiffe', ...(promise === null ? [] : [promiseNames[promise]])] },
  };
}

const kinds = {
  pass: { kind: 'pass', level: 'none' },
  fail: { kind: 'fail', level: 'error' },
  inconclusive: { kind: 'open', level: 'none' },
  skipped: { kind: 'notApplicable', level: 'none' },
  deviation: { kind: 'fail', level: 'note' },
} as const satisfies Readonly<Record<ClauseVerdict, Pick<Result, 'kind' | 'level'>>>;

function result({ id, verdict, reason, evidence, evidenceTotal }: ClauseReport, ruleIndex: number): Result {
  return {
    ruleId: id,
    ruleIndex,
    ...kinds[verdict],
    message: { text: reason },
    locations: [location(evidence[0])],
    relatedLocations: evidence.slice(1).map(location),
    partialFingerprints: { 'clause/v1': id },
    ...(verdict === 'deviation' && {
      suppressions: [{ kind: 'external', status: 'accepted', justification: reason }],
    }),
    properties: { verdict, evidenceTotal },
  };
}

/** The line of the history that something rests on; whoever shows results wants a place for each. */
function location(evidence = 'history.jsonl#L1') {
  const [uri, line] = evidence.split('#L');
  return { physicalLocation: { artifactLocation: { uri: uri! }, region: { startLine: Number(line ?? 1) } } };
}

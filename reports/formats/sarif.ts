import type { Log, ReportingDescriptor, Result } from 'sarif';
import type { History } from '../../src/history.ts';
import { promiseNames } from '../../src/promises.ts';
import { jsonDocument } from '../../src/json.ts';
import { lineReference, referencedLine } from '../../src/report/evidence.ts';
import { outcomeOf, type ClauseOutcome } from '../../src/report/acceptance.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import type { ReportFormat } from '../format.ts';
import { pointsOf, reasonOf } from '../points.ts';
import { obligation } from '../wording.ts';

/**
 * SARIF 2.1.0: a clause is a rule and has one result. What could not be told is `open`, which is the specification's word for it; a known
 * deviation is a failure that is accepted, so it is suppressed as one that a person accepted is.
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
    accepted: 'fail, suppressed',
  },
  render: sarif,
} as const satisfies ReportFormat;

function sarif(report: Report, history: History): string {
  const points = pointsOf(report, history);
  const { run } = report;
  const hasSuppressed = points.some((point) => kinds[outcomeOf(point)].suppressed);
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
            executionSuccessful: run.aborted === null && report.troubles.length === 0,
            toolExecutionNotifications: report.troubles.map(({ message }) => ({
              level: 'error',
              message: worded(message),
            })),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: points.map((point, at) => result(point, at, hasSuppressed)),
        properties: { verdict: report.verdict, seed: run.seed, runtime: run.runtime },
      },
    ],
  };
  return jsonDocument(log);
}

function rule(point: ClauseReport): ReportingDescriptor {
  const { id, title, danger, promise } = point;
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: danger === '' ? title : `${title}. Where it does not hold: ${danger}.` },
    help: { text: obligation(point) },
    properties: { tags: ['spiffe', ...(promise === null ? [] : [promiseNames[promise]])] },
  };
}

type Kind = Required<Pick<Result, 'kind' | 'level'>> & { readonly suppressed: boolean };

const kinds: Readonly<Record<ClauseOutcome, Kind>> = {
  pass: { kind: 'pass', level: 'none', suppressed: false },
  fail: { kind: 'fail', level: 'error', suppressed: false },
  inconclusive: { kind: 'open', level: 'none', suppressed: false },
  skipped: { kind: 'notApplicable', level: 'none', suppressed: false },
  deviation: { kind: 'fail', level: 'note', suppressed: true },
  accepted: { kind: 'fail', level: 'error', suppressed: true },
};

/** @param hasSuppressed - another result of the run is suppressed: then each has to say whether it is */
function result(point: ClauseReport, ruleIndex: number, hasSuppressed: boolean): Result {
  const { id, verdict, reason, evidence, evidenceTotal } = point;
  const { kind, level, suppressed } = kinds[outcomeOf(point)];
  return {
    ruleId: id,
    ruleIndex,
    kind,
    level,
    message: worded(reason),
    locations: [location(evidence[0])],
    relatedLocations: evidence.slice(1).map(location),
    partialFingerprints: { 'clause/v1': id },
    ...(hasSuppressed && {
      suppressions: suppressed ? [{ kind: 'external', status: 'accepted', justification: reasonOf(point) }] : [],
    }),
    properties: { verdict, evidenceTotal },
  };
}

/** The line of the history that something rests on; whoever shows results wants a place for each. */
function location(evidence = lineReference(1)) {
  const startLine = referencedLine(evidence) ?? 1;
  return { physicalLocation: { artifactLocation: { uri: 'history.jsonl' }, region: { startLine } } };
}

/** Words as words: what stands in brackets would be a link, and in braces the place of an argument. Source: sections 3.11.5 and 3.11.6. */
function worded(words: string): { readonly text: string } {
  return { text: words.replace(/[[\]\\]/g, '\\$&').replace(/[{}]/g, '$&$&') };
}

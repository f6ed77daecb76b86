import type { History } from '../../src/history.ts';
import { jsonDocument } from '../../src/json.ts';
import type { Claim } from '../../src/report/certification.ts';
import type { ClauseReport, Report } from '../../src/report/report.ts';
import { claimSentence } from '../claims.ts';
import type { ReportFormat } from '../format.ts';
import { pointsOf } from '../points.ts';
import { because } from '../wording.ts';
import { findingsOf, observationsOf, risksOf } from './oscal/judged.ts';
import type { AssessmentResults, Attestation, Result } from './oscal/model.ts';
import { controlIdOf, namespace, oscalVersion, uuidOf } from './oscal/names.ts';
import { importAp, linkToCatalogue, linkToReport, localDefinitions, resourcesOf } from './oscal/setting.ts';
import { property, text } from './oscal/words.ts';

/**
 * Assessment results of OSCAL 1.1.3: each clause is a control of the catalogue of clauses and has one observation. What does not hold is a finding
 * beside it. What held has none, since a finding would have to call a control satisfied; what could not be told has none either, since that is no
 * word on the mesh.
 */
export const format = {
  id: 'oscal',
  title:
    'OSCAL 1.1.3 assessment results, a clause an observation and what does not hold a finding, for tools of auditors.',
  fileName: 'results.oscal.json',
  verdicts: {
    pass: 'observation: pass',
    fail: 'observation: fail; finding: not-satisfied, fail; risk: open',
    inconclusive: 'observation: inconclusive',
    skipped: 'observation: skipped',
    deviation: 'observation: deviation; finding: not-satisfied, deviation; risk: open',
    accepted: 'observation: accepted; finding: not-satisfied, accepted; risk: deviation-approved',
  },
  render: oscal,
} as const satisfies ReportFormat;

function oscal(report: Report, history: History): string {
  const { run, verdict } = report;
  const points = pointsOf(report, history);
  const risks = risksOf(report, points);
  const findings = findingsOf(report, points);
  const title = text(`Assay: ${run.command}`);
  const told: AssessmentResults = {
    'assessment-results': {
      uuid: uuidOf(run.id, 'assessment-results'),
      metadata: {
        title,
        'last-modified': run.endedAt,
        version: run.versions['assay'] ?? 'unknown',
        'oscal-version': oscalVersion,
      },
      'import-ap': importAp(report),
      results: [
        {
          uuid: uuidOf(run.id, 'result'),
          title,
          description: text(because(report, history)),
          start: run.startedAt,
          end: run.endedAt,
          props: [
            property('run', run.id),
            property('verdict', verdict),
            property('seed', String(run.seed)),
            property('runtime', run.runtime),
          ],
          links: [linkToReport(run.id)],
          'local-definitions': localDefinitions(report),
          'reviewed-controls': reviewed(run.id, points),
          ...(report.certification && { attestations: [claimed(run.id, report.certification.claims)] }),
          observations: observationsOf(report, history, points),
          ...(risks.length > 0 && { risks }),
          ...(findings.length > 0 && { findings }),
          remarks:
            'An observation without a finding is no word for a control: its property outcome says whether the clause held, was skipped, or could not be decided. Nothing here says that a control is satisfied.',
        },
      ],
      'back-matter': { resources: resourcesOf(report) },
    },
  };
  return jsonDocument(told);
}

/** The claims of a certification, which are words of Assay on promises and documents, and not on controls. */
function claimed(run: string, claims: readonly Claim[]): Attestation {
  return {
    parts: claims.map((one) => ({
      uuid: uuidOf(run, `claim ${one.of} ${one.id}`),
      name: 'claim',
      ns: namespace,
      class: one.of,
      title: text(one.title),
      props: [property(one.of, one.id), property('claim', one.claim)],
      prose: text(`${one.claim}: ${claimSentence(one)}`),
    })),
  };
}

function reviewed(run: string, points: readonly ClauseReport[]): Result['reviewed-controls'] {
  return {
    description: 'The controls are those of the catalogue of clauses of Assay, which the back matter names.',
    links: [linkToCatalogue(run)],
    'control-selections': [
      {
        description: 'Each clause that the run was to judge, and what else made its verdict.',
        'include-controls': [...new Set(points.map(({ id }) => controlIdOf(id)))].map((id) => ({ 'control-id': id })),
      },
    ],
  };
}

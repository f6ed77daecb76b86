import type { Report } from '../../../src/report/report.ts';
import type { AssessmentResults, Link, Resource, Result, SystemComponent } from './model.ts';
import { catalogueIdentifier, uuidOf } from './names.ts';
import { property, text } from './words.ts';

/** The mesh that a run judged. */
export const mesh = (run: string): string => uuidOf(run, 'mesh');

/** Assay, as it was in a run. */
export const harness = (run: string): string => uuidOf(run, 'harness');

const planOf = (run: string): string => uuidOf(run, 'plan');
const reportOf = (run: string): string => uuidOf(run, 'report');
const catalogueOf = (run: string): string => uuidOf(run, 'catalogue');

/** From the result to the report that it is made of, and from its controls to their catalogue. */
export const linkToReport = (run: string): Link => ({ href: `#${reportOf(run)}`, rel: 'reference' });
export const linkToCatalogue = (run: string): Link => ({ href: `#${catalogueOf(run)}`, rel: 'reference' });

/** What was judged, and what it was judged with. */
export function localDefinitions({ run }: Report): Result['local-definitions'] {
  return {
    components: [meshComponent(run)],
    'assessment-assets': {
      components: [
        {
          uuid: harness(run.id),
          type: 'software',
          title: 'Assay',
          description: 'Conformance and chaos test harness for SPIFFE/SPIRE meshes.',
          props: Object.entries(run.versions).map(([name, version]) =>
            property('version', version, { remarks: text(name) }),
          ),
          status: { state: 'operational' },
        },
      ],
      'assessment-platforms': [
        {
          uuid: uuidOf(run.id, 'platform'),
          title: text(`The machine of the run, runtime ${run.runtime}`),
          'uses-components': [{ 'component-uuid': harness(run.id) }],
        },
      ],
    },
  };
}

function meshComponent(run: Report['run']): SystemComponent {
  const { trustDomain } = run.target;
  return {
    uuid: mesh(run.id),
    type: 'system',
    title: text(`SPIFFE mesh${typeof trustDomain === 'string' ? ` ${trustDomain}` : ''}`),
    description: text(`What the run was told to judge: ${JSON.stringify(run.target)}`),
    status:
      run.runtime === 'attach'
        ? { state: 'operational' }
        : { state: 'other', remarks: 'Assay stood it up for the run, and took it down at its end.' },
  };
}

/**
 * OSCAL wants the plan that was assessed by, as a document of its own that would want a system security plan in turn. Nobody wrote either, and none
 * is invented: what was to be judged stands in the first line of the history, which was written before anything was started.
 */
export function importAp({ run }: Report): AssessmentResults['assessment-results']['import-ap'] {
  return {
    href: `#${planOf(run.id)}`,
    remarks: 'There is no assessment plan in OSCAL. What stands in its place is described by that resource.',
  };
}

/** What the results refer to that is no part of them. */
export function resourcesOf({ run }: Report): Resource[] {
  return [
    {
      uuid: planOf(run.id),
      title: 'What was to be judged',
      description:
        'The first line of the history of the run: command, seed, target and clauses, written before anything was started. It takes the place of an assessment plan.',
      rlinks: [{ href: 'history.jsonl', 'media-type': 'application/jsonl' }],
    },
    {
      uuid: reportOf(run.id),
      title: 'The report of the run',
      description: 'All verdicts, each with its reason and the lines of history.jsonl that it rests on.',
      rlinks: [{ href: 'report.json', 'media-type': 'application/json' }],
    },
    {
      uuid: catalogueOf(run.id),
      title: 'Clauses of Assay',
      description:
        'The catalogue of which the reviewed controls are. It comes with Assay, as docs/oscal/catalog.json, and is known by its identifier.',
      'document-ids': [catalogueIdentifier],
    },
  ];
}

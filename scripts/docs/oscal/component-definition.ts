import type { ComponentDefinition } from '../../../reports/formats/oscal/model.ts';
import { catalogueIdentifier, oscalVersion, uuidOf } from '../../../reports/formats/oscal/names.ts';
import { property, text } from '../../../reports/formats/oscal/words.ts';
import { clausesOf, frameworks } from '../../../src/controls/catalogue.ts';
import type { Control, Framework } from '../../../src/controls/framework.ts';
import { version } from '../../../src/version.ts';

type Definition = ComponentDefinition['component-definition'];
type Implementation = Definition['components'][number]['control-implementations'][number];

const catalogueResource = uuidOf('component-definition', 'catalogue');

/** docs/oscal/component-definition.json: of which controls Assay gives evidence, by which clauses. */
export function componentDefinition(lastModified: string): Definition {
  const mapped = frameworks.filter(({ controls }) => controls.length > 0);
  const others = frameworks.filter((framework) => !mapped.includes(framework));
  return {
    uuid: uuidOf('component-definition'),
    metadata: {
      title: 'Controls that Assay gives evidence of',
      'last-modified': lastModified,
      version,
      'oscal-version': oscalVersion,
    },
    components: [
      {
        uuid: uuidOf('component', 'assay'),
        // The mesh has to meet the controls. What is known beforehand, of any mesh, is what a check of it can show.
        type: 'validation',
        title: 'Assay',
        description: 'Conformance and chaos test harness for SPIFFE/SPIRE meshes.',
        purpose: 'Gives evidence of what a mesh does, clause by clause.',
        links: [{ href: `#${catalogueResource}`, rel: 'reference' }],
        remarks: [
          'It meets none of these controls itself, and no run of it shows that a mesh meets one: each entry names the clauses that give evidence of a part of a control.',
          ...others.map(({ title, scope }) => `No clause gives evidence of ${title}. ${scope}`),
        ]
          .map(text)
          .join('\n\n'),
        'control-implementations': mapped.map(implementation),
      },
    ],
    'back-matter': {
      resources: [
        {
          uuid: catalogueResource,
          title: 'Clauses of Assay',
          description: 'The catalogue of the clauses that are named here by their ids, which are its labels.',
          'document-ids': [catalogueIdentifier],
          rlinks: [{ href: 'catalog.json', 'media-type': 'application/json' }],
        },
      ],
    },
  };
}

function implementation(framework: Framework): Implementation {
  const { id, title, version: edition, source, oscalCatalogue, scope, controls } = framework;
  return {
    uuid: uuidOf('control-implementation', id),
    source: oscalCatalogue ?? source,
    description: text(`${title}, ${edition}. ${scope}`),
    'implemented-requirements': controls.map((control) => ({
      uuid: uuidOf('implemented-requirement', id, control.id),
      'control-id': control.id,
      description: text(
        `${control.number}, ${control.title}. Evidence of a part of it: ${control.lines.map(({ evidence }) => evidence).join(' ')}`,
      ),
      props: evidenceOf(control),
    })),
  };
}

/** A property for each clause, with what of the control it gives evidence of. */
function evidenceOf({ lines }: Control) {
  return lines.flatMap((line) =>
    clausesOf([line]).map((clause) => property('clause', clause, { remarks: text(line.evidence) })),
  );
}

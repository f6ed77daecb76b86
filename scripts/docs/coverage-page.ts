import { coverageHead, coverageRows, titleOf } from '../../reports/coverage-table.ts';
import { verdictWords } from '../../reports/wording.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { requirements, type CataloguedRequirement } from '../../src/requirements/catalogue.ts';
import { coverageOf, type DocumentCoverage } from '../../src/requirements/coverage.ts';
import { documentOf } from '../../src/requirements/documents.ts';
import { anchorOf, anchorOfHeading, cell, generatedNotice, table } from './markdown.ts';

/** docs/coverage.md: every requirement of the catalogue, by document, and the clauses that decide it. */
export function coveragePage(): string {
  const coverage = coverageOf(clauses);
  return `${[
    '# Coverage of the specifications',
    generatedNotice,
    'A requirement is one thing that a document asks for, in our own words; the document decides in case of doubt. ' +
      'A level in italics is said without a keyword of RFC 2119, in small letters or as a fact; the deployment documents use no keywords at all. ' +
      'Black-box: inputs and observed behaviour decide. White-box: configuration, files or logs of the system are needed. ' +
      'Not decidable: no program can tell.',
    table(
      coverageHead,
      coverageRows(coverage).map(([title = '', ...counts], at) => {
        const document = coverage[at];
        return [document === undefined ? title : `[${title}](#${anchorOfHeading(titleOf(document))})`, ...counts];
      }),
    ),
    ...coverage.flatMap(section),
  ].join('\n\n')}\n`;
}

function section(document: DocumentCoverage): string[] {
  return [
    `## ${titleOf(document)}`,
    `${document.withClause} of ${document.requirements} requirements have a clause.`,
    table(
      ['Requirement', 'Level', 'What must hold', 'Decided from', 'Clauses'],
      requirements.filter(({ id }) => documentOf(id) === document.id).map(row),
    ),
  ];
}

const decidedFrom = {
  'black-box': 'black-box',
  'white-box': 'white-box',
  no: 'not decidable',
} as const satisfies Readonly<Record<CataloguedRequirement['testable'], string>>;

function row({ id, level, keyword, rule, testable }: CataloguedRequirement): string[] {
  const deciding = clauses
    .filter(({ catalogue }) => catalogue === id)
    .map((clause) => `[\`${clause.id}\`](clauses.md#${anchorOf(clause.id)})`);
  const words = level.replace('_', ' ');
  return [
    `<a id="${id.toLowerCase()}"></a>${id}`,
    keyword ? words : `*${words}*`,
    // As it stands: GitHub would take a placeholder in angle brackets for HTML, and drop it.
    cell(rule).replaceAll('<', '\\<'),
    decidedFrom[testable],
    deciding.length > 0 ? deciding.join('<br>') : verdictWords.untested.word,
  ];
}

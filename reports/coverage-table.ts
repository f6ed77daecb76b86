import { totalOf, type DocumentCoverage } from '../src/requirements/coverage.ts';

/** The heads of a coverage table: the document, then counts of its requirements. */
export const coverageHead: readonly string[] = [
  'Document',
  'Requirements',
  'Black-box',
  'White-box',
  'Not decidable',
  'With a clause',
  'Untested',
];

const counts = ['requirements', 'blackBox', 'whiteBox', 'undecidable', 'withClause', 'untested'] as const;

/** The rows of a coverage table, one a document, and a last one with the totals. */
export function coverageRows(coverage: readonly DocumentCoverage[]): string[][] {
  return [
    ...coverage.map((one) => [titleOf(one), ...counts.map((count) => String(one[count]))]),
    ['all', ...counts.map((count) => String(totalOf(coverage, count)))],
  ];
}

/** The title of a document, and that it may still change, where it says so itself. */
export function titleOf({ title, incubating }: Pick<DocumentCoverage, 'title' | 'incubating'>): string {
  return incubating ? `${title} (incubating)` : title;
}

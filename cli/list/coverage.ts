import { coverageHead, coverageRows } from '../../reports/coverage-table.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { coverageOf } from '../../src/requirements/coverage.ts';
import type { List } from './listed.ts';

/** The list of documents of the catalogue, with how much of each has a clause; a person is told the total too. */
export const coverageList: List = {
  entries: async () => coverageOf(clauses).map((coverage) => ({ ...coverage })),
  lines: () => {
    const table = [coverageHead, ...coverageRows(coverageOf(clauses))];
    const widths = coverageHead.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
    return table.map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    );
  },
};

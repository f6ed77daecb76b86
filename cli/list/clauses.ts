import { clauses } from '../../src/clauses/catalogue.ts';
import type { Testable } from '../../src/requirements/requirement.ts';
import { idsAndTitles, type List, type Listed } from './listed.ts';

/**
 * The list of clauses: those that have a check, then each requirement of the catalogue that none of them decides. Such a requirement
 * goes by its own id in small letters, which no clause can have, since the id of a clause has a slash.
 */
export const clauseList: List = {
  entries: async () => [...tested(), ...(await untested())],
  lines: (entries) => {
    const withCheck = entries.filter(({ status }) => status === 'tested');
    return [
      ...idsAndTitles(withCheck),
      '',
      `${entries.length - withCheck.length} requirements of the catalogue are untested: ` +
        'assay list clauses --json names each and says why, assay list coverage counts them by document.',
    ];
  },
};

function tested(): Listed[] {
  return clauses.map(({ id, title, promise, spec, level, subject, catalogue, danger }) => ({
    id,
    title,
    promise,
    spec,
    level,
    subject,
    catalogue,
    status: 'tested',
    danger,
  }));
}

async function untested(): Promise<Listed[]> {
  const { requirements } = await import('../../src/requirements/catalogue.ts');
  const decided = new Set(clauses.map(({ catalogue }) => catalogue));
  return requirements
    .filter(({ id }) => !decided.has(id))
    .map(({ id, rule, source, level, subject, testable }) => ({
      id: id.toLowerCase(),
      title: rule,
      spec: source,
      level,
      subject,
      catalogue: id,
      status: whyNot[testable],
    }));
}

const whyNot = {
  'black-box': 'untested: no check yet',
  'white-box': 'untested: no check yet',
  no: 'not decidable by a program',
} as const satisfies Readonly<Record<Testable, string>>;

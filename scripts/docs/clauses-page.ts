import { impostors } from '../../impostors/catalogue.ts';
import type { Clause } from '../../src/clause.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { renamed } from '../../src/clauses/renamed.ts';
import { deviations } from '../../src/deviations.ts';
import { promises } from '../../src/promises.ts';
import { anchorOf, cell, generatedNotice, table } from './markdown.ts';

/** Where clauses stand that belong to no promise. */
export const besidePromises = {
  name: 'Beside the promises',
  says: 'Obligations that none of the promises speaks of.',
} as const;

/** docs/clauses.md: every clause, what breaks when it does not hold, and how many impostors show that its check bites. */
export function clausesPage(): string {
  return `${[
    '# Clauses',
    generatedNotice,
    'A clause is one obligation of one document. Each has an id that does not change, and a check. ' +
      'What a check does not see stands under what must hold, in small print. ' +
      'Its first part is the document. ' +
      'Where it went by another name before, that stands under it in small print, and `--only` takes it too. ' +
      'An impostor is a right implementation with one thing made wrong on purpose. `npm test` runs it and shows that the clause fails for that reason.',
    ...promises.flatMap(({ id, name, says }) => section(name, says, withPromise(id))),
    ...(withPromise(null).length === 0 ? [] : section(besidePromises.name, besidePromises.says, withPromise(null))),
    '## Known deviations',
    'A clause that is known not to hold in one released version is judged all the same. Its verdict is then `deviation`, for that version only.',
    table(
      ['Clause', 'SPIRE', 'Why', 'Upstream'],
      deviations.map(({ clause, spire, why, upstream }) => [
        `\`${clause}\``,
        spire.source.replaceAll(/[\\^$]/g, ''),
        cell(why),
        `<${upstream}>`,
      ]),
    ),
  ].join('\n\n')}\n`;
}

function withPromise(promise: Clause['promise']): readonly Clause[] {
  return clauses.filter((clause) => clause.promise === promise);
}

function section(name: string, says: string, its: readonly Clause[]): string[] {
  return [
    `## ${name}`,
    says,
    table(
      ['Clause', 'Level', 'What must hold', 'What is wrong otherwise', 'Where from', 'Impostors caught'],
      its.map(row),
    ),
  ];
}

/** By id, what the clause was called before. */
const oldNames = new Map<string, string>(Object.entries(renamed).map(([old, id]) => [id, old]));

function row({ id, level, title, danger, limits, roles, spec, catalogue }: Clause): string[] {
  const caught = impostors.filter(({ breaks }) => breaks === id).length;
  return [
    `<a id="${anchorOf(id)}"></a>\`${id}\`${was(id)}`,
    level.replace('_', ' '),
    cell(title + small(roles.length > 0 ? `looked at as ${roles.join(' and ')}` : '') + small(limits)),
    cell(danger),
    cell(catalogue === null ? spec : `${spec} (${catalogue})`),
    `[${caught}](impostors.md#${anchorOf(id)})`,
  ];
}

function was(id: string): string {
  const old = oldNames.get(id);
  return small(old && `was \`${old}\``);
}

function small(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `<br><small>${text}</small>`;
}

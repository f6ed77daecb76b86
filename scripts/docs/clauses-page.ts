import { impostors } from '../../impostors/catalogue.ts';
import type { Clause } from '../../src/clause.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { renamed } from '../../src/clauses/renamed.ts';
import { deviations } from '../../src/deviations.ts';
import { promises } from '../../src/promises.ts';
import { anchorOf, cell, generatedNotice, table } from './markdown.ts';

/** docs/clauses.md: every clause, what breaks when it does not hold, and the impostors that show that its check bites. */
export function clausesPage(): string {
  return `${[
    '# Clauses',
    generatedNotice,
    'A clause is one obligation of one document. Each has an id that does not change, and a check. ' +
      'Its first part is the document. ' +
      'Where it went by another name before, that stands under it in small print, and `--only` takes it too. ' +
      'An impostor is a right implementation with one thing made wrong on purpose. `npm test` runs it and shows that the clause fails for that reason.',
    ...promises.flatMap(({ id, name, says }) => section(name, says, withPromise(id))),
    ...(withPromise(null).length === 0
      ? []
      : section('Beside the promises', 'Obligations that none of the promises speaks of.', withPromise(null))),
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

function row({ id, level, title, danger, spec, catalogue }: Clause): string[] {
  const caught = impostors
    .filter(({ breaks }) => breaks === id)
    .map((impostor) => `\`${impostor.id}\`: ${impostor.title}`);
  return [
    `<a id="${anchorOf(id)}"></a>\`${id}\`${was(id)}`,
    level.replace('_', ' '),
    cell(title),
    cell(danger),
    cell(catalogue === null ? spec : `${spec} (${catalogue})`),
    cell(caught.join('<br>')),
  ];
}

function was(id: string): string {
  const old = oldNames.get(id);
  return old === undefined ? '' : `<br><small>was \`${old}\`</small>`;
}

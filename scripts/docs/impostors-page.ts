import { impostors } from '../../impostors/catalogue.ts';
import type { Impostor } from '../../impostors/impostor.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { anchorOf, cell, generatedNotice, table } from './markdown.ts';

/** docs/impostors.md: every impostor by the clause that it breaks, and where its mistake is known from. */
export function impostorsPage(): string {
  return `${[
    '# Impostors',
    generatedNotice,
    'An impostor is a right implementation with one thing made wrong on purpose. `npm test` runs each, and shows that the clause that it breaks ' +
      'fails for that reason. ' +
      'Where it says so, somebody else made that mistake before, or is warned of it.',
    ...clauses.flatMap(({ id, title }) => [
      `## <a id="${anchorOf(id)}"></a>[\`${id}\`](clauses.md#${anchorOf(id)})`,
      `${title}.`,
      table(['Impostor', 'What it does wrong', 'Known from'], impostors.filter(({ breaks }) => breaks === id).map(row)),
    ]),
  ].join('\n\n')}\n`;
}

function row({ id, title, source }: Impostor): string[] {
  return [`\`${id}\``, cell(title), source === undefined ? '' : linked(source)];
}

function linked(source: string): string {
  const address = addressOf(source);
  return address === undefined ? cell(source) : `[${cell(source)}](${address})`;
}

function addressOf(source: string): string | undefined {
  if (/^CVE-\d+-\d+$/.test(source)) return `https://www.cve.org/CVERecord?id=${source}`;
  const weakness = /^CWE-(\d+)$/.exec(source)?.[1];
  if (weakness !== undefined) return `https://cwe.mitre.org/data/definitions/${weakness}.html`;
  const thread = /^([\w.-]+\/[\w.-]+)#(\d+)$/.exec(source);
  return thread === null ? undefined : `https://github.com/${thread[1]}/issues/${thread[2]}`;
}

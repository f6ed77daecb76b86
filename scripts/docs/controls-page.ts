import { clausesOf, frameworks, withoutControl } from '../../src/controls/catalogue.ts';
import type { Control, Framework } from '../../src/controls/framework.ts';
import { anchorOf, cell, generatedNotice, table } from './markdown.ts';

/** docs/controls.md: which clauses give evidence of which control, and of what part of it. */
export function controlsPage(): string {
  return `${[
    '# Controls',
    generatedNotice,
    'Auditors ask by control, and Assay judges clauses. Here stands which clauses give evidence of which control, and of what part of it. ' +
      'A clause that held is evidence for that part, on the target that was judged and on that day. No run shows that a control is met: ' +
      'controls are about more than a mesh does, so no paper of Assay says so. ' +
      'A report lists what came of the clauses of each control. The same stands in [a component definition of OSCAL](oscal/component-definition.json), ' +
      'and the clauses in [a catalogue](oscal/catalog.json).',
    ...frameworks.flatMap(section),
    '## Clauses without a control',
    table(
      ['Clause', 'Why'],
      withoutControl.flatMap(({ why, clauses }) => clauses.map((clause) => [linked(clause), cell(why)])),
    ),
  ].join('\n\n')}\n`;
}

function section({ title, version, source, scope, controls }: Framework): string[] {
  return [
    `## ${title}`,
    `Version: ${version}. <${source}>`,
    scope,
    ...(controls.length === 0
      ? ['No clause gives evidence of any of it.']
      : [table(['Control', 'Title', 'Evidence of', 'Clauses'], controls.flatMap(rows))]),
  ];
}

function rows({ number, title, lines }: Control): string[][] {
  return lines.map((line, at) => [
    at === 0 ? number : '',
    at === 0 ? cell(title) : '',
    cell(line.evidence),
    clausesOf([line]).map(linked).join('<br>'),
  ]);
}

function linked(clause: string): string {
  return `[\`${clause}\`](clauses.md#${anchorOf(clause)})`;
}

import { clausesOf, frameworks } from '../../src/controls/catalogue.ts';
import type { List } from './listed.ts';

/** The list of controls that clauses give evidence of, with those clauses; a person is told how many there are. */
export const controlList: List = {
  entries: async () =>
    frameworks.flatMap((framework) =>
      framework.controls.map(({ id, number, title, lines }) => ({
        id: `${framework.id}/${id}`,
        title,
        number,
        framework: framework.id,
        clauses: clausesOf(lines),
        evidence: lines.map((line) => ({ of: line.evidence, clauses: clausesOf([line]) })),
      })),
    ),
  lines: (entries) => {
    const width = Math.max(...entries.map(({ id }) => id.length));
    return [
      ...entries.map(
        ({ id, title, clauses: its }) =>
          `${id.padEnd(width)}  ${String((its as readonly string[]).length).padStart(2)}  ${title}`,
      ),
      '',
      'The number is that of the clauses that give evidence of a part of the control; which, and of what: assay list controls --json, docs/controls.md.',
      ...frameworks
        .filter(({ controls }) => controls.length === 0)
        .map(({ title, scope }) => `None of ${title}: ${scope}`),
    ];
  },
};

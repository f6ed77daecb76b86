import type { ControlRead } from '../src/controls/by-control.ts';
import { outcomeOf, type ClauseOutcome } from '../src/report/acceptance.ts';
import { count, outcomes, verdictWords } from './wording.ts';

/** The worst that clauses of a control came to. Where they held, and some were not asked, that is `none`: nothing was seen of a part of it. */
export function worstOfControl({ lines, notAsked }: ControlRead): ClauseOutcome | 'none' {
  const asked = lines.flatMap(({ clauses }) => clauses);
  const worst = outcomes.find((outcome) => asked.some((clause) => outcomeOf(clause) === outcome)) ?? 'none';
  return worst === 'pass' && notAsked.length > 0 ? 'none' : worst;
}

/** What came of the clauses of a control, counted: `all 12 clauses held`, `1 of 12 broken, 11 held`. It never says that a control is met. */
export function controlWords({ lines, notAsked }: ControlRead): string {
  const asked = lines.flatMap(({ clauses }) => clauses);
  const total = asked.length + notAsked.length;
  const held = count(asked, 'pass');
  if (held === total)
    return total === 1 ? 'the one clause held' : total === 2 ? 'both clauses held' : `all ${total} clauses held`;
  return [
    ...outcomes.map((outcome) => [count(asked, outcome), verdictWords[outcome].word] as const),
    [notAsked.length, 'not asked'] as const,
  ]
    .filter(([number]) => number > 0)
    .map(([number, word], at) => `${number}${at === 0 ? ` of ${total}` : ''} ${word}`)
    .join(', ');
}

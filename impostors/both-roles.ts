import type { ClauseId } from '../src/clauses/catalogue.ts';
import { escaped } from '../src/escaped.ts';
import type { ImpostorNode } from './impostor.ts';
import { asClient, asServer, type Judge } from './judges.ts';

/** A way to misjudge peers, and a row of the clause that has to show it. */
export interface Misjudgement {
  readonly id: string;
  readonly title: string;
  readonly breaks: ClauseId;
  /** As the row of the suite begins. */
  readonly row: string;
  readonly judge: Judge;
  readonly source?: string;
}

/** Two impostors: one misjudges its clients, the other the servers that it calls. They accept what has to be refused, or the other way round. */
export function inBothRoles(
  { id, title, breaks, row, judge, source }: Misjudgement,
  wrongly: 'accepted, wanted refused' | 'refused, wanted accepted' = 'accepted, wanted refused',
): ImpostorNode[] {
  const where = source === undefined ? {} : { source };
  const seen = (role: string) => new RegExp(`^NODE as ${role}: ${escaped(row)}.*: ${wrongly}`);
  return [
    {
      kind: 'node',
      id: `${id}-as-server`,
      title: `As server it ${title}`,
      breaks,
      reason: seen('server'),
      change: asServer(judge),
      ...where,
    },
    {
      kind: 'node',
      id: `${id}-as-client`,
      title: `As client it ${title}`,
      breaks,
      reason: seen('client'),
      change: asClient(judge),
      ...where,
    },
  ];
}

import type { ClauseId } from '../src/clauses/catalogue.ts';
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
}

/** Two impostors: one misjudges its clients, the other the servers that it calls. */
export function inBothRoles({ id, title, breaks, row, judge }: Misjudgement): ImpostorNode[] {
  const seen = (role: string) => new RegExp(`^NODE as ${role}: ${escaped(row)}.*: accepted, wanted refused`);
  return [
    {
      kind: 'node',
      id: `${id}-as-server`,
      title: `As server it ${title}`,
      breaks,
      reason: seen('server'),
      change: asServer(judge),
    },
    {
      kind: 'node',
      id: `${id}-as-client`,
      title: `As client it ${title}`,
      breaks,
      reason: seen('client'),
      change: asClient(judge),
    },
  ];
}

function escaped(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
}

import { hash } from 'node:crypto';
import * as v from 'valibot';
import { clauses } from '../src/clauses/catalogue.ts';
import { renamed } from '../src/clauses/renamed.ts';
import { readConfig, type Complaint } from '../src/config/config-file.ts';
import type { AcceptedFailure } from '../src/history.ts';
import { readFlagFile } from './flag-file.ts';

const told = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, 'says nothing'),
  v.maxLength(2048, 'is longer than 2048 characters'),
);
const failureSchema = v.strictObject({
  clause: told,
  reason: told,
  owner: told,
  until: v.pipe(v.string(), v.check(isDay, 'is no day: wanted is a day in UTC, as in until: 2026-12-31')),
});
const schema = v.strictObject({ accept: v.array(failureSchema) });

/** A day that there is, as 2026-12-31. */
function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/**
 * Reads the file of accepted failures.
 *
 * @throws UsageError with one line for each thing that is wrong: file, line, key, and what would be right
 */
export function readAcceptFile(path: string): readonly AcceptedFailure[] {
  const text = readFlagFile('--accept', path);
  const { fields, complain } = readConfig(text, path, {
    name: 'a file of accepted failures',
    schema,
    knownKeys: { '': Object.keys(schema.entries), accept: Object.keys(failureSchema.entries) },
    wanted: {
      '': 'a mapping with accept, as in accept: []',
      accept: 'a list, each with clause, reason, owner and until',
      clause: 'the id of a clause, as in clause: mesh/pinning/case',
      reason: 'why it is accepted, as in reason: fixed in 2.3, which ships in May',
      owner: 'who answers for that, as in owner: platform@example.org',
      until: 'the last day on which it is, in UTC and in quotes or plain, as in until: 2026-12-31',
    },
  });
  complain(fields.accept.flatMap(complaintsOf));
  const sha256 = hash('sha256', text);
  return fields.accept.map((one) => ({ kind: 'accepted', ...one, clause: idOf(one.clause)!, file: path, sha256 }));
}

/** The id of a clause of this version, also by an older one. */
function idOf(name: string): string | undefined {
  const id = (renamed as Readonly<Record<string, string>>)[name] ?? name;
  return clauses.find((clause) => clause.id === id)?.id;
}

function complaintsOf(
  { clause }: { readonly clause: string },
  index: number,
  all: readonly { readonly clause: string }[],
): Complaint[] {
  const id = idOf(clause);
  const at = ['accept', index, 'clause'];
  if (id === undefined)
    return [{ at, says: `${JSON.stringify(clause)}: there is no such clause; npx assay list clauses names all` }];
  const first = all.findIndex((other) => idOf(other.clause) === id);
  return first === index ? [] : [{ at, says: `${id} is accepted by accept[${first}] already` }];
}

import * as v from 'valibot';
import { LineCounter, parseDocument } from 'yaml';
import { messageOf, UsageError } from '../errors.ts';
import { keyOf, lineOf, type Path } from './places.ts';

/** What a configuration file may hold, and the words for what is wrong with it. */
export interface ConfigKind<S extends v.GenericSchema> {
  /** What it is called, as in `a target file`. */
  readonly name: string;
  readonly schema: S;
  /** The keys of each mapping, by the key that holds it; the file's own under the empty text. */
  readonly knownKeys: Readonly<Record<string, readonly string[]>>;
  /**
   * The sentence for each key that says what would be right, with an example; for the file itself under the empty text. A key that means another thing in
   * one place has that under `holder.key`, too.
   */
  readonly wanted: Readonly<Record<string, string>>;
  /** What stands where a person has to fill in; left out: nothing does. */
  readonly toFill?: string;
}

/** Something that is wrong with a place in a file. */
export interface Complaint {
  readonly at: Path;
  readonly says: string;
}

/** A file that holds together, and ways to point into it. */
export interface ConfigFile<T> {
  readonly fields: T;
  /** `file:line: key` of something in it, for messages. */
  where(path: Path): string;
  /** @throws UsageError with a line for each of these, where there are any */
  complain(complaints: readonly Complaint[]): void;
}

const mostBytes = 1_048_576;
const mostTold = 20;

/**
 * Reads a configuration file in YAML and checks all of it.
 *
 * @param shown - how the file is called in messages
 * @throws UsageError with one line for each thing that is wrong: file, line, key, and what would be right
 */
export function readConfig<S extends v.GenericSchema>(
  text: string,
  shown: string,
  kind: ConfigKind<S>,
): ConfigFile<v.InferOutput<S>> {
  const { name, schema, wanted } = kind;
  if (text.length > mostBytes) throw new UsageError(`${shown}: is larger than 1 MiB, so it is hardly ${name}`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const [broken] = document.errors;
  if (broken !== undefined)
    throw new UsageError(`${shown}:${lines.linePos(broken.pos[0]).line}: is not YAML: ${broken.message}`);
  const where = (at: Path) => `${shown}:${lineOf(document, lines, at)}${at.length === 0 ? '' : `: ${keyOf(at)}`}`;
  const complain = (complaints: readonly Complaint[]) => {
    const byLine = complaints.toSorted((a, b) => lineOf(document, lines, a.at) - lineOf(document, lines, b.at));
    const told = byLine.slice(0, mostTold).map(({ at, says }) => printable(`${where(at)}: ${says}`));
    if (byLine.length > mostTold) told.push(`and ${byLine.length - mostTold} more`);
    if (told.length > 0) throw new UsageError(told.join('\n'));
  };

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new UsageError(`${shown}: is not YAML: ${messageOf(error)}`);
  }
  if (Array.isArray(value)) throw new UsageError(`${where([])}: is a list; wanted is ${wanted['']}`);
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) complain(parsed.issues.map((issue) => complaintOf(issue, kind)));
  return { fields: parsed.output, where, complain };
}

/** Words of the file, without what would move the cursor of a terminal. */
const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');

function complaintOf(
  issue: v.BaseIssue<unknown>,
  { knownKeys, wanted, toFill }: Pick<ConfigKind<v.GenericSchema>, 'knownKeys' | 'wanted' | 'toFill'>,
): Complaint {
  const at = (issue.path ?? []).map(({ key }) => key as string | number);
  const key = String(at.findLast((part) => typeof part === 'string') ?? '');
  const holder = String(at.slice(0, at.lastIndexOf(key)).findLast((part) => typeof part === 'string') ?? '');
  if (issue.expected === 'never') {
    return { at, says: `unknown key; known here are ${(knownKeys[holder] ?? []).join(', ')}` };
  }
  const right = `wanted is ${wanted[`${holder}.${key}`] ?? wanted[key] ?? issue.expected ?? 'something else'}`;
  if (toFill !== undefined && issue.input === toFill) return { at, says: `is still to be filled in; ${right}` };
  if (issue.kind === 'validation')
    return { at, says: issue.type === 'raw_check' ? issue.message : `${JSON.stringify(issue.input)} ${issue.message}` };
  if (issue.received === 'undefined') return { at, says: `is missing; ${right}` };
  return { at, says: `${issue.type === 'picklist' ? `unknown: ${issue.received}` : `is ${issue.received}`}; ${right}` };
}

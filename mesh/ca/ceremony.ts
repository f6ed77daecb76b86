import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { messageOf, UsageError } from '../../src/errors.ts';

/** What is written down of an authority: all that names it, and nothing that could sign. */
export interface Told {
  readonly subject: string;
  /** Hex. */
  readonly serial: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string;
  /** Lower-case hex; the name by which SPIRE's commands know an authority. */
  readonly subjectKeyId: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

/** A line of the ceremony log, JSON. */
export interface CeremonyRecord {
  /** ISO 8601, by the clock of the machine on which it was done. */
  readonly at: string;
  /** user@host */
  readonly by: string;
  /** What was done, in words. */
  readonly did: string;
  /** Of the authority that came of it, or went by it. */
  readonly authority?: Told;
  /** SHA-256 of the root that signed it, and of each root that was handed over beside it. */
  readonly below?: string;
  readonly roots?: readonly string[];
  /** Where the server has what it was handed. */
  readonly atServer?: string;
  /** Why it was done beside a server; the words of who did it. */
  readonly forced?: string;
  /** Why it was done without waiting for the step before. */
  readonly withoutOverlap?: string;
  /** SHA-256 of the line before, hex; of nothing where it is the first. A line that is changed or taken out breaks the chain behind it. */
  readonly after: string;
}

const digestOf = (line: string): string => createHash('sha256').update(line).digest('hex');

/** What is done is written down before and after, so that nothing comes to be of which the log knows nothing. */
export const did = {
  root: { begins: 'a root is to be kept', done: 'a root is kept' },
  handOver: { begins: 'a server is to be handed what it signs by', done: 'a server was handed what it signs by' },
  activation: { begins: 'a root is to sign', done: 'a root signs' },
  retirement: { begins: 'a root is to be retired', done: 'a root was retired, and its key removed' },
} as const;

const cutOff = 'a line was cut off in the middle, and taken out';

/** The lines of a ceremony log; none where there is no file. One that was cut off at the end is none. @throws UsageError where one was changed, or taken out */
export function readCeremony(file: string): CeremonyRecord[] {
  let before = '';
  return linesOf(file).lines.map((line, at) => {
    const record = parsed(line);
    if (record === undefined)
      throw new UsageError(`${file}:${at + 1}: is no record: the ceremony log was changed by somebody else`);
    if (record.after !== digestOf(before))
      throw new UsageError(
        `${file}:${at + 1}: does not follow from the line before: a line of the ceremony log was changed, or taken out`,
      );
    before = line;
    return record;
  });
}

/** Adds a line, and returns when the disk has it. @throws UsageError where the log was changed */
export function addToCeremony(file: string, record: Omit<CeremonyRecord, 'by' | 'after'>): void {
  readCeremony(file);
  const { lines, whole, isCutOff } = linesOf(file);
  if (isCutOff) truncateSync(file, whole);
  let last = lines.at(-1) ?? '';
  const toAdd = isCutOff ? [{ at: record.at, did: cutOff }, record] : [record];
  const opened = openSync(file, 'a', 0o644);
  try {
    for (const { at, did: what, ...more } of toAdd) {
      const by = `${userName()}@${hostname()}`;
      const line = JSON.stringify({ at, by, did: what, ...more, after: digestOf(last) });
      writeFileSync(opened, `${line}\n`);
      last = line;
    }
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // One that has no name, as in a container.
    return `uid ${process.getuid?.()}`;
  }
}

function parsed(line: string): CeremonyRecord | undefined {
  try {
    const record = JSON.parse(line) as CeremonyRecord | null;
    return typeof record?.did === 'string' && !Number.isNaN(Date.parse(record.at)) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** The lines that are whole, how many bytes they are, and whether more follows: a write that was interrupted. */
function linesOf(file: string): { readonly lines: string[]; readonly whole: number; readonly isCutOff: boolean } {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new UsageError(`${file}: cannot be read: ${messageOf(error)}`);
  }
  const end = text.lastIndexOf('\n') + 1;
  return {
    lines: text.slice(0, end).split('\n').slice(0, -1),
    whole: Buffer.byteLength(text.slice(0, end)),
    isCutOff: end < text.length,
  };
}

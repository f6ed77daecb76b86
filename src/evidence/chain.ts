import { createHash } from 'node:crypto';
import { parsedJson } from '../json.ts';

// Each line of a history ends in a member "chain": the SHA-256 of the link before it and of the line as it is without that member. Whoever changes,
// adds or takes out a line has to make every later link anew, and the last of them is what gets signed.

/** What the first line of a history is chained to. */
export const firstLink = '0'.repeat(64);

const member = /,"chain":"([0-9a-f]{64})"\}$/;

/** The link of a line, from the one before it and the line without its own. */
export function linkAfter(before: string, line: string): string {
  return createHash('sha256').update(before).update('\n').update(line).digest('hex');
}

/** The line, which is a JSON object of at least one member, with its link. */
export function withLink(line: string, link: string): string {
  return `${line.slice(0, -1)},"chain":"${link}"}`;
}

/** The text of a `history.jsonl` of these lines, chained from the first on. */
export function chained(lines: readonly string[]): string {
  let link = firstLink;
  return lines
    .map((line) => {
      link = linkAfter(link, line);
      return `${withLink(line, link)}\n`;
    })
    .join('');
}

/** A line without its link, and the link; undefined where it has none, as in a history that an earlier version wrote. */
export function partLink(line: string): { readonly line: string; readonly link: string | undefined } {
  const found = member.exec(line);
  return found === null ? { line, link: undefined } : { line: `${line.slice(0, found.index)}}`, link: found[1] };
}

/** What is wrong with the chain of a history, and its last link. */
export interface ChainRead {
  /** The first line whose link is none of its own, counted from 1; undefined where each is. */
  readonly brokenAt: number | undefined;
  readonly lines: number;
  /** Undefined where no line has one. */
  readonly last: string | undefined;
}

/** Follows the chain through the text of a `history.jsonl`. A last line that was cut short is left out: it is what a killed run leaves. */
export function readChain(text: string): ChainRead {
  const lines = text.split('\n');
  if (parsedJson(lines.at(-1)!) === undefined) lines.pop();
  let [before, brokenAt] = [firstLink, undefined as number | undefined];
  let isChained = false;
  for (const [at, whole] of lines.entries()) {
    const { line, link } = partLink(whole);
    isChained ||= link !== undefined;
    if (link !== linkAfter(before, line)) brokenAt ??= at + 1;
    before = link ?? before;
  }
  return {
    brokenAt: isChained ? brokenAt : undefined,
    lines: lines.length,
    last: isChained ? before : undefined,
  };
}

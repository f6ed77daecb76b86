import { styleText } from 'node:util';
import type { ClauseOutcome } from '../../src/report/acceptance.ts';

type Style = Parameters<typeof styleText>[0];
/** Gives text its colour, where there is any. */
export type Paint = (style: Style, text: string) => string;

export const styles = {
  pass: 'green',
  fail: 'red',
  inconclusive: 'yellow',
  skipped: 'gray',
  deviation: 'magenta',
  accepted: 'magenta',
  none: 'gray',
} as const satisfies Readonly<Record<ClauseOutcome | 'none', Style>>;

export function painter(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

/** The text in lines of that width; a word that is longer keeps a line of its own. What is more than `most` lines is cut off, with a mark. */
export function wrap(text: string, width: number, most = Infinity): string[] {
  const lines: string[] = [];
  for (const word of clean(text).trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && ascii(`${last} ${word}`).length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length <= most) return lines;
  const last = lines[most - 1]!;
  // Without colour the mark is three full stops.
  return [...lines.slice(0, most - 1), `${last.slice(0, Math.max(0, width - 4)).trimEnd()} …`];
}

// A target's words reach the reason of a clause: without this they could move the cursor or rewrite the verdict above.
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, ' ');
}

/** The text in ASCII, for a terminal without colour. */
export function ascii(text: string): string {
  const plain: Readonly<Record<string, string>> = {
    '✔': 'ok',
    '✘': 'FAIL',
    '○': '-',
    '△': '~',
    '◌': '.',
    '·': '|',
    '“': '"',
    '”': '"',
    '’': "'",
    '–': '-',
    '—': '-',
    '→': '->',
    '…': '...',
    '§': 'section ',
    '≥': '>=',
    '≤': '<=',
    '×': 'x',
    µ: 'u',
  };
  return text.replace(/[^\n\x20-\x7e]/gu, (character) => plain[character] ?? '?');
}

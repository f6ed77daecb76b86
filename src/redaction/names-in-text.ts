import { escaped } from '../escaped.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { commonParts, judgedWords, withheld } from './told.ts';

// A shorter name stands in too many words that have nothing to do with it.
const leastAnywhere = 6;

/**
 * The names to look for in prose, as a part of a regular expression: in any case, the longer ones also within words, the longest first. A number or
 * a single letter names nobody by itself; what is hexadecimal is looked for by its shape. Undefined where there is none.
 */
export function namesPattern(names: readonly string[]): string | undefined {
  const telling = [
    ...new Set(names.flatMap((name) => [name, ...telltale(name)]).map((name) => name.toLowerCase())),
  ].filter((name) => name.length > 1 && !/^\P{L}+$/u.test(name) && !isHex(name));
  const parts = telling
    .sort((one, other) => other.length - one.length || (one < other ? -1 : 1))
    .map((name) => (name.length < leastAnywhere ? `${before}${looselyEscaped(name)}${behind}` : looselyEscaped(name)));
  return parts.length === 0 ? undefined : parts.join('|');
}

/** What is shown in the place of a name may differ from it by its punctuation, or be a part of it. */
function looselyEscaped(name: string): string {
  return escaped(name).replaceAll(/(?:\\\.|[_-])+/g, '[._-]?');
}

/** The longest part of a name that is made of several, where it tells the whole. */
function telltale(name: string): string[] {
  if (!name.includes('.')) return [];
  const [longest = ''] = name.split('.').sort((one, other) => other.length - one.length);
  return longest.length < leastAnywhere ? [] : [longest];
}

const before = '(?<![\\p{L}\\p{N}])';
const behind = '(?![\\p{L}\\p{N}])';

function isHex(name: string): boolean {
  return /^[0-9a-f]{12,}$/i.test(name);
}

/** Finds what is left of originals in a text. */
export interface Remains {
  /** The names that stand there, each with the whole word that it stands in, both in lower case. */
  in(text: string): { readonly name: string; readonly word: string }[];
}

/** Looks for what was renamed, in text that was made of the redacted run. Linear in the text. */
export function openRemains(pseudonyms: Pseudonyms, originals: readonly string[]): Remains {
  const names = namesPattern(originals);
  const addresses = new Set(originals.filter((one) => /^[\d.]+$|:/.test(one)).map((one) => one.toLowerCase()));
  const hexes = new Set(originals.filter(isHex).map((one) => one.toLowerCase()));
  const common = new RegExp(`${commonParts}|${escaped(withheld)}|${judgedWords}`, 'giu');
  const named = names === undefined ? undefined : new RegExp(names, 'giu');
  return {
    in(text) {
      const masked = pseudonyms.masked(text.replaceAll(common, '·'));
      const shaped = [...masked.matchAll(shapes)]
        .map(([found]) => found.toLowerCase())
        .filter((found) => hexes.has(found) || addresses.has(found));
      return [
        ...(named === undefined ? [] : [...masked.matchAll(named)]).map(({ 0: name, index }) => ({
          name: name.toLowerCase(),
          word: wordAround(masked, index, index + name.length).toLowerCase(),
        })),
        ...shaped.map((name) => ({ name, word: name })),
      ];
    },
  };
}

const shapes = /[0-9a-f]{12,}|(?<![\d.])\d+(?:\.\d+){3}(?![\d.]*\d)|[0-9a-f:.]*::[0-9a-f:.]*/gi;
const inWord = /[\p{L}\p{N}]/u;
const longestWord = 64;

function wordAround(text: string, from: number, to: number): string {
  let [begin, end] = [from, to];
  while (begin > 0 && from - begin < longestWord && inWord.test(text[begin - 1]!)) begin--;
  while (end < text.length && end - to < longestWord && inWord.test(text[end]!)) end++;
  return text.slice(begin, end);
}

import { entriesOf, type Entry, type History, type Redacted } from '../history.ts';
import { reference, renamedEntry } from './fields.ts';
import { openRemains, type Remains } from './names-in-text.ts';
import { openPseudonyms } from './pseudonyms.ts';
import { openWords, type Words } from './words.ts';

/** A history with its names replaced, and what it takes to see that none is left in what is made of it. */
export interface RedactedHistory {
  readonly history: History;
  /** The same without any word that was not Assay's own: what is made of it says only what Assay says of every such run. */
  readonly bare: History;
  readonly remains: Remains;
  /** Originals that are left in the history all the same. */
  readonly left: readonly string[];
  /** `text`, which was made of the original or of the redacted history, with its names replaced. */
  renamed(text: string): string;
}

/**
 * Replaces what names somebody by pseudonyms, each field by what it holds: the same by the same, another by another, so that whatever was equal is
 * equal and nothing else. Clauses, figures, times and versions stay. What a program under test said in its own words is left out, unless that is
 * Assay's own.
 */
export function redactHistory(history: History, redacted: Redacted): RedactedHistory {
  const pseudonyms = openPseudonyms(JSON.stringify(history));
  const isOwnBuild = (version: string) => version.includes('sha256:');
  const strangers =
    entriesOf(history, 'node').some(({ implementation }) => implementation !== reference) ||
    entriesOf(history, 'run-started').some(({ versions }) => Object.values(versions).some(isOwnBuild));
  const rename = (words: Words) => history.map((entry): Entry => renamedEntry(entry, words));

  // Names are known by the fields that hold them, wherever these come; then they are found in prose.
  const asIs = (text: string) => text;
  rename({ ...openWords(pseudonyms, [], strangers), label: asIs, prose: asIs, said: asIs, judged: asIs });
  const originals = pseudonyms.originals();
  const remains = openRemains(pseudonyms, originals);
  const words = openWords(pseudonyms, originals, strangers);

  const looked = new Map<string, string[]>();
  const watched = (of: (text: string) => string) => (text: string) => {
    const made = of(text);
    if (!looked.has(made)) {
      const left = remains.in(made).map(({ name }) => name);
      looked.set(made, left);
    }
    return made;
  };
  const made = rename({
    ...words,
    label: watched(words.label),
    prose: watched(words.prose),
    said: watched(words.said),
    judged: watched(words.judged),
  });
  const odd = [...words.odd].filter(([from]) => from !== '').sort(([one], [other]) => other.length - one.length);
  const numbers = new Map<string, number>();
  const numbered = (text: string) => {
    const number = numbers.get(text) ?? numbers.size + 1;
    numbers.set(text, number);
    return `x${number}`;
  };
  return {
    history: made.map((entry) => (entry.kind === 'run-started' ? { ...entry, redacted } : entry)),
    bare: rename({ ...words, label: numbered, prose: numbered, said: numbered, judged: numbered }),
    remains,
    left: [...new Set([...looked.values()].flat())],
    renamed: (text) => words.prose(odd.reduce((told, [from, to]) => told.replaceAll(from, () => to), text)),
  };
}

import { RequestError } from './request-error.ts';

/** A note, as api keeps it. */
export interface Note {
  readonly id: number;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

export const mostCharacters = 280;

/**
 * The text of a note that somebody wants kept, without space around it.
 *
 * @throws RequestError 400 that says what is wrong with it
 */
export function checkedText(body: unknown): string {
  const { text } = Object(body) as { text?: unknown };
  if (typeof text !== 'string') throw new RequestError(400, 'a note wants a text');
  const trimmed = text.trim();
  if (trimmed === '') throw new RequestError(400, 'a note wants at least one character');
  const characters = [...trimmed].length;
  if (characters > mostCharacters)
    throw new RequestError(400, `a note has at most ${mostCharacters} characters, and this one has ${characters}`);
  if (/[\p{Cc}\p{Cs}]/u.test(trimmed)) throw new RequestError(400, 'a note is one line, without control characters');
  return trimmed;
}

/** The same name without what another spelling of it may change: the case of its letters, and percent-encoding. */
export function plainOf(name: string): string {
  return name.replaceAll(encoded, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))).toLowerCase();
}

const encoded = /%([0-9a-f]{2})/gi;

/**
 * A pseudonym spelled as a sibling of a name is: in another case, or with a letter percent-encoded. Undefined where no such spelling is left.
 *
 * @param pseudonym - in lower case
 * @param name - what the sibling looks like
 * @param nth - which of its spellings, from 0
 */
export function respelled(pseudonym: string, name: string, nth: number): string | undefined {
  const letters = [...pseudonym.matchAll(/[a-z]/g)].map(({ index }) => index);
  if (new RegExp(encoded, 'i').test(name)) {
    const at = letters[nth];
    if (at === undefined) return undefined;
    return `${pseudonym.slice(0, at)}%${pseudonym.charCodeAt(at).toString(16)}${pseudonym.slice(at + 1)}`;
  }
  // Which letters are large is the number in binary: no two are spelled alike.
  const large = nth + 1;
  if (large >= 2 ** letters.length) return undefined;
  const spelled = [...pseudonym];
  for (const [bit, at] of letters.entries()) if ((large >> bit) & 1) spelled[at] = spelled[at]!.toUpperCase();
  return spelled.join('');
}

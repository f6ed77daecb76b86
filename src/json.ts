/** The value of a JSON text, or undefined where it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A document in JSON that strict parsers take: words that a target cut in the middle of a character are mended. */
export function jsonDocument(value: object): string {
  return `${JSON.stringify(value, (_key, one: unknown) => (typeof one === 'string' ? one.toWellFormed() : one), 2)}\n`;
}

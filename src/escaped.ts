/** A text as a part of a regular expression that stands for nothing but itself: `RegExp.escape`, which TypeScript does not know yet. */
export function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

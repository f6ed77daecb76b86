/** Words on one line: what breaks lines, steers a terminal or turns the direction of writing is a space. */
export function oneLine(words: string): string {
  return words.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}

/** Words of one line as words, wherever Markdown is read: nothing within them is markup. What begins a line, or ends a cell, is another matter. */
export function withoutMarkup(line: string): string {
  return line
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]~^]/g, '\\$&');
}

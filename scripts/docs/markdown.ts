export const generatedNotice = '*Made by `npm run docs:pages`. Do not edit.*';

/** Where a clause stands in docs/clauses.md. */
export function anchorOf(clause: string): string {
  return clause.replaceAll('/', '-');
}

/** Where a heading stands, as GitHub makes it: small letters, no punctuation, a hyphen for each space. */
export function anchorOfHeading(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** Text for a table: one line, and no bar that would end the cell. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A sentence out of a phrase: its first letter large, a full stop behind it. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

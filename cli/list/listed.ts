/** An entry of a list as programs read it. */
export type Listed = { readonly id: string; readonly title: string } & Readonly<Record<string, unknown>>;

/** A list that the command can print: its entries for programs, and what of them a person is told. */
export interface List {
  readonly entries: () => Promise<readonly Listed[]>;
  /** Lines for a person; without it, the id and title of each entry. */
  readonly lines?: (entries: readonly Listed[]) => readonly string[];
}

/** Lines of id and title, one an entry. */
export function idsAndTitles(entries: readonly Listed[]): string[] {
  const width = Math.max(...entries.map(({ id }) => id.length));
  return entries.map(({ id, title }) => `${id.padEnd(width)}  ${title}`);
}

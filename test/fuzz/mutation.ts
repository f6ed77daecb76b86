import type { Entry, History } from '../../src/history.ts';

/** Numbers in [0, 1). */
export type Chance = () => number;

/** One change of a history, in words that a person can find it by. */
export interface Mutation {
  readonly says: string;
  readonly history: History;
  /**
   * What it takes away where it adds nothing, so that no verdict may become better by it: what is known of an outcome, an accepted control as
   * a whole, or something else that only a pass rests on.
   */
  readonly weakens?: 'outcome' | 'control' | 'support';
}

/** Gives an entry of those that are asked for. */
export type Some = (history: History, from: (entry: Entry) => boolean) => Entry | undefined;

/** Changes a history, or gives nothing where it holds nothing to be changed like that. */
export type Mutate = (history: History, chance: Chance, some: Some) => Mutation | undefined;

export function pick<T>(all: readonly T[], chance: Chance): T | undefined {
  return all[Math.floor(chance() * all.length)];
}

export function named({ kind, index }: Entry): string {
  return `${kind} of line ${index}`;
}

export function withEntry(history: History, old: Entry, next: object): History {
  return history.map((entry) => (entry === old ? ({ ...entry, ...next } as Entry) : entry));
}

/** Lines keep their order by their numbers: what moves takes the number of its place. */
export function renumbered(entries: readonly Entry[]): History {
  return entries.map((entry, at) => ({ ...entry, index: at + 1 }));
}

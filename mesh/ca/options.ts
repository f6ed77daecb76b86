import type { CaPlaces } from './places.ts';

/** How an authority is made. Lifetimes are whole days. */
export interface CaOptions {
  readonly trustDomain: string;
  readonly rootDays: number;
  readonly intermediateDays: number;
  /** SPIRE servers from the one that is handed the intermediate down to the one that signs SVIDs; left out: 1, or as the root that is there has it. */
  readonly tiers?: number | undefined;
  /** Vouches for URIs of its trust domain alone. */
  readonly constrainNames: boolean;
}

/** The same, with nothing left out. */
export type Shape = Pick<CaOptions, 'trustDomain' | 'constrainNames'> & { readonly tiers: number };

/** Who does it, and when. */
export interface Ceremony {
  readonly places: CaPlaces;
  readonly passphrase: string;
  readonly now: Date;
  /** Where the directory of the server lies there; left out: as before, and at first where it is written. */
  readonly atServer?: string;
  /** Why it is done beside a server. */
  readonly forced?: string;
  /** Why it is done without waiting for the step before. */
  readonly withoutOverlap?: string;
}

/** One thing that is to be done, told before it is. */
export interface CaStep {
  readonly does: string;
  run(): Promise<void>;
}

export const dayMs = 86_400_000;
// Clocks of nodes that are a little behind take it from the first moment on.
export const backdatedMs = 5 * 60_000;

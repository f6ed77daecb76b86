/** How arrivals of an open loop follow each other: at equal distances, or as independent callers come, by chance. */
export type ArrivalKind = 'constant' | 'poisson';

export interface ArrivalSpec {
  readonly kind: ArrivalKind;
  readonly perSecond: number;
  readonly seconds: number;
  /** When the first interval begins, in microseconds since the start of the run. */
  readonly fromUs: number;
  /** Numbers in [0, 1); of `poisson` alone. */
  readonly chance: () => number;
}

/**
 * When connections are due, in whole microseconds since the start of the run: fixed before the first is made, so that no answer that is late
 * moves one of them. As many come as the rate says; by `poisson` that is the mean, and how many there are is left to chance too.
 */
export function arrivals({ kind, perSecond, seconds, fromUs, chance }: ArrivalSpec): number[] {
  const everyUs = 1e6 / perSecond;
  // Computed and not added up, so that it does not drift.
  if (kind === 'constant')
    return Array.from({ length: Math.round(perSecond * seconds) }, (_, nth) => Math.round(fromUs + nth * everyUs));
  const dues: number[] = [];
  const untilUs = fromUs + seconds * 1e6;
  const gap = () => -Math.log(1 - chance()) * everyUs;
  for (let at = fromUs + gap(); at < untilUs; at += gap()) dues.push(Math.round(at));
  return dues;
}

/** One schedule dealt out to that many generators, so that together they keep it exactly. */
export function dealt(dues: readonly number[], shards: number): number[][] {
  return Array.from({ length: shards }, (_, shard) => dues.filter((_due, nth) => nth % shards === shard));
}

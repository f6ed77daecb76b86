import type { Seen } from '../../fixtures/probes/probe.ts';

/**
 * How often a session is offered. Behind one address may stand several workers, each with keys of its own, and only the one that gave a
 * ticket can read it: by then it was met in all likelihood.
 */
export const offers = 12;

/** Offers a session until it was resumed, as often as is of use, while there is time for more. */
export async function untilResumed(
  offer: () => Promise<Seen>,
  hasTime: (last: Seen) => boolean = () => true,
): Promise<Seen> {
  let seen = await offer();
  for (let more = 1; more < offers && seen.tls?.resumed !== true && hasTime(seen); more++) seen = await offer();
  return seen;
}

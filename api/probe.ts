import { offerTo, type Offer, type Seen } from '../fixtures/probes/probe.ts';

/**
 * One `GET /hello` over TLS as a client that offers this: an identity or none, versions, cipher suites, groups, an earlier session.
 *
 * What came of it stands in `outcome`: `accepted` where it was answered 200; `refused` where an alert or a close came before any application data, or an
 * answer that turns the caller away; `unknown` for all else, such as silence or a reset, which is no refusal. `how` says it in words. Who answered is not
 * verified: `server` has the chain that was shown.
 *
 * @param address - host:port
 * @param withinMs - 5 s when absent
 * @throws FixtureError when the address is not host:port
 */
export function probe(address: string, offer: Offer = {}, withinMs?: number): Promise<Seen> {
  return offerTo({ address }, offer, withinMs);
}

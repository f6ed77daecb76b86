import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';

/** A SPIFFE ID as SPIRE's messages hold it. */
export interface SpiffeIdMessage {
  readonly trustDomain: string;
  readonly path: string;
}

/**
 * A SPIFFE ID in the form of SPIRE's messages.
 *
 * @throws SpiffeIdError when the text is no SPIFFE ID
 */
export function toMessage(spiffeId: string): SpiffeIdMessage {
  const { trustDomain, path } = parseSpiffeId(spiffeId);
  return { trustDomain, path };
}

/** The text of a SPIFFE ID; empty when the message lacks the ID. */
export function fromMessage(id: SpiffeIdMessage | null): string {
  return id === null ? '' : `spiffe://${id.trustDomain}${id.path}`;
}

/** The instant that SPIRE counts in Unix seconds. */
export function fromUnixSeconds(seconds: number): Date {
  return new Date(seconds * 1000);
}

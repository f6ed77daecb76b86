import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';

/** A SPIFFE ID as SPIRE's messages hold it. */
export interface SpiffeIdMessage {
  readonly trustDomain: string;
  readonly path: string;
}

/** @throws SpiffeIdError when the text is no SPIFFE ID */
export function toMessage(spiffeId: string): SpiffeIdMessage {
  const { trustDomain, path } = parseSpiffeId(spiffeId);
  return { trustDomain, path };
}

/** Empty when the message lacks the ID. */
export function fromMessage(id: SpiffeIdMessage | null): string {
  return id === null ? '' : `spiffe://${id.trustDomain}${id.path}`;
}

/** SPIRE counts instants in Unix seconds. */
export function fromUnixSeconds(seconds: number): Date {
  return new Date(seconds * 1000);
}

import type { CipherNameAndProtocol, TLSSocket } from 'node:tls';
import type { VerifyFailure } from '../../src/svid/x509/verify.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';

/**
 * A handshake that has ended, as this side saw it. Under TLS 1.3 a server judges its caller after the caller's own handshake is complete: that it
 * refused us is no part of this, and shows later, as an error of the connection.
 */
export interface Handshake {
  readonly role: 'server' | 'client';
  /** `refused`: the peer was judged, or TLS said no. `error`: the connection ended by itself, or never came to be. */
  readonly result: 'ok' | 'refused' | 'error';
  /** SPIFFE ID of a peer that was accepted. */
  readonly peer?: string;
  /** Serial number of the SVID that such a peer showed. */
  readonly serial?: string;
  /** TLS cipher suite, by its standard name. */
  readonly suite?: string;
  /** Why it is not `ok`, for people. */
  readonly why?: string;
  /** Since the connection was taken, or asked for; absent where the peer was gone before it could be told which it was. */
  readonly seconds?: number;
  /** host:port of the peer; absent as `seconds` is. */
  readonly remote?: string;
}

/** What a handshake showed of a peer that was accepted. */
export function shownBy(socket: TLSSocket, chain: readonly Certificate[]): Pick<Handshake, 'serial' | 'suite'> {
  // Of a socket that the peer has reset meanwhile, whatever the types of Node say.
  const cipher = socket.getCipher() as CipherNameAndProtocol | null;
  return { ...(chain[0] && { serial: chain[0].serial }), ...(cipher && { suite: cipher.standardName }) };
}

const judged: ReadonlySet<string> = new Set<VerifyFailure | 'not-allowed' | 'not-expected'>([
  ...(['no-uri-san', 'two-uri-sans', 'not-a-spiffe-id', 'no-path', 'ca-leaf', 'key-usage'] as const),
  ...(['expired', 'not-yet-valid', 'unknown-trust-domain', 'unknown-authority', 'bad-chain'] as const),
  ...(['not-allowed', 'not-expected'] as const),
]);

/** The kind of a refusal, one of some fifteen words, so that it may be a label of a metric. */
export function refusalReason(why: string): string {
  if (why.startsWith(noCertificate)) return 'no-certificate';
  const reason = why.slice(0, Math.max(why.indexOf(': '), 0));
  if (judged.has(reason)) return reason;
  if (why.startsWith('no SVID is held')) return 'no-svid';
  return why.startsWith('not an X.509 certificate') ? 'not-a-certificate' : 'tls';
}

// What verifyX509Svid says of an empty chain.
const noCertificate = 'bad-chain: there is no certificate';

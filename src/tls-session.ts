import { childrenOf, DerError, elementAt, tags, wanted, type Element } from './svid/x509/der.ts';

/** Context-specific, constructed, number 15. */
const maxEarlyDataField = 0xaf;

/**
 * Bytes of early data (0-RTT) that a session ticket allows; 0 when none.
 *
 * @param session - a session as Node gives it: OpenSSL's SSL_SESSION in DER, in some versions behind a header of its own
 * @throws DerError on anything else
 *
 * Source: RFC 8446 §4.2.10 (early_data in NewSessionTicket); OpenSSL ssl/ssl_asn1.c, where the value is the optional field [15].
 */
export function maxEarlyData(session: Uint8Array): number {
  const field = childrenOf(session, sessionElement(session)).find(({ tag }) => tag === maxEarlyDataField);
  if (field === undefined) return 0;
  const { from, end } = wanted(elementAt(session, field.from, field.end), tags.integer, 'max_early_data');
  return session.subarray(from, end).reduce((value, byte) => value * 256 + byte, 0);
}

/** The header has no documented length; the session is the sequence that fills the bytes to their end. */
function sessionElement(session: Uint8Array): Element {
  for (let at = session.indexOf(tags.sequence); at >= 0; at = session.indexOf(tags.sequence, at + 1)) {
    try {
      const element = elementAt(session, at);
      if (element.end === session.length && childrenOf(session, element).length > 3) return element;
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
    }
  }
  throw new DerError('no SSL_SESSION in these bytes');
}

import { childrenOf, elementAt, onlyElement, tags, wanted } from './x509/der.ts';

/** Context-specific, constructed, number 15. */
const maxEarlyDataField = 0xaf;

/**
 * Bytes of early data (0-RTT) that a session ticket allows; 0 when none.
 *
 * @param session - a session as Node gives it: OpenSSL's SSL_SESSION in DER
 * @throws DerError on anything else
 *
 * Source: RFC 8446 §4.2.10 (early_data in NewSessionTicket); OpenSSL ssl/ssl_asn1.c, where the value is the optional field [15].
 */
export function maxEarlyData(session: Uint8Array): number {
  const field = childrenOf(session, onlyElement(session, tags.sequence, 'SSL_SESSION')).find(({ tag }) => tag === maxEarlyDataField);
  if (field === undefined) return 0;
  const { from, end } = wanted(elementAt(session, field.from, field.end), tags.integer, 'max_early_data');
  return session.subarray(from, end).reduce((value, byte) => value * 256 + byte, 0);
}

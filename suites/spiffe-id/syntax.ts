import * as syntax from '../../src/clauses/spiffe-id/syntax.ts';
import { uriSans } from '../identity/row.ts';

/** IDs with a part that no SPIFFE ID has. */
export const rows = [
  uriSans(syntax.idWithQuery, 'a query behind the ID', ({ right }) => [`${right}?admin=1`]),
  uriSans(syntax.idWithFragment, 'a fragment behind the ID', ({ right }) => [`${right}#admin`]),
  uriSans(syntax.idWithPort, 'a port in the trust domain', ({ trustDomain, path }) => [
    `spiffe://${trustDomain}:8443${path}`,
  ]),
  uriSans(syntax.idWithUser, 'user information before the trust domain', ({ trustDomain, path }) => [
    `spiffe://admin@${trustDomain}${path}`,
  ]),
];

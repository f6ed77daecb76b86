import * as path from '../../src/clauses/x509-svid/path.ts';
import { row } from '../identity/row.ts';

const hour = 3_600;
const year = 365 * 24 * hour;

/** Paths that lead to the wrong authority, or at the wrong time. */
export const rows = [
  row(path.foreignAuthority, 'the right ID signed by a federated authority', () => ({}), {
    signer: 'federated',
    besideAlly: true,
  }),
  row(path.expired, 'expired a minute ago', ({ at }) => ({ change: { notBefore: at(-hour), notAfter: at(-60) } })),
  row(path.notYetValid, 'valid from in an hour', ({ at }) => ({ change: { notBefore: at(hour), notAfter: at(year) } })),
];

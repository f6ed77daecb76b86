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
  // Validity counts in whole seconds, and the second of the end itself is good: less than this would say nothing.
  row(path.expired, 'expired three seconds ago', ({ at }) => ({ change: { notBefore: at(-hour), notAfter: at(-3) } })),
  row(path.notYetValid, 'valid from in an hour', ({ at }) => ({ change: { notBefore: at(hour), notAfter: at(year) } })),
  // Later than the rows may take: one that began meanwhile would be accepted rightly.
  row(path.notYetValid, 'valid from in two minutes', ({ at }) => ({
    change: { notBefore: at(120), notAfter: at(year) },
  })),
];

import * as path from '../../src/clauses/x509-svid/path.ts';
import { row } from '../identity/row.ts';

const hour = 3_600;
const year = 365 * 24 * hour;

/** Paths that lead to the wrong authority, or at the wrong time. */
export const rows = [
  row(path.foreignAuthority, 'the right ID signed by a federated authority', () => ({}), {
    signer: 'federated',
    beside: 'ally',
  }),
  row(
    path.foreignAuthority,
    'an allowed ID of a federated trust domain, signed by an authority of the own',
    ({ ally }) => ({ goesBy: ally }),
    {
      beside: 'ally',
    },
  ),
  row(path.expired, 'expired a minute ago', ({ at }) => ({ change: { notBefore: at(-hour), notAfter: at(-60) } })),
  row(
    path.expired,
    'expired a minute ago, below an intermediate',
    ({ at }) => ({ change: { notBefore: at(-hour), notAfter: at(-60) }, below: [{}] }),
    { beside: 'chain' },
  ),
  row(
    path.expired,
    'an allowed ID of a federated trust domain, expired a minute ago',
    ({ ally, at }) => ({ goesBy: ally, change: { notBefore: at(-hour), notAfter: at(-60) } }),
    { signer: 'federated', beside: 'ally' },
  ),
  // Validity counts in whole seconds, and the second of the end itself is good: less than this would say nothing.
  // The lifetime is odd: one of an hour that is counted in whole minutes would end at the right moment all the same.
  row(
    path.expired,
    'expired three seconds ago',
    ({ at }) => ({ change: { notBefore: at(-hour - 33), notAfter: at(-3) } }),
    { bySeconds: true },
  ),
  // Two digits of a year say the century as well, and four must not be read like two. Source: RFC 5280 §4.1.2.5.
  row(path.expired, 'ended in 1999, before it began', ({ at }) => ({
    change: { notBefore: at(-hour), notAfter: new Date('1999-06-01T00:00:00Z') },
  })),
  row(path.notYetValid, 'valid from 2060 on', () => ({
    change: { notBefore: new Date('2060-06-01T00:00:00Z'), notAfter: new Date('2149-06-01T00:00:00Z') },
  })),
  row(path.notYetValid, 'valid from in an hour', ({ at }) => ({ change: { notBefore: at(hour), notAfter: at(year) } })),
  // An identity is made when it is shown, and nobody is waited for as long as this: it never begins meanwhile.
  row(
    path.notYetValid,
    'valid from in ten seconds',
    ({ at }) => ({ change: { notBefore: at(10), notAfter: at(year) } }),
    { bySeconds: true },
  ),
  row(path.criticalExtension, 'a critical extension that nobody knows', () => ({
    change: { extensions: [{ oid: '1.3.6.1.4.1.55555.1', critical: true, value: Uint8Array.of(0x05, 0x00) }] },
  })),
];

import type { Certificate } from '../../src/svid/x509/read.ts';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import { always, misreading, never, type Judge } from '../judges.ts';
import { judgePeer } from '../../mesh/node/peer.ts';

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;

const moved = (instant: Date, ms: number) => new Date(instant.getTime() + ms);
const lifeOf = ({ notBefore, notAfter }: Certificate) => notAfter.getTime() - notBefore.getTime();

/** Right in all but the instant by which it judges. */
const at =
  (instant: (now: Date, own: Certificate) => Date): Judge =>
  (chain, held, allow, now) =>
    judgePeer(chain, held, allow, instant(now, held.leaf));

/** With a lifetime that is rounded up to whole spans. */
const roundedUp = (spanMs: number): Judge =>
  misreading((leaf) => ({ notAfter: moved(leaf.notBefore, Math.ceil(lifeOf(leaf) / spanMs) * spanMs) }));

/** As a year of two digits in the century of `pivot`. */
function ofTwoDigits(instant: Date, century: (year: number) => number): Date {
  const year = instant.getUTCFullYear() % 100;
  const read = new Date(instant);
  read.setUTCFullYear(century(year) + year);
  return read;
}

/** Nodes that read a time, or a clock, in a way of their own. */
export const timeImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'time-this-century',
    title: 'reads every year of two digits as one of this century',
    breaks: 'x509-svid/path/expired',
    row: 'ended in 1999, before it began',
    judge: misreading(({ notAfter }) =>
      notAfter.getUTCFullYear() < 2000 ? { notAfter: ofTwoDigits(notAfter, () => 2000) } : {},
    ),
    source: 'RFC 5280 §4.1.2.5.1',
  }),
  ...inBothRoles({
    id: 'time-seconds-for-milliseconds',
    title: 'compares a clock in seconds with an end in milliseconds',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: misreading(({ notAfter }) => ({ notAfter: new Date(Math.min(notAfter.getTime() * 1_000, 8.64e15)) })),
    source: 'CWE-682',
  }),
  ...inBothRoles({
    id: 'time-span-alone',
    title: 'checks that a validity ends after it begins, and not where now is',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: misreading((leaf) => (lifeOf(leaf) > 0 ? { notBefore: always, notAfter: never } : {})),
    source: 'enfabrica/enkit#160',
  }),
  ...inBothRoles({
    id: 'time-of-authority',
    title: 'takes the end of the authority for that of the SVID',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: misreading((leaf, _allow, held) => {
      const issuer = [...held.bundles.values()].flat().find(({ subjectHex }) => subjectHex === leaf.issuerHex);
      return issuer === undefined ? {} : { notAfter: issuer.notAfter };
    }),
    source: 'open62541/open62541#6727',
  }),
  ...inBothRoles({
    id: 'time-of-own-svid',
    title: 'takes the beginning of its own SVID for now, having no clock that it trusts',
    breaks: 'x509-svid/path/expired',
    row: 'expired three seconds ago',
    judge: at((_now, own) => own.notBefore),
    source: 'ietf-plants-wg/merkle-tree-certs#17',
  }),
  ...inBothRoles({
    id: 'time-whole-minutes',
    title: 'counts lifetimes in whole minutes',
    breaks: 'x509-svid/path/expired',
    row: 'expired three seconds ago',
    judge: roundedUp(60 * second),
    source: 'Mbed-TLS/mbedtls#498',
  }),
  ...inBothRoles({
    id: 'time-whole-days',
    title: 'counts lifetimes in whole days',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: roundedUp(day),
    source: 'CWE-682',
  }),
  ...inBothRoles({
    id: 'time-local-west',
    title: 'reads the end of an SVID as local time, five hours west of Greenwich',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: misreading(({ notAfter }) => ({ notAfter: moved(notAfter, 5 * hour) })),
    source: 'RFC 5280 §4.1.2.5.1',
  }),
  ...inBothRoles({
    id: 'time-tenth-of-life',
    title: 'gives an SVID a tenth of its life more',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: misreading((leaf) => ({ notAfter: moved(leaf.notAfter, lifeOf(leaf) / 10) })),
    source: 'istio/istio#32176',
  }),
  ...inBothRoles({
    id: 'time-renewal-expected',
    title: 'lets an SVID pass that has ended within the hour, as one that will be renewed',
    breaks: 'x509-svid/path/expired',
    row: 'expired ',
    judge: (chain, held, allow, now) => {
      const [leaf] = chain;
      const late = leaf === undefined ? 0 : now.getTime() - leaf.notAfter.getTime();
      return judgePeer(chain, held, allow, late > 0 && late < hour ? leaf!.notAfter : now);
    },
    source: 'envoyproxy/envoy#35216',
  }),
  ...inBothRoles({
    id: 'time-four-digits-as-two',
    title: 'reads the last two digits of a year with four, and takes the century from them',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from 2060 on',
    judge: misreading(({ notBefore, notAfter }) => ({
      notBefore: ofTwoDigits(notBefore, (year) => (year < 50 ? 2000 : 1900)),
      notAfter: ofTwoDigits(notAfter, (year) => (year < 50 ? 2000 : 1900)),
    })),
    source: 'pocoproject/poco#2743',
  }),
  ...inBothRoles({
    id: 'time-year-wraps',
    title: 'holds times in 32 bits, where 2060 is long past',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from 2060 on',
    judge: misreading(({ notBefore, notAfter }) => ({
      notBefore: new Date((Math.floor(notBefore.getTime() / second) | 0) * second),
      notAfter: notAfter.getTime() / second > 2 ** 31 ? never : notAfter,
    })),
    source: 'CWE-190',
  }),
  ...inBothRoles({
    id: 'time-seconds-begin',
    title: 'compares a clock in milliseconds with a beginning in seconds',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from ',
    judge: misreading(({ notBefore }) => ({ notBefore: new Date(notBefore.getTime() / 1_000) })),
    source: 'CWE-682',
  }),
  ...inBothRoles({
    id: 'time-local-east',
    title: 'reads the beginning of an SVID as local time, five and a half hours east of Greenwich',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from ',
    judge: misreading(({ notBefore }) => ({ notBefore: moved(notBefore, -5.5 * hour) })),
    source: 'RFC 5280 §4.1.2.5.1',
  }),
  ...inBothRoles({
    id: 'time-near-enough',
    title: 'asks that now is nearer to the beginning of an SVID than its life is long',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from ',
    judge: (chain, held, allow, now) => {
      const [leaf] = chain;
      const near = leaf !== undefined && Math.abs(now.getTime() - leaf.notBefore.getTime()) <= lifeOf(leaf);
      return judgePeer(chain, held, allow, near ? moved(leaf.notBefore, 0) : now);
    },
    source: 'CWE-697',
  }),
  ...inBothRoles({
    id: 'time-early-by-its-life',
    title: 'takes an SVID that begins within its own lifetime from now, as clocks differ',
    breaks: 'x509-svid/path/not-yet-valid',
    row: 'valid from ',
    judge: misreading((leaf) => ({ notBefore: moved(leaf.notBefore, -lifeOf(leaf)) })),
    source: 'gravitational/teleport#68051',
  }),
];

import asn1 from 'node-forge/lib/asn1.js';

import { tags } from './der.ts';
import { attributeTypes, type NameAttribute } from './distinguished-name.ts';
import { extensionOids, keyUsages, nameTags, purposes, type Extension, type KeyUsage } from './extensions.ts';

// Written with node-forge and read with der.ts: an error in one of them cannot hide in the other.

/** DER as node-forge has it: a string with one character for each byte, so that any byte can stand anywhere. */
export type Der = string;

/** One element of any tag around content that is taken as it is, right or wrong. */
export function element(tag: number, ...content: readonly Der[]): Der {
  // The whole octet goes in as the class: told the type, node-forge trims whatever has the number of an integer, a DNS name's [2] too.
  return asn1.toDer(asn1.create(tag, asn1.Type.NONE, false, content.join(''))).getBytes();
}

export const sequence = (...content: readonly Der[]): Der => element(tags.sequence, ...content);
export const oid = (dotted: string): Der => element(tags.oid, asn1.oidToDer(dotted).getBytes());
/** A number below 2^31. */
export const integer = (value: number): Der => element(tags.integer, asn1.integerToDer(value).getBytes());
export const bitString = (unusedBits: number, content: Der): Der =>
  element(tags.bitString, String.fromCharCode(unusedBits), content);

export function derOf(bytes: Uint8Array): Der {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function bytesOf(der: Der): Buffer {
  return Buffer.from(der, 'latin1');
}

/** A serial number from its hex digits; it is kept positive. @throws RangeError for anything but hex */
export function serialNumber(hex: string): Der {
  if (!/^[0-9a-fA-F]+$/.test(hex)) throw new RangeError(`serial number wants hex digits: ${JSON.stringify(hex)}`);
  const significant = hex.replace(/^0+(?=.)/, '');
  const digits = significant.length % 2 === 0 ? significant : `0${significant}`;
  return element(
    tags.integer,
    Buffer.from(/^[89a-f]/i.test(digits) ? `00${digits}` : digits, 'hex').toString('latin1'),
  );
}

/** A name whose countries and serial numbers are PrintableString, as they have to be, and all else is UTF8String. */
export function distinguishedName(attributes: readonly NameAttribute[]): Der {
  return sequence(
    ...attributes.map(({ type, value }) => {
      const dotted = (attributeTypes as Record<string, string>)[type] ?? type;
      const printable = type === 'C' || type === 'serialNumber';
      return element(
        tags.set,
        sequence(oid(dotted), element(printable ? 0x13 : 0x0c, printable ? value : derOf(Buffer.from(value)))),
      );
    }),
  );
}

/** UTCTime as long as it can say the year, then GeneralizedTime; fractions of a second are dropped. Source: RFC 5280 §4.1.2.5. */
export function time(instant: Date): Der {
  if (Number.isNaN(instant.getTime())) throw new RangeError('a validity wants a valid Date');
  const year = instant.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? element(tags.utcTime, asn1.dateToUtcTime(instant) as string)
    : element(tags.generalizedTime, asn1.dateToGeneralizedTime(instant) as string);
}

/** The extension itself, inside a certificate or a signing request. */
export function extension({ oid: dotted, critical, value }: Extension): Der {
  return sequence(oid(dotted), critical ? element(tags.boolean, '\xff') : '', element(tags.octetString, derOf(value)));
}

export interface SubjectAltNames {
  readonly uriSans?: readonly string[];
  readonly dnsSans?: readonly string[];
  readonly emailSans?: readonly string[];
}

/** @throws RangeError for a character beyond U+00FF: names are written one byte a character, just as they are read */
export function subjectAltName({ uriSans = [], dnsSans = [], emailSans = [] }: SubjectAltNames): Extension[] {
  const names = [
    ...emailSans.map((name) => element(0x81, oneByteEach(name))),
    ...dnsSans.map((name) => element(0x82, oneByteEach(name))),
    ...uriSans.map((name) => element(0x86, oneByteEach(name))),
  ];
  return names.length === 0 ? [] : [made('subjectAltName', false, sequence(...names))];
}

export function basicConstraints(isCa: boolean, pathLength?: number): Extension {
  return made(
    'basicConstraints',
    true,
    sequence(isCa ? element(tags.boolean, '\xff') : '', pathLength === undefined ? '' : integer(pathLength)),
  );
}

/** Hosts of the URIs that certificates below may have, and may not. */
export interface UriConstraints {
  readonly permitted?: readonly string[];
  readonly excluded?: readonly string[];
}

/** Source: RFC 5280 §4.2.1.10, which has it critical. */
export function nameConstraints({ permitted = [], excluded = [] }: UriConstraints): Extension[] {
  const subtrees = (tag: number, hosts: readonly string[]) =>
    hosts.length === 0 ? '' : element(tag, ...hosts.map((host) => sequence(element(nameTags.uri, oneByteEach(host)))));
  const value = subtrees(0xa0, permitted) + subtrees(0xa1, excluded);
  return value === '' ? [] : [made('nameConstraints', true, sequence(value))];
}

/** Nothing at all for no usages: RFC 5280 §4.2.1.3 wants at least one bit. */
export function keyUsage(usages: readonly KeyUsage[]): Extension[] {
  const bits = usages.map((usage) => keyUsages.indexOf(usage));
  if (bits.length === 0) return [];
  const last = Math.max(...bits);
  const octets = new Uint8Array((last >> 3) + 1);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] as number) | (0x80 >> (bit & 7));
  return [made('keyUsage', true, bitString(7 - (last & 7), derOf(octets)))];
}

export function extendedKeyUsage(names: readonly string[]): Extension[] {
  const dotted = names.map((name) => (purposes as Record<string, string>)[name] ?? name);
  return dotted.length === 0 ? [] : [made('extendedKeyUsage', false, sequence(...dotted.map(oid)))];
}

/** Key identifiers are lower-case hex. */
export function keyIdentifiers(subject: string | undefined, authority: string | undefined): Extension[] {
  return [
    ...(subject === undefined
      ? []
      : [made('subjectKeyId', false, element(tags.octetString, Buffer.from(subject, 'hex').toString('latin1')))]),
    ...(authority === undefined
      ? []
      : [made('authorityKeyId', false, sequence(element(0x80, Buffer.from(authority, 'hex').toString('latin1'))))]),
  ];
}

function made(name: keyof typeof extensionOids, critical: boolean, value: Der): Extension {
  return { oid: extensionOids[name], critical, value: bytesOf(value) };
}

function oneByteEach(text: string): Der {
  if (/[^\0-\xff]/.test(text)) {
    throw new RangeError(
      `one byte a character: ${JSON.stringify(text)} has one above U+00FF; for UTF-8 give Buffer.from(text).toString('latin1')`,
    );
  }
  return text;
}

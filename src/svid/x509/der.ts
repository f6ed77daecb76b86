/** Bytes that are no DER of the shape that was wanted. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** One element: `tag` is its identifier octet, `start` where it begins, `from` and `end` bound its content. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly from: number;
  readonly end: number;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  bmpString: 0x1e,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/**
 * The element that begins at `at` and ends at `limit` or before. DER has one form for each length, so what
 * is indefinite, padded or runs past `limit` is refused, and so are tags of more than one octet, which X.509 never uses.
 *
 * @throws DerError saying what is wrong and where
 */
export function elementAt(bytes: Uint8Array, at: number, limit: number = bytes.length): Element {
  if (at + 2 > limit) throw new DerError(`wanted an element at byte ${at}, the bytes end at ${limit}`);
  const tag = bytes[at] as number;
  if ((tag & 0x1f) === 0x1f) throw new DerError(`tag of more than one octet at byte ${at}`);
  const first = bytes[at + 1] as number;
  let from = at + 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first - 0x80;
    if (octets === 0 || octets > 4 || from + octets > limit)
      throw new DerError(`length that DER does not allow at byte ${at + 1}`);
    length = 0;
    for (let i = 0; i < octets; i += 1) length = length * 256 + (bytes[from + i] as number);
    if (length < 0x80 || length < 256 ** (octets - 1))
      throw new DerError(`length not in its shortest form at byte ${at + 1}`);
    from += octets;
  }
  if (from + length > limit)
    throw new DerError(`element at byte ${at} wants ${length} bytes, ${limit - from} are there`);
  return { tag, start: at, from, end: from + length };
}

/** The elements that fill `parent` to its last byte. @throws DerError */
export function childrenOf(bytes: Uint8Array, parent: Element): Element[] {
  const children: Element[] = [];
  for (let at = parent.from; at < parent.end;) {
    const child = elementAt(bytes, at, parent.end);
    children.push(child);
    at = child.end;
  }
  return children;
}

/** The element itself when it has the wanted tag. @throws DerError */
export function wanted(element: Element | undefined, tag: number, name: string): Element {
  if (element?.tag === tag) return element;
  throw new DerError(
    element === undefined
      ? `${name} is missing`
      : `${name} has tag 0x${element.tag.toString(16)}, wanted 0x${tag.toString(16)}`,
  );
}

/** The one element that these bytes are, with nothing behind it. @throws DerError */
export function onlyElement(bytes: Uint8Array, tag: number, name: string): Element {
  const element = wanted(elementAt(bytes, 0), tag, name);
  if (element.end !== bytes.length) throw new DerError(`${bytes.length - element.end} bytes after ${name}`);
  return element;
}

/** The content of an element as lower-case hex. */
export function hexOf(bytes: Uint8Array, { from, end }: Element): string {
  return viewOf(bytes).toString('hex', from, end);
}

/** The content of an element, one character for each byte, so that no byte is lost whatever it is. */
export function latin1Of(bytes: Uint8Array, { from, end }: Element): string {
  return viewOf(bytes).toString('latin1', from, end);
}

/** An object identifier in its dotted form. @throws DerError */
export function oidOf(bytes: Uint8Array, element: Element): string {
  wanted(element, tags.oid, 'object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (let at = element.from; at < element.end; at += 1) {
    const octet = bytes[at] as number;
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128)
      throw new DerError(`object identifier with an arc too large at byte ${at}`);
    if (octet >= 0x80) continue;
    // The first two arcs share one number.
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
    else arcs.push(arc);
    arc = 0;
  }
  if (arcs.length === 0 || ((bytes[element.end - 1] as number) & 0x80) !== 0)
    throw new DerError(`object identifier cut short at byte ${element.end}`);
  return arcs.join('.');
}

/** A UTCTime or GeneralizedTime in the forms that certificates may use: to the second, in UTC. Source: RFC 5280 §4.1.2.5. @throws DerError */
export function timeOf(bytes: Uint8Array, element: Element): Date {
  const text = latin1Of(bytes, element);
  const pattern =
    element.tag === tags.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
  const parts = element.tag === tags.utcTime || element.tag === tags.generalizedTime ? pattern.exec(text) : null;
  if (parts === null) throw new DerError(`not a time of a certificate: ${JSON.stringify(text.slice(0, 40))}`);
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const century = element.tag === tags.generalizedTime ? 0 : year < 50 ? 2000 : 1900;
  const instant = new Date(0);
  // Date.UTC would move the years 0 to 99 into the twentieth century.
  instant.setUTCFullYear(century + year, month - 1, day);
  instant.setUTCHours(hour, minute, second);
  if (
    instant.getUTCMonth() !== month - 1 ||
    instant.getUTCDate() !== day ||
    instant.getUTCHours() !== hour ||
    minute > 59 ||
    second > 59
  ) {
    throw new DerError(`no such time: ${text}`);
  }
  return instant;
}

/** A Buffer over the same memory: its decoders take bounds, so nothing is copied. */
function viewOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

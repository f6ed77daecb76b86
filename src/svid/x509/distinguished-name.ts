import { childrenOf, hexOf, latin1Of, oidOf, tags, wanted, type Element } from './der.ts';

/** The attribute types that have a short name here; any other stands as its dotted number. */
export const attributeTypes = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  UID: '2.5.4.45',
} as const satisfies Record<string, string>;

const shortNames = new Map<string, string>(Object.entries(attributeTypes).map(([name, oid]) => [oid, name]));

/** One attribute of a distinguished name; `type` is a short name or a dotted number. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

/** The attributes of a Name in the order they are encoded. @throws DerError */
export function readName(bytes: Uint8Array, name: Element): NameAttribute[] {
  return childrenOf(bytes, name).flatMap((set) =>
    childrenOf(bytes, wanted(set, tags.set, 'relative distinguished name')).map((attribute) => {
      const [type, value] = childrenOf(bytes, wanted(attribute, tags.sequence, 'attribute of a name'));
      const oid = oidOf(bytes, wanted(type, tags.oid, 'type of an attribute'));
      return { type: shortNames.get(oid) ?? oid, value: value === undefined ? '' : stringOf(bytes, value) };
    }),
  );
}

/** As `C=US, O=SPIRE, CN=web`: encoded order, with a backslash before comma, plus sign, equals sign and backslash of a value. */
export function printName(attributes: readonly NameAttribute[]): string {
  return attributes.map(({ type, value }) => `${type}=${value.replace(/[,+=\\]/g, '\\$&')}`).join(', ');
}

/** The reverse of {@link printName}. @throws RangeError for what has no `=` or an unknown short name */
export function parseName(text: string): NameAttribute[] {
  const parts = text.match(/(?:\\.|[^,\\])+/gs) ?? [];
  return parts.map((part) => {
    const [, type, value] = /^\s*([A-Za-z]+|\d+(?:\.\d+)+)=(.*)$/s.exec(part) ?? [];
    if (type === undefined || value === undefined || !(type in attributeTypes || type.includes('.'))) {
      throw new RangeError(
        `not an attribute of a name: ${JSON.stringify(part)}; wanted TYPE=value with TYPE one of ${Object.keys(attributeTypes).join(', ')} or a dotted number`,
      );
    }
    return { type, value: value.replace(/\\(.)/gs, '$1') };
  });
}

function stringOf(bytes: Uint8Array, value: Element): string {
  const text = latin1Of(bytes, value);
  if (value.tag === 0x0c) return Buffer.from(text, 'latin1').toString('utf8');
  if (value.tag === tags.bmpString)
    return text.length % 2 === 0 ? Buffer.from(text, 'latin1').swap16().toString('utf16le') : `#${hexOf(bytes, value)}`;
  // PrintableString, T61String, IA5String and the like are one byte a character; all else has no text.
  return [0x12, 0x13, 0x14, 0x16, 0x1a].includes(value.tag) ? text : `#${hexOf(bytes, value)}`;
}

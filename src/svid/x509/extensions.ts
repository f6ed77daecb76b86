import {
  childrenOf,
  DerError,
  elementAt,
  hexOf,
  latin1Of,
  oidOf,
  onlyElement,
  tags,
  wanted,
  type Element,
} from './der.ts';

export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** In the order of their bits. Source: RFC 5280 §4.2.1.3. */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsage = (typeof keyUsages)[number];

/** The purposes that have a name here. Source: RFC 5280 §4.2.1.12. */
export const purposes = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
} as const satisfies Record<string, string>;

const purposeNames = new Map<string, string>(Object.entries(purposes).map(([name, oid]) => [oid, name]));

/** One extension as it is encoded; `value` is the DER inside its octet string. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** The names that certificates below this one may have. Source: RFC 5280 §4.2.1.10. */
export interface NameConstraints {
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

/** The tag of one kind of name, and a part of its space; one character for each byte. */
export interface ConstrainedName {
  readonly tag: number;
  readonly base: string;
}

/** The kinds of alternative names that are read here. */
export const nameTags = { dns: 0x82, directory: 0xa4, uri: 0x86 } as const;

/** What the extensions of a certificate say. */
export interface CertificateExtensions {
  /** All of them, known or not, in encoded order. */
  readonly extensions: readonly Extension[];
  /** Dotted numbers of known extensions that could not be read; their fields are as though the extension were absent. */
  readonly unreadable: readonly string[];
  /** One character for each byte, so that nothing is folded: bytes from 0x80 on stand as U+0080 to U+00FF. */
  readonly uriSans: readonly string[];
  /** As `uriSans`. */
  readonly dnsSans: readonly string[];
  /** The tags of alternative names of other kinds, such as 0x87 for an IP address. */
  readonly otherSans: readonly number[];
  readonly isCa: boolean;
  /** `undefined` when any number of intermediates may follow. */
  readonly pathLength: number | undefined;
  /** `undefined` when the extension is absent. */
  readonly nameConstraints: NameConstraints | undefined;
  /** `undefined` when the extension is absent. */
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** `serverAuth`, `clientAuth` and their like, or a dotted number; `undefined` when the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** Lower-case hex. */
  readonly subjectKeyId: string | undefined;
  /** Lower-case hex. */
  readonly authorityKeyId: string | undefined;
}

type Fields = {
  -readonly [Name in Exclude<keyof CertificateExtensions, 'extensions' | 'unreadable'>]: CertificateExtensions[Name];
};

const readers: Readonly<Record<string, (value: Uint8Array, fields: Fields) => void>> = {
  [extensionOids.subjectAltName]: (value, fields) => {
    const names = childrenOf(value, onlyElement(value, tags.sequence, 'alternative names'));
    // An extension that comes twice must not hide what the other one says.
    fields.uriSans = [
      ...fields.uriSans,
      ...names.filter(({ tag }) => tag === nameTags.uri).map((name) => latin1Of(value, name)),
    ];
    fields.dnsSans = [
      ...fields.dnsSans,
      ...names.filter(({ tag }) => tag === nameTags.dns).map((name) => latin1Of(value, name)),
    ];
    fields.otherSans = [
      ...fields.otherSans,
      ...names.map(({ tag }) => tag).filter((tag) => tag !== nameTags.uri && tag !== nameTags.dns),
    ];
  },
  [extensionOids.basicConstraints]: (value, fields) => {
    const parts = childrenOf(value, onlyElement(value, tags.sequence, 'basic constraints'));
    const flag = parts.find(({ tag }) => tag === tags.boolean);
    const limit = parts.find(({ tag }) => tag === tags.integer);
    fields.isCa ||= flag !== undefined && value[flag.from] !== 0;
    if (limit !== undefined) fields.pathLength = numberOf(value, limit);
  },
  [extensionOids.nameConstraints]: (value, fields) => {
    const parts = childrenOf(value, onlyElement(value, tags.sequence, 'name constraints'));
    const subtrees = (wantedTag: number) =>
      parts.filter(({ tag }) => tag === wantedTag).flatMap((part) => childrenOf(value, part).map(subtreeIn(value)));
    // An extension that comes twice must not hide what the other one says.
    fields.nameConstraints = {
      permitted: [...(fields.nameConstraints?.permitted ?? []), ...subtrees(0xa0)],
      excluded: [...(fields.nameConstraints?.excluded ?? []), ...subtrees(0xa1)],
    };
  },
  [extensionOids.keyUsage]: (value, fields) => {
    const { from, end } = onlyElement(value, tags.bitString, 'key usage');
    if (end === from) throw new DerError('key usage has no bits');
    fields.keyUsage = keyUsages.filter((usage, bit) => {
      const octet = from + 1 + (bit >> 3);
      return (
        fields.keyUsage?.includes(usage) === true ||
        (octet < end && ((value[octet] as number) & (0x80 >> (bit & 7))) !== 0)
      );
    });
  },
  [extensionOids.extendedKeyUsage]: (value, fields) => {
    const oids = childrenOf(value, onlyElement(value, tags.sequence, 'extended key usage')).map((oid) =>
      oidOf(value, oid),
    );
    fields.extendedKeyUsage = oids.map((oid) => purposeNames.get(oid) ?? oid);
  },
  [extensionOids.subjectKeyId]: (value, fields) => {
    fields.subjectKeyId = hexOf(value, onlyElement(value, tags.octetString, 'subject key identifier'));
  },
  [extensionOids.authorityKeyId]: (value, fields) => {
    const id = childrenOf(value, onlyElement(value, tags.sequence, 'authority key identifier')).find(
      ({ tag }) => tag === 0x80,
    );
    fields.authorityKeyId = id && hexOf(value, id);
  },
};

/** Reads the extensions that `wrapper`, the `[3]` of a certificate, holds. @throws DerError when not even their list can be told apart */
export function readExtensions(der: Uint8Array, wrapper: Element | undefined): CertificateExtensions {
  const extensions =
    wrapper === undefined
      ? []
      : childrenOf(der, wanted(elementAt(der, wrapper.from, wrapper.end), tags.sequence, 'extensions')).map(
          (extension) => {
            const [oid, ...rest] = childrenOf(der, wanted(extension, tags.sequence, 'extension'));
            const value = wanted(rest.at(-1), tags.octetString, 'value of an extension');
            const critical = rest.length > 1 && der[(rest[0] as Element).from] !== 0;
            return {
              oid: oidOf(der, wanted(oid, tags.oid, 'identifier of an extension')),
              critical,
              value: der.subarray(value.from, value.end),
            };
          },
        );
  const fields: Fields = {
    uriSans: [],
    dnsSans: [],
    otherSans: [],
    isCa: false,
    pathLength: undefined,
    nameConstraints: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    subjectKeyId: undefined,
    authorityKeyId: undefined,
  };
  const unreadable: string[] = [];
  for (const { oid, value } of extensions) {
    try {
      readers[oid]?.(value, fields);
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      unreadable.push(oid);
    }
  }
  return { extensions, unreadable, ...fields };
}

/** Source: RFC 5280 §4.2.1.10: the minimum is 0 and left out, and there is no maximum. */
function subtreeIn(value: Uint8Array): (subtree: Element) => ConstrainedName {
  return (subtree) => {
    const [base, more] = childrenOf(value, wanted(subtree, tags.sequence, 'subtree of names'));
    if (base === undefined || more !== undefined) throw new DerError('a subtree of names is one name and no more');
    return { tag: base.tag, base: latin1Of(value, base) };
  };
}

function numberOf(bytes: Uint8Array, { from, end }: Element): number {
  // Six octets are more than any path is long, and still exact as a number.
  if (end === from || end - from > 6 || (bytes[from] as number) >= 0x80) throw new DerError('not a small number');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUIntBE(from, end - from);
}

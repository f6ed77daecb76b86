import { plainOf, respelled } from './spelling.ts';

/** What a name is of: its pseudonym says so. */
export type NameKind =
  | 'node'
  | 'service'
  | 'domain'
  | 'host'
  | 'path'
  | 'program'
  | 'person'
  | 'serial'
  | 'authority'
  | 'key'
  | 'hex'
  | 'word';

const kinds = {
  ...{ node: '', service: '', path: '', program: '', person: '', word: '' },
  // Source: RFC 2606 §2: a name below it is of nobody.
  ...{ domain: '.example', host: '.example' },
  ...{ serial: '', authority: '', key: '', hex: '' },
} as const satisfies Readonly<Record<NameKind, string>>;

/** One pseudonym for each original: the same for the same, another for another, numbered as they appear. */
export interface Pseudonyms {
  name(original: string, kind: NameKind): string;
  /** An address of IPv4 or IPv6: one for documentation, of loopback where the original was. */
  address(original: string): string;
  port(original: string): string;
  /** The number of a process, a user or a group. */
  number(original: string): string;
  /** The pseudonym of what has been given one. */
  find(original: string): string | undefined;
  /** Whether it is a pseudonym that was given here. */
  isOurs(text: string): boolean;
  /** Names and addresses that were given one. */
  originals(): string[];
  /** `text` with a middle dot for each pseudonym. */
  masked(text: string): string;
}

// RFC 5737: addresses for documentation, which nobody has.
const documentation = ['192.0.2', '198.51.100', '203.0.113'];

/** How a pseudonym of a name looks, as a part of a regular expression. */
export const numberedNames = `(?<![\\p{L}\\p{N}])(?:${Object.keys(kinds).join('|')})-[1-9]\\d*(?:\\.example)?(?![\\p{L}\\p{N}])`;

const numberedName = () => new RegExp(numberedNames, 'giu');

/**
 * Pseudonyms for what one text holds, and for nothing else: none of them stands in it already, so that where one is read afterwards it is one.
 *
 * @param text - all that is to be redacted
 */
export function openPseudonyms(text: string): Pseudonyms {
  const taken = new Set([
    '127.0.0.1',
    ...[...text.matchAll(numberedName())].map(([found]) => found.toLowerCase()),
    ...[...text.matchAll(/\d+\.\d+\.\d+\.\d+|2001:db8::[0-9a-f]+/gi)].map(([found]) => found.toLowerCase()),
    ...[...text.matchAll(/:(\d{1,5})(?!\d)/g)].map(([, port]) => `port ${port}`),
  ]);
  const given = new Map<string, string>();
  // In lower case, as a sentence may begin with one.
  const ours = new Set<string>();
  const isOurs = (text: string) => ours.has(text.toLowerCase());
  const counts = new Map<string, number>();
  const spelled = new Map<string, number>();
  const odd = new Set<string>();
  const next = (of: string, pseudonym: (nth: number) => string): string => {
    for (;;) {
      const nth = (counts.get(of) ?? 0) + 1;
      counts.set(of, nth);
      const candidate = pseudonym(nth);
      if (!taken.has(candidate)) return candidate;
    }
  };
  const once = (original: string, make: () => string): string => {
    if (isOurs(original)) return original;
    const known = given.get(original);
    if (known !== undefined) return known;
    const made = make();
    given.set(original, made);
    ours.add(made.toLowerCase());
    return made;
  };
  const plain = (original: string, kind: NameKind) =>
    once(original, () => next(kind, (nth) => `${kind}-${nth}${kinds[kind]}`));
  const name = (original: string, kind: NameKind): string =>
    once(original, () => {
      const base = plainOf(original);
      if (base === original) return plain(original, kind);
      const family = plain(base, kind);
      const sort = `${original.includes('%') ? 'encoded' : 'case'} ${base}`;
      const nth = spelled.get(sort) ?? 0;
      spelled.set(sort, nth + 1);
      const sibling = respelled(family, original, nth) ?? next(kind, (at) => `${kind}-${at}${kinds[kind]}`);
      odd.add(sibling);
      return sibling;
    });
  return {
    name,
    address: (original) =>
      once(original, () => {
        const found = /^(::ffff:)?(\d+)\.\d+\.\d+\.\d+$/i.exec(original);
        if (found === null) return next('v6', (nth) => `2001:db8::${nth.toString(16)}`);
        const [, mapped = '', first] = found;
        if (first === '127') return mapped + next('loopback', (nth) => `127.0.${nth >> 8}.${nth & 255}`);
        return (
          mapped +
          next('v4', (nth) => {
            const block = documentation[Math.floor((nth - 1) / 254)];
            return block === undefined ? `2001:db8::ffff:${nth.toString(16)}` : `${block}.${((nth - 1) % 254) + 1}`;
          })
        );
      }),
    port: (original) =>
      once(`port ${original}`, () => next('port', (nth) => `port ${10_000 + (nth % 50_000)}`)).slice('port '.length),
    number: (original) => once(`id ${original}`, () => next('id', (nth) => `id ${nth}`)).slice('id '.length),
    isOurs,
    find: (original) => given.get(original),
    originals: () => [...given.keys()].filter((one) => !/^(?:port|id) \d+$/.test(one)),
    masked(whole) {
      let masked = whole.replaceAll(numberedName(), (found) => (isOurs(found) ? '·' : found));
      for (const sibling of odd) masked = masked.replaceAll(sibling, '·');
      return masked;
    },
  };
}

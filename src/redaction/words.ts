import { namesPattern } from './names-in-text.ts';
import { numberedNames, type NameKind, type Pseudonyms } from './pseudonyms.ts';
import { escaped } from '../escaped.ts';
import { judgedWords, withheld } from './told.ts';

/** Gives pseudonyms to what stands in a field, by what the field holds. The same text gives the same each time. */
export interface Words {
  name(text: string, kind: NameKind): string;
  /** A SPIFFE ID or what was shown in the place of one: the same parts, each renamed, so that what differed differs in the same way. */
  id(text: string): string;
  /** The name of a trust domain, as it stands in an ID. */
  domain(text: string): string;
  /** host:port, an IP address, or a socket. */
  address(text: string): string;
  /** A path of the file system. */
  path(text: string): string;
  /** Words of Assay's own, in which names may stand. */
  label(text: string): string;
  /** Words that Assay writes, in which it quotes what others said. */
  prose(text: string): string;
  /** Words of a program under test. */
  said(text: string): string;
  /** The same of which those words stay that clauses are judged by. */
  judged(text: string): string;
  /** What stood in the place of an ID or an address and is none, with what became of it: in prose nobody would know where it ends. */
  readonly odd: ReadonlyMap<string, string>;
}

const separators = /[^/?#:@&=\s"'`,;<>()[\]{}\\|]+/g;
// Of the paths of IDs, as Kubernetes and many others have them.
const commonSegments = new Set(['ns', 'sa', 'service', 'svc', 'workload']);
const commonFolders = new Set(
  'home tmp var run etc usr opt proc dev root srv lib bin mnt data log logs reports out'.split(' '),
);

/**
 * The words of a run.
 *
 * @param names - that are to be found in prose
 * @param strangers - whether a program under test is of others, so that its words may name anybody: they are left out then
 */
export function openWords(pseudonyms: Pseudonyms, names: readonly string[], strangers: boolean): Words {
  const { port } = pseudonyms;

  const token = (text: string, kind: NameKind) =>
    /^\.+$/.test(text) ? text : /^\d{1,5}$/.test(text) && kind === 'domain' ? port(text) : pseudonyms.name(text, kind);
  // What is given a pseudonym on the way must change nothing of what was renamed before.
  const known = new Set(names);
  const isCommon = (text: string, kind: NameKind) =>
    !known.has(text) && (kind === 'path' ? commonFolders : commonSegments).has(text);
  const tokens = (text: string, kind: NameKind) =>
    text.replaceAll(separators, (found) => (isCommon(found, kind) ? found : token(found, kind)));

  const odd = new Map<string, string>();
  const remember = (text: string, made: string) => {
    odd.set(text, made);
    return made;
  };
  const host = (text: string): string => {
    if (['localhost', '127.0.0.1', '0.0.0.0', '::1', '::'].includes(text)) return text;
    if (isAddress(text)) return pseudonyms.address(text);
    return text.replaceAll(separators, (part) => (part === text ? token(part, 'host') : host(part)));
  };
  const address = (text: string): string => {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return id(text);
    if (isAddress(text)) return host(text);
    const found = /^([^\s]*):(\d{1,5})$/.exec(text);
    if (found === null) return remember(text, host(text));
    const [, name = '', number = ''] = found;
    const bare = /^\[(.*)\]$/s.exec(name)?.[1];
    return `${bare === undefined ? host(name) : `[${host(bare)}]`}:${port(number)}`;
  };
  const domain = (text: string): string =>
    isAddress(text.replace(/:\d+$/, '')) ? address(text) : tokens(text, 'domain');
  const path = (text: string): string => tokens(text, 'path');
  const id = (text: string): string => {
    const found = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text);
    if (found === null || /\s/.test(text.replace(/\/\[[^\]]*\]$/, ''))) return remember(text, tokens(text, 'word'));
    const [, scheme = '', authority = '', rest = ''] = found;
    const renamed = /^(?:spiffe|https?|unix|tcp)$/i.test(scheme) ? scheme : token(scheme, 'word');
    if (/^unix$/i.test(scheme)) return `${renamed}://${path(authority + rest)}`;
    const own = /^\/spire\/(?:server|agent(?:\/join_token)?)(?=\/|$)/.exec(rest)?.[0] ?? '';
    return `${renamed}://${domain(authority)}${own}${ownToken(rest.slice(own.length)) ?? tokens(rest.slice(own.length), 'service')}`;
  };
  // An ID of an agent ends in its join token, for which the history has a name.
  const ownToken = (text: string) => {
    const found = /^\/\[(.*)\]$/s.exec(text);
    return found === null ? undefined : `/[${label(found[1]!)}]`;
  };

  const judgedOnly = new RegExp(judgedWords, 'gi');
  const found = patternOf(names);
  const namesOnly = new RegExp(namesPattern(names) ?? '(?!)', 'giu');
  const scrubbed = remembered((text) =>
    text.replaceAll(found, (whole: string, ...more: unknown[]) => {
      const groups = more.at(-1) as Readonly<Record<string, string | undefined>>;
      if (groups['kept'] !== undefined) return whole;
      if (groups['numbered'] !== undefined)
        return pseudonyms.isOurs(whole)
          ? whole
          : whole.replaceAll(namesOnly, (inner) => pseudonyms.name(inner, 'word'));
      if (groups['id'] !== undefined) return id(whole);
      if (groups['address'] !== undefined || groups['place'] !== undefined) return address(whole);
      if (groups['path'] !== undefined) return path(whole);
      if (groups['hex'] !== undefined) return pseudonyms.name(whole, 'hex');
      if (groups['number'] !== undefined)
        return whole.replace(/\d+$/, (number) => (/^port/i.test(whole) ? port(number) : pseudonyms.number(number)));
      if (groups['host'] !== undefined) return host(whole);
      return pseudonyms.name(whole, 'word');
    }),
  );
  const label = (text: string): string => (known.has(text) ? pseudonyms.find(text)! : scrubbed(text));
  const said = (text: string): string => (strangers ? withheld : scrubbed(text));
  const judged = (text: string): string =>
    strangers ? [...new Set(text.match(judgedOnly) ?? []), withheld].join(' ') : scrubbed(text);
  const quoted = (text: string): string => {
    const end = text.length > 1 && text.endsWith('"') ? -1 : undefined;
    const inner = text.slice(1, end);
    if (inner === withheld || /^spiffe:\/\/[\w./-]*$/.test(inner)) return `"${scrubbed(inner)}"`;
    return `"${known.has(inner) ? pseudonyms.find(inner) : withheld}${end === undefined ? '' : '"'}`;
  };
  const prose = remembered((text) => {
    const named = text.replace(
      /\b(answered(?: as (?<self>.*?))?, naming )(?<caller>.*?)(?= instead of |$)/s,
      (_whole, head: string, self: string | undefined, caller: string) =>
        `${self === undefined ? head : `answered as ${nobodyOr(self)}, naming `}${nobodyOr(caller)}`,
    );
    if (!strangers) return scrubbed(named);
    const ownOnly = named
      .replace(/(its last words:\s).*?(?=\n;|$)/s, `$1${withheld}`)
      .replace(/(; it reports (?:accepted|refused|error)) \(.*$/s, `$1 (${withheld})`)
      .replaceAll(/"(?:[^"\\]|\\.)*(?:"|$)/g, quoted);
    return scrubbed(ownOnly);
  });
  const nobodyOr = (caller: string) => (caller === 'nobody' ? caller : id(caller));

  return { name: pseudonyms.name, id, domain, address, path, label, prose, said, judged, odd };
}

/** What is renamed in prose, by its shape or because it is a name that is known. What comes first is taken first. */
function patternOf(names: readonly string[]): RegExp {
  const known = namesPattern(names);
  return new RegExp(
    [
      `(?<kept>${escaped(withheld)}|${judgedWords})`,
      `(?<numbered>${numberedNames})`,
      '(?<id>spiffe:\\/\\/[^\\s\\[\\]]*\\/\\[[^\\]]*\\]|[a-z][a-z0-9+.-]{0,30}:\\/\\/[^\\s"\'<>()\\[\\]{},;`|\\\\]*[^\\s"\'<>()\\[\\]{},;`|\\\\.:!?])',
      '(?<place>(?<![\\w.:/@-])[a-z](?:[\\w.-]*[a-z0-9])?:\\d{2,5}(?![\\d.:\\w]))',
      `(?<address>\\[[0-9a-f:.]*:[0-9a-f:.]*\\]:\\d{1,5}|(?<![\\d.])\\d{1,3}(?:\\.\\d{1,3}){3}(?![\\d.]*\\d)(?::\\d{1,5})?|(?<![\\w:])[0-9a-f:.]*::[0-9a-f:.]*[0-9a-f](?![\\w:]))`,
      '(?<path>(?<![\\w.:/\\-])\\/(?!(?:ready|hello|dial|metrics)\\b)(?:[\\w.@%+~\\-]+\\/)*[\\w.@%+~\\-]*[\\w@%+~\\-]|(?<![\\w.@%+~\\-/])[\\w.@%+~\\-]+(?:\\/[\\w.@%+~\\-]+)+\\.(?:log|ya?ml|json|pem|sock))',
      '(?<hex>(?<![0-9a-z.])(?:(?=[0-9]*[a-f])[0-9a-f]{12,}|[0-9]{20,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:[0-9a-f]{2}:){5,}[0-9a-f]{2})(?![0-9a-z]))',
      '(?<number>\\b(?:port|pid|process|uid|gid) \\d+\\b)',
      ...(known === undefined ? [] : [`(?<name>${known})`]),
      '(?<host>(?<=\\b(?:ENOTFOUND|EAI_AGAIN|lookup) )[\\w.\\-]*\\w|(?<![\\w.+\\-])[\\w.+\\-]+@[\\w.\\-]*\\w|(?<![\\w./\\-])(?-i:(?:[a-z0-9](?:[a-z0-9\\-]*[a-z0-9])?\\.)+(?!jsonl?\\b|log\\b|example\\b)[a-z]{2,24})(?![\\w.\\-]*\\w))',
    ].join('|'),
    'giu',
  );
}

function isAddress(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) || (/^[0-9a-f:.]+(?:%\w+)?$/i.test(text) && text.split(':').length > 2);
}

function remembered(work: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const made = work(text);
    known.set(text, made);
    return made;
  };
}

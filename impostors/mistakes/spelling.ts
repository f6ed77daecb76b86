import { posix } from 'node:path';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor } from '../impostor.ts';
import { misreading, pathOf, respelling, trustDomainOf } from '../judges.ts';

const withDomain = (uri: string, read: (domain: string) => string) =>
  uri.replace(/^(spiffe:\/\/)([^/]*)/, (_all, scheme: string, domain: string) => `${scheme}${read(domain)}`);
const withPath = (uri: string, read: (path: string) => string) =>
  uri.replace(/^(spiffe:\/\/[^/]*)(.*)$/s, (_all, before: string, path: string) => `${before}${read(path)}`);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As a URL of the web, whose host is decoded and put in lower case, and whose path has its backslashes turned and its dots resolved. */
function asWebUrl(uri: string): string {
  const web = uri.replace(/^spiffe:/, 'http:');
  return URL.canParse(web) ? `spiffe://${new URL(web).host}${new URL(web).pathname}` : uri;
}

const utf8 = (bytes: string) => Buffer.from(bytes, 'latin1').toString();
const cyrillic = 'асеорхуі';
const likeThem = 'aceopxyi';
const latinized = (text: string) => Array.from(text, (letter) => likeThem[cyrillic.indexOf(letter)] ?? letter).join('');
const fullWidth = (text: string) =>
  text.replaceAll(/[\uFF01-\uFF5E]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0xfee0));
/** One character each, as Unicode folds case: the long s is an s, the Kelvin sign a k. */
const caseFolded = (text: string) => text.replaceAll('\u017F', 's').replaceAll('\u212A', 'k');

/** Nodes that read the text of an ID as something that it is not. */
export const spellingImpostors: readonly Impostor[] = [
  ...inBothRoles({
    id: 'spell-go-url',
    title: 'puts an ID together of the host and the path that a parser of URLs gives',
    breaks: 'spiffe-id/syntax/id-with-fragment',
    row: 'a fragment behind the ID',
    judge: respelling((uri) => {
      const url = URL.canParse(uri) ? new URL(uri) : undefined;
      return url === undefined ? uri : `spiffe://${url.host}${url.pathname}`;
    }),
    source: 'spiffe/go-spiffe#54',
  }),
  ...inBothRoles({
    id: 'spell-without-search',
    title: 'empties the query of an ID before it compares, and keeps the rest',
    breaks: 'spiffe-id/syntax/id-with-query',
    row: 'a query behind the ID',
    judge: respelling((uri) => {
      const url = URL.canParse(uri) ? new URL(uri) : undefined;
      if (url === undefined) return uri;
      url.search = '';
      return url.href;
    }),
    source: 'SPIFFE-ID §2',
  }),
  ...inBothRoles({
    id: 'spell-cut-at-colon',
    title: 'ends a trust domain at the first colon, whatever comes behind it',
    breaks: 'spiffe-id/syntax/id-with-port',
    row: 'a port in the trust domain',
    judge: respelling((uri) => withDomain(uri, (domain) => domain.split(':')[0]!)),
    source: 'SPIFFE-ID §2.1',
  }),
  ...inBothRoles({
    id: 'spell-user-for-host',
    title: 'ends a trust domain at the first at sign, and takes the user for the host',
    breaks: 'spiffe-id/syntax/id-with-user',
    row: 'its trust domain as the user of another host',
    judge: respelling((uri) => withDomain(uri, (domain) => domain.split('@')[0]!)),
    source: 'CVE-2022-0512',
  }),
  ...inBothRoles({
    id: 'spell-scheme-ignored',
    title: 'compares what stands behind the scheme',
    breaks: 'spiffe-id/syntax/id-with-other-scheme',
    row: 'https for its scheme',
    judge: respelling((uri) => uri.replace(/^[a-z]+:\/\//, 'spiffe://')),
    source: 'X509-SVID §5.2',
  }),
  ...inBothRoles({
    id: 'spell-hostname-and-path',
    title: 'compares the host name and the path that a parser of URLs gives',
    breaks: 'spiffe-id/syntax/id-with-other-scheme',
    row: 'https for its scheme',
    judge: respelling((uri) => (URL.canParse(uri) ? `spiffe://${new URL(uri).hostname}${new URL(uri).pathname}` : uri)),
    source: 'CVE-2021-44531',
  }),
  ...inBothRoles({
    id: 'spell-scheme-added',
    title: 'puts the scheme before a name that has none, as policies leave it out',
    breaks: 'spiffe-id/syntax/id-with-other-scheme',
    row: 'no scheme',
    judge: respelling((uri) => (uri.includes('://') ? uri : `spiffe://${uri}`)),
    source: 'istio/istio#50710',
  }),
  ...inBothRoles({
    id: 'spell-found-inside',
    title: 'looks for an ID anywhere in a URI',
    breaks: 'spiffe-id/syntax/id-with-other-scheme',
    row: 'the right ID inside another URI',
    judge: respelling((uri) => /spiffe:\/\/\S+$/.exec(uri)?.[0] ?? uri),
    source: 'CWE-777',
  }),
  ...inBothRoles({
    id: 'spell-from-parameter',
    title: 'takes an ID from the parameter of a URI',
    breaks: 'spiffe-id/syntax/id-with-other-scheme',
    row: 'the right ID inside another URI',
    judge: respelling((uri) => (URL.canParse(uri) ? (new URL(uri).searchParams.get('id') ?? uri) : uri)),
    source: 'spiffe/spiffe#219',
  }),
  ...inBothRoles({
    id: 'spell-domain-by-default',
    title: 'puts its own trust domain where none is named',
    breaks: 'spiffe-id/syntax/id-without-trust-domain',
    row: 'no trust domain',
    judge: respelling((uri, held) => withDomain(uri, (domain) => domain || trustDomainOf(held.spiffeId))),
    source: 'SPIFFE-ID §2',
  }),
  ...inBothRoles({
    id: 'spell-path-when-no-domain',
    title: 'compares the path alone where an ID names no trust domain',
    breaks: 'spiffe-id/syntax/id-without-trust-domain',
    row: 'no trust domain',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) =>
        trustDomainOf(uri) === '' ? ([...allow].find((id) => pathOf(id) === pathOf(uri)) ?? uri) : uri,
      ),
    })),
    source: 'spiffe/go-spiffe#168',
  }),
  ...inBothRoles({
    id: 'spell-brackets-off',
    title: 'takes the brackets off a trust domain, as off an address of IPv6',
    breaks: 'spiffe-id/syntax/trust-domain-characters',
    row: 'brackets around its trust domain',
    judge: respelling((uri) => withDomain(uri, (domain) => domain.replace(/^\[(.*)\]$/, '$1'))),
    source: 'CVE-2024-11168',
  }),
  ...inBothRoles({
    id: 'spell-sanitised-domain',
    title: 'leaves out of a trust domain what may not stand in one',
    breaks: 'spiffe-id/syntax/trust-domain-characters',
    row: 'brackets around its trust domain',
    judge: respelling((uri) => withDomain(uri, (domain) => domain.replaceAll(/[^a-z0-9._-]/g, ''))),
    source: 'CWE-182',
  }),
  ...inBothRoles({
    id: 'spell-domain-decoded',
    title: 'decodes a trust domain before it looks for its bundle',
    breaks: 'spiffe-id/syntax/trust-domain-encoded',
    row: 'a percent-encoded letter in its trust domain',
    judge: respelling((uri) => withDomain(uri, decoded)),
    source: 'CWE-177',
  }),
  ...inBothRoles({
    id: 'spell-web-url',
    title: 'reads an ID as a URL of the web, with the scheme exchanged',
    breaks: 'spiffe-id/syntax/trust-domain-encoded',
    row: 'a percent-encoded letter in its trust domain',
    judge: respelling(asWebUrl),
    source: 'WHATWG URL §4.4',
  }),
  ...inBothRoles({
    id: 'spell-decoded',
    title: 'decodes an ID as a whole before it compares',
    breaks: 'spiffe-id/syntax/path-encoded',
    row: 'a percent-encoded letter',
    judge: respelling(decoded),
    source: 'CWE-177',
  }),
  ...inBothRoles({
    id: 'spell-path-decoded',
    title: 'gets paths decoded from its library for URIs',
    breaks: 'spiffe-id/syntax/path-encoded',
    row: 'a percent-encoded letter',
    judge: respelling((uri) => withPath(uri, decoded)),
    source: 'spiffe/java-spiffe#67',
  }),
  ...inBothRoles({
    id: 'spell-unreserved-decoded',
    title: 'decodes the letters of a path that need no encoding, as URIs are normalised',
    breaks: 'spiffe-id/syntax/path-encoded',
    row: 'a percent-encoded letter',
    judge: respelling((uri) => uri.replaceAll(/%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f)/gi, decoded)),
    source: 'RFC 3986 §6.2.2.2',
  }),
  ...inBothRoles({
    id: 'spell-decoded-twice',
    title: 'decodes what was decoded already',
    breaks: 'spiffe-id/syntax/path-encoded',
    row: 'a letter percent-encoded twice',
    judge: respelling((uri) => {
      const once = decoded(uri);
      const twice = decoded(once);
      return once === twice ? uri : twice;
    }),
    source: 'CWE-174',
  }),
  ...inBothRoles({
    id: 'spell-decoded-to-the-end',
    title: 'decodes until nothing is left to decode',
    breaks: 'spiffe-id/syntax/path-encoded',
    row: 'a percent-encoded letter',
    judge: respelling((uri) => {
      let text = uri;
      for (let times = 0; times < 8 && decoded(text) !== text; times += 1) text = decoded(text);
      return text;
    }),
    source: 'CWE-174',
  }),
  ...inBothRoles({
    id: 'spell-slashes-merged',
    title: 'makes one slash of several',
    breaks: 'spiffe-id/syntax/empty-segment',
    row: 'an empty segment before its path',
    judge: respelling((uri) => withPath(uri, (path) => path.replaceAll(/\/+/g, '/'))),
    source: 'Envoy, HttpConnectionManager.merge_slashes',
  }),
  ...inBothRoles({
    id: 'spell-blank-segments-dropped',
    title: 'drops the segments that are blank, and blanks around the others',
    breaks: 'spiffe-id/syntax/empty-segment',
    row: 'an empty segment before its path',
    judge: respelling((uri) =>
      withPath(uri, (path) =>
        path
          .split('/')
          .map((segment) => segment.trim())
          .filter(Boolean)
          .map((segment) => `/${segment}`)
          .join(''),
      ),
    ),
    source: 'spiffe/java-spiffe#74',
  }),
  ...inBothRoles({
    id: 'spell-leading-slash-added',
    title: 'makes sure that a path has one slash before it',
    breaks: 'spiffe-id/syntax/empty-segment',
    row: 'an empty segment before its path',
    judge: respelling((uri) => withPath(uri, (path) => `/${path.replace(/^\/+/, '')}`)),
    source: 'spiffe/spire#2368',
  }),
  ...inBothRoles({
    id: 'spell-slashes-trimmed',
    title: 'takes all slashes behind an ID away',
    breaks: 'mesh/pinning/trailing-slash',
    row: 'a trailing slash',
    judge: respelling((uri) => uri.replace(/[/\s]+$/, '')),
    source: 'spiffe/spiffe#183',
  }),
  ...inBothRoles({
    id: 'spell-slash-optional',
    title: 'has a slash at the end of its pattern that may be there or not',
    breaks: 'mesh/pinning/trailing-slash',
    row: 'a trailing slash',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) => [...allow].find((id) => uri === `${id}/`) ?? uri),
    })),
    source: 'CWE-49',
  }),
  ...inBothRoles({
    id: 'spell-path-cleaned',
    title: 'cleans a path as that of a file',
    breaks: 'spiffe-id/syntax/dot-segment',
    row: 'a way down and up again',
    judge: respelling((uri) => withPath(uri, (path) => posix.normalize(path))),
    source: 'spiffe/go-spiffe#221',
  }),
  ...inBothRoles({
    id: 'spell-relative-resolved',
    title: 'resolves an ID against the one of its trust domain',
    breaks: 'spiffe-id/syntax/dot-segment',
    row: 'a way down and up again',
    judge: respelling((uri, held) => {
      const base = `spiffe://${trustDomainOf(held.spiffeId)}`;
      return URL.canParse(uri, base) ? new URL(uri, base).href : uri;
    }),
    source: 'RFC 3986 §5.2.4',
  }),
  ...inBothRoles({
    id: 'spell-ways-up-cut-out',
    title: 'cuts out of a path what leads down and up again',
    breaks: 'spiffe-id/syntax/dot-segment',
    row: 'a way down and up again',
    judge: respelling((uri) => uri.replaceAll(/\/[^/]+\/\.\.(?=\/)/g, '')),
    source: 'CWE-23',
  }),
  ...inBothRoles({
    id: 'spell-ends-at-nul',
    title: 'ends an ID at the first NUL byte',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a NUL byte and more behind it',
    judge: respelling((uri) => uri.split('\0')[0]!),
    source: 'CVE-2009-2408',
  }),
  ...inBothRoles({
    id: 'spell-ends-at-control',
    title: 'ends an ID at the first byte that cannot be printed',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a NUL byte and more behind it',
    judge: respelling((uri) => uri.split(/[\x00-\x1f\x7f]/)[0]!),
    source: 'CVE-2013-4238',
  }),
  ...inBothRoles({
    id: 'spell-trimmed',
    title: 'takes the blanks around an ID away',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a space behind it',
    judge: respelling((uri) => uri.trim()),
    source: 'maxlambrecht/rust-spiffe#8',
  }),
  ...inBothRoles({
    id: 'spell-first-word',
    title: 'takes the first word of what stands in the SAN',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a space behind it',
    judge: respelling((uri) => uri.split(/\s/)[0]!),
    source: 'CWE-162',
  }),
  ...inBothRoles({
    id: 'spell-first-line',
    title: 'reads the first line of what a tool prints of a certificate',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a line break and more behind it',
    judge: respelling((uri) => uri.split('\n')[0]!),
    source: 'CWE-93',
  }),
  ...inBothRoles({
    id: 'spell-anchors-of-lines',
    title: 'has anchors in its pattern that hold at each line',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a line break and more behind it',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) => [...allow].find((id) => new RegExp(`^${id}$`, 'm').test(uri)) ?? uri),
    })),
    source: 'Ruby Security Guide, regular expressions',
  }),
  ...inBothRoles({
    id: 'spell-path-parameters',
    title: 'cuts the parameters behind a semicolon off a path',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a semicolon and more behind it',
    judge: respelling((uri) => uri.replaceAll(/;[^/]*/g, '')),
    source: 'RFC 3986 §3.3',
  }),
  ...inBothRoles({
    id: 'spell-first-of-list',
    title: 'reads a SAN as a list, and takes the first of it',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a semicolon and more behind it',
    judge: respelling((uri) => uri.split(/[,;]/)[0]!),
    source: 'envoyproxy/envoy#6038',
  }),
  ...inBothRoles({
    id: 'spell-backslashes-turned',
    title: 'takes a backslash for a slash',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a backslash for its last slash',
    judge: respelling((uri) => uri.replaceAll('\\', '/')),
    source: 'CVE-2021-27515',
  }),
  ...inBothRoles({
    id: 'spell-asterisk-for-segment',
    title: 'lets a certificate name all of a parent by an asterisk, as certificates of hosts do',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'an asterisk for its last segment',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) => [...allow].find((id) => uri === `${id.slice(0, id.lastIndexOf('/'))}/*`) ?? uri),
    })),
    source: 'CVE-2020-15104',
  }),
  ...inBothRoles({
    id: 'spell-asterisk-for-rest',
    title: 'reads an asterisk behind a shown ID as any end',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'an asterisk for its last segment',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) =>
        uri.endsWith('*') ? ([...allow].find((id) => id.startsWith(uri.slice(0, -1))) ?? uri) : uri,
      ),
    })),
    source: 'CWE-155',
  }),
  ...inBothRoles({
    id: 'spell-glob',
    title: 'matches allowed IDs with the shown one as a glob, in which a backslash is a slash too',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a backslash for its last slash',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) => [...allow].find((id) => posix.matchesGlob(id, uri)) ?? uri),
    })),
    source: 'CWE-155',
  }),
  ...inBothRoles({
    id: 'spell-look-alikes',
    title: 'writes letters that look like Latin ones in Latin',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a Cyrillic letter for a Latin one',
    judge: respelling((uri) => latinized(utf8(uri))),
    source: 'CWE-1007',
  }),
  ...inBothRoles({
    id: 'spell-unreadable-ignored',
    title: 'compares the letters that are ASCII, where others stand among them',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a Cyrillic letter for a Latin one',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) => {
        const pattern = Array.from(utf8(uri), (letter) => (letter > '~' ? '.' : letter.replace(/[^\w/:-]/, '\\$&')));
        return /[^\0-~]/.test(uri)
          ? ([...allow].find((id) => new RegExp(`^${pattern.join('')}$`).test(id)) ?? uri)
          : uri;
      }),
    })),
    source: 'HewlettPackard/py-spiffe#23',
  }),
  ...inBothRoles({
    id: 'spell-case-folded',
    title: 'folds case as Unicode has it, by which a long s is an s',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a long s for an s',
    judge: respelling((uri) => caseFolded(utf8(uri))),
    source: 'spiffe/go-spiffe#376',
  }),
  ...inBothRoles({
    id: 'spell-upper-and-lower',
    title: 'puts IDs in upper case and in lower case again before it compares',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a long s for an s',
    judge: respelling((uri) => utf8(uri).toUpperCase().toLowerCase()),
    source: 'CVE-2019-19844',
  }),
  ...inBothRoles({
    id: 'spell-compatible-forms',
    title: 'compares the compatible forms of letters (NFKC)',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a long s for an s',
    judge: respelling((uri) => utf8(uri).normalize('NFKC')),
    source: 'CWE-176',
  }),
  ...inBothRoles({
    id: 'spell-best-fit',
    title: 'writes letters as its code page can, which knows no full width',
    breaks: 'spiffe-id/syntax/path-characters',
    row: 'a letter in full width',
    judge: respelling((uri) => fullWidth(utf8(uri))),
    source: 'CVE-2024-4577',
  }),
  ...inBothRoles({
    id: 'spell-nameless-domain',
    title: 'lets in who has the ID of the trust domain, as one who may do all',
    breaks: 'x509-svid/leaf/no-path',
    row: 'the ID of its trust domain',
    judge: misreading(({ uriSans }, allow) => ({
      uriSans: uriSans.map((uri) => [...allow].find((id) => `spiffe://${trustDomainOf(id)}` === uri) ?? uri),
    })),
    source: 'X509-SVID §5.2',
  }),
];

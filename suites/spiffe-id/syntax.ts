import * as syntax from '../../src/clauses/spiffe-id/syntax.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { uriSans, type IdentityRow } from '../identity/row.ts';
import { unknownDomain } from '../mesh/pinning.ts';

/** IDs with a part that no SPIFFE ID has. */
export const rows = [
  uriSans(syntax.idWithQuery, 'a query behind the ID', ({ right }) => [`${right}?admin=1`]),
  uriSans(syntax.idWithFragment, 'a fragment behind the ID', ({ right }) => [`${right}#admin`]),
  uriSans(syntax.idWithPort, 'a port in the trust domain', ({ trustDomain, path }) => [
    `spiffe://${trustDomain}:8443${path}`,
  ]),
  uriSans(syntax.idWithUser, 'user information before the trust domain', ({ trustDomain, path }) => [
    `spiffe://admin@${trustDomain}${path}`,
  ]),
  uriSans(syntax.idWithUser, 'its trust domain as the user of another host', ({ trustDomain, path }) => [
    `spiffe://${trustDomain}@${unknownDomain}${path}`,
  ]),
  uriSans(syntax.idWithOtherScheme, 'https for its scheme', ({ trustDomain, path }) => [
    `https://${trustDomain}${path}`,
  ]),
  uriSans(syntax.idWithOtherScheme, 'no scheme', ({ trustDomain, path }) => [`${trustDomain}${path}`]),
  uriSans(syntax.idWithOtherScheme, 'the right ID inside another URI', ({ right }) => [
    `https://${unknownDomain}/?id=${right}`,
  ]),
  uriSans(syntax.idWithoutTrustDomain, 'no trust domain', ({ path }) => [`spiffe://${path}`]),
  uriSans(syntax.trustDomainCharacters, 'brackets around its trust domain', ({ trustDomain, path }) => [
    `spiffe://[${trustDomain}]${path}`,
  ]),
  uriSans(syntax.trustDomainEncoded, 'a percent-encoded letter in its trust domain', ({ trustDomain, path }) => [
    `spiffe://${encoded(trustDomain)}${path}`,
  ]),
  withPath(syntax.pathEncoded, 'a percent-encoded letter', encoded),
  withPath(syntax.pathEncoded, 'a letter percent-encoded twice', (path) => encoded(path).replace('%', '%25')),
  withPath(syntax.emptySegment, 'an empty segment before its path', (path) => `/${path}`),
  withPath(syntax.dotSegment, 'a way down and up again', (path) => `/other/..${path}`),
  withPath(syntax.pathCharacters, 'a NUL byte and more behind it', (path) => `${path}\0.other`),
  withPath(syntax.pathCharacters, 'a space behind it', (path) => `${path} `),
  withPath(syntax.pathCharacters, 'a line break and more behind it', (path) => `${path}\nother`),
  withPath(syntax.pathCharacters, 'a semicolon and more behind it', (path) => `${path};other`),
  withPath(syntax.pathCharacters, 'a backslash for its last slash', (path) => path.replace(/\/(?=[^/]*$)/, '\\')),
  withPath(syntax.pathCharacters, 'an asterisk for its last segment', (path) => path.replace(/[^/]*$/, '*')),
  // Letters that look like one of ASCII, fold to one, or are one in another width.
  withPath(syntax.pathCharacters, 'a Cyrillic letter for a Latin one', (path) => path.replace('a', utf8('\u0430'))),
  withPath(syntax.pathCharacters, 'a long s for an s', (path) => path.replace('s', utf8('\u017F'))),
  withPath(syntax.pathCharacters, 'a letter in full width', (path) => path.replace('a', utf8('\uFF41'))),
];

/** A row in which only the path differs, as the certificate spells it: one byte a character. */
function withPath(clause: KnownClause, title: string, spell: (path: string) => string): IdentityRow {
  return uriSans(clause, title, ({ trustDomain, path }) => [`spiffe://${trustDomain}${spell(path)}`]);
}

/** The same but for its last letter, which is percent-encoded. */
function encoded(text: string): string {
  return text.replace(/.$/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
}

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

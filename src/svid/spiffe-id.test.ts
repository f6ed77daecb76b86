import assert from 'node:assert/strict';
import t from 'tap';

import { findSpiffeId, isTrustDomain, parseSpiffeId, SpiffeIdError } from './spiffe-id.ts';

const longestPath = `/${'p'.repeat(2048 - 'spiffe://td/'.length)}`;

const good: readonly [text: string, trustDomain: string, path: string][] = [
  ['spiffe://example.test', 'example.test', ''],
  ['spiffe://example.test/web', 'example.test', '/web'],
  ['spiffe://td/a/b/c/d', 'td', '/a/b/c/d'],
  ['spiffe://10.0.0.1/svc', '10.0.0.1', '/svc'],
  ['spiffe://a_b-c.9/svc', 'a_b-c.9', '/svc'],
  ['spiffe://td/Svc', 'td', '/Svc'],
  ['spiffe://td/...', 'td', '/...'],
  ['spiffe://td/.a/b..', 'td', '/.a/b..'],
  ['spiffe://td/A-Z_a.z/0', 'td', '/A-Z_a.z/0'],
  [`spiffe://${'a'.repeat(255)}/svc`, 'a'.repeat(255), '/svc'],
  [`spiffe://td${longestPath}`, 'td', longestPath],
];

for (const [text, trustDomain, path] of good) {
  await t.test(`is a SPIFFE ID: ${text.slice(0, 60)}`, async (t) => {
    t.strictSame(parseSpiffeId(text), { trustDomain, path, text });
    t.equal(findSpiffeId(text)?.text, text);
  });
}

const bad: readonly [text: string, complaint: string, offset: number][] = [
  ['', 'it is empty', 0],
  ['https://td/svc', 'the scheme is not "spiffe"', 0],
  [' spiffe://td/svc', 'the scheme is not "spiffe"', 0],
  ['td/svc', 'the scheme is not "spiffe"', 0],
  ['SPIFFE://td/svc', 'the scheme is not in lower case', 0],
  ['spiffe:/td/svc', 'the scheme is not followed by "//"', 0],
  ['spiffe:td', 'the scheme is not followed by "//"', 0],
  ['spiffe://', 'the trust domain is empty', 9],
  ['spiffe:///svc', 'the trust domain is empty', 9],
  ['spiffe://:80/svc', 'the trust domain is empty before a port', 9],
  ['spiffe://td:443/svc', 'the trust domain has a port', 11],
  ['spiffe://td:/svc', 'the trust domain has a port', 11],
  ['spiffe://user@td/svc', 'the trust domain has user information', 9],
  ['spiffe://user:word@td/svc', 'the trust domain has user information', 9],
  ['spiffe://@td/svc', 'the trust domain has user information', 9],
  ['spiffe://tD/svc', 'upper-case letter "D" in the trust domain', 10],
  ['spiffe://t%64/svc', 'percent-encoding begins in the trust domain', 10],
  ['spiffe://td?x=1', 'a query begins in the trust domain', 11],
  ['spiffe://td#a', 'a fragment begins in the trust domain', 11],
  ['spiffe://t d/svc', 'character " " (U+0020) in the trust domain', 10],
  ['spiffe://t~d/svc', 'character "~" (U+007E) in the trust domain', 10],
  ['spiffe://t+d/svc', 'character "+" (U+002B) in the trust domain', 10],
  ['spiffe://[::1]/svc', 'character "[" (U+005B) in the trust domain', 9],
  ['spiffe://td\u00e4/svc', 'character "\u00e4" (U+00E4) in the trust domain', 11],
  ['spiffe://t\u{1f600}/svc', 'character "\u{1f600}" (U+1F600) in the trust domain', 10],
  ['spiffe://td\\svc', 'character "\\\\" (U+005C) in the trust domain', 11],
  [`spiffe://${'a'.repeat(256)}/svc`, 'the trust domain is longer than 255 bytes', 264],
  ['spiffe://td/', 'the path ends with a slash', 11],
  ['spiffe://td/svc/', 'the path ends with a slash', 15],
  ['spiffe://td//', 'a path segment is empty', 12],
  ['spiffe://td//svc', 'a path segment is empty', 12],
  ['spiffe://td/a//b', 'a path segment is empty', 14],
  ['spiffe://td/./a', 'a path segment is "."', 12],
  ['spiffe://td/a/../admin', 'a path segment is ".."', 14],
  ['spiffe://td/a/..', 'a path segment is ".."', 14],
  ['spiffe://td/svc?x=1', 'a query begins in the path', 15],
  ['spiffe://td/svc?', 'a query begins in the path', 15],
  ['spiffe://td/svc#a', 'a fragment begins in the path', 15],
  ['spiffe://td/a%2Fb', 'percent-encoding begins in the path', 13],
  ['spiffe://td/a b', 'character " " (U+0020) in the path', 13],
  ['spiffe://td/a:b', 'character ":" (U+003A) in the path', 13],
  ['spiffe://td/a\n', 'character "\\n" (U+000A) in the path', 13],
  ['spiffe://td/a\0', 'character "\\u0000" (U+0000) in the path', 13],
  ['spiffe://td/\u00fc', 'character "\u00fc" (U+00FC) in the path', 12],
  [`spiffe://td${longestPath}p`, 'longer than 2048 bytes', 2048],
];

for (const [text, complaint, offset] of bad) {
  await t.test(`is no SPIFFE ID: ${JSON.stringify(text.slice(0, 60))}`, async (t) => {
    assert.throws(
      () => parseSpiffeId(text),
      (error) => {
        assert.ok(error instanceof SpiffeIdError);
        t.ok(error.message.startsWith(`not a SPIFFE ID: ${complaint} at offset ${offset} of `), error.message);
        t.equal(error.offset, offset);
        return true;
      },
    );
    t.equal(findSpiffeId(text), undefined);
  });
}

await t.test('every single character outside the two alphabets is refused, and every one inside passes', async (t) => {
  for (let code = 0; code < 0x250; code += 1) {
    const character = String.fromCharCode(code);
    t.equal(
      findSpiffeId(`spiffe://td${character}x/svc`) !== undefined,
      /[a-z0-9._/-]/.test(character),
      `U+${code.toString(16)} in the trust domain`,
    );
    t.equal(
      findSpiffeId(`spiffe://td/a${character}b`) !== undefined,
      /[A-Za-z0-9._/-]/.test(character),
      `U+${code.toString(16)} in the path`,
    );
  }
});

await t.test('a trust domain is a name, not an ID', async (t) => {
  for (const name of ['example.test', '10.0.0.1', 'a_b', 'a'.repeat(255)]) t.equal(isTrustDomain(name), true, name);
  for (const name of ['', 'Example.test', 'spiffe://example.test', 'a:80', 'a/b', 'a'.repeat(256), 'a\n'])
    t.equal(isTrustDomain(name), false, name);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endedAfter, endingOfError, endings, type Ending } from './endings.ts';

await test('only a whole answer is an acceptance, and only it serves a request', () => {
  for (const [ending, { exchange, request }] of Object.entries(endings)) {
    assert.equal(exchange === 'accepted', ending === 'answered', ending);
    assert.equal(request === 'ok', ending === 'answered', ending);
  }
});

await test('whoever was refused was surely not served', () => {
  for (const { exchange, request } of Object.values(endings)) if (exchange === 'refused') assert.equal(request, 'fail');
});

const errors: readonly [code: string, ending: Ending, how: RegExp][] = [
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'alert', /^alert unknown_ca$/],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'alert', /^alert bad_certificate$/],
  ['ECONNRESET', 'closed', /reset/],
  ['EPIPE', 'closed', /reset/],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'otherVersion', /not offered/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'otherVersion', /not offered/],
  ['ECONNREFUSED', 'noConnection', /^ECONNREFUSED: m$/],
  ['ERR_SSL_NO_CIPHER_MATCH', 'noConnection', /m$/],
];
for (const [code, ending, how] of errors) {
  await test(`an error ${code} comes to ${ending}`, () => {
    const found = endingOfError({ code, name: 'Error', message: 'm' });
    assert.equal(found.ending, ending);
    assert.match(found.how, how);
  });
}

await test('an error without a code is told by its name', () => {
  assert.deepEqual(endingOfError({ name: 'TypeError', message: 'm' }), { ending: 'noConnection', how: 'TypeError: m' });
});

await test('an end in the middle of an answer refuses nobody', () => {
  const closed = { ending: 'closed', how: 'closed' } as const;
  assert.equal(endedAfter('', closed), closed);
  assert.equal(endedAfter('HTTP/1.1 200', closed).ending, 'brokenOff');
  assert.match(endedAfter('x'.repeat(1_000), closed).how, /^closed in the middle of an answer: "x{120}"$/);
});

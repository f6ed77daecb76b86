import t from 'tap';
import { endedAfter, endingOfError, endingOfStatus, endings, type Ending } from './endings.ts';

await t.test('only a whole answer is an acceptance, and only it serves a request', async (t) => {
  for (const [ending, { exchange, request }] of Object.entries(endings)) {
    t.equal(exchange === 'accepted', ending === 'answered', ending);
    t.equal(request === 'ok', ending === 'answered', ending);
  }
});

await t.test('whoever was refused was surely not served', async (t) => {
  for (const { exchange, request } of Object.values(endings)) if (exchange === 'refused') t.equal(request, 'fail');
});

const errors: readonly [code: string, ending: Ending, how: RegExp][] = [
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'alert', /^alert unknown_ca$/],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'alert', /^alert bad_certificate$/],
  ['ECONNRESET', 'reset', /reset/],
  ['EPIPE', 'reset', /reset/],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'otherVersion', /no TLS that is spoken here, or with another version/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'otherVersion', /no TLS that is spoken here, or with another version/],
  ['ECONNREFUSED', 'noConnection', /^ECONNREFUSED: m$/],
  ['ERR_SSL_NO_CIPHER_MATCH', 'noConnection', /m$/],
];
for (const [code, ending, how] of errors) {
  await t.test(`an error ${code} comes to ${ending}`, async (t) => {
    const found = endingOfError({ code, name: 'Error', message: 'm' });
    t.equal(found.ending, ending);
    t.match(found.how, how);
  });
}

await t.test('who answers without TLS is told apart from who speaks another version of it', async (t) => {
  const message =
    '401D05030F7F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:tlsany_meth.c:77:';
  t.strictSame(endingOfError({ code: 'ERR_SSL_WRONG_VERSION_NUMBER', name: 'Error', message }), {
    ending: 'otherVersion',
    how: 'answered without TLS',
  });
});

await t.test('an error without a code is told by its name', async (t) => {
  t.strictSame(endingOfError({ name: 'TypeError', message: 'm' }), { ending: 'noConnection', how: 'TypeError: m' });
});

await t.test('an end in the middle of an answer refuses nobody', async (t) => {
  const closed = { ending: 'closed', how: 'closed' } as const;
  t.equal(endedAfter('', closed), closed);
  t.equal(endedAfter('HTTP/1.1 200', closed).ending, 'brokenOff');
  t.match(endedAfter('x'.repeat(1_000), closed).how, /^closed in the middle of an answer: "x{120}"$/);
});

await t.test('a status turns the caller away, asks to come again, or says nothing', async (t) => {
  const found = [400, 401, 403, 495, 496, 408, 421, 425, 429, 500, 503, 200, 204, 301, 404, 0].map(endingOfStatus);
  t.strictSame(found.slice(0, 5), Array(5).fill('turnedAway'));
  t.strictSame(found.slice(5, 11), Array(6).fill('notNow'));
  t.strictSame(found.slice(11), Array(5).fill('otherAnswer'));
});

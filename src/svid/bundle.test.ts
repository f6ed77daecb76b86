import t from 'tap';

import { parseSpiffeBundle, trustBundles } from './bundle.ts';
import { forgeAuthority } from './x509/forge.ts';

const [first, second] = await Promise.all([
  forgeAuthority({ trustDomain: 'example.test' }),
  forgeAuthority({ trustDomain: 'example.test' }),
]);
const x5c = (...authorities: readonly (typeof first)[]): string[] =>
  authorities.map(({ certificate }) => Buffer.from(certificate.der).toString('base64'));
const entry = { kty: 'EC', use: 'x509-svid', crv: 'P-256', x: 'x', y: 'y' };
const serials = (document: unknown): string[] =>
  parseSpiffeBundle(JSON.stringify(document)).authorities.map(({ serial }) => serial);

await t.test('reads the authorities in their order', async (t) => {
  const document = {
    keys: [
      { ...entry, x5c: x5c(first) },
      { ...entry, x5c: x5c(second) },
    ],
  };
  t.strictSame(serials(document), [first.certificate.serial, second.certificate.serial]);
  t.strictSame(Object.keys(parseSpiffeBundle(JSON.stringify(document))), ['authorities']);
});

await t.test('passes over what it does not know', async (t) => {
  t.strictSame(
    serials({
      keys: [
        { ...entry, use: 'jwt-svid', kid: 'a', x5c: x5c(second) },
        { ...entry, use: 'sig', x5c: x5c(second) },
        { kty: 'EC', x5c: x5c(second) },
        { ...entry, kty: 'oct', x5c: x5c(second) },
        { use: 'x509-svid', x5c: x5c(second) },
        entry,
        { ...entry, x5c: [] },
        'text',
        null,
        { ...entry, x5c: x5c(first, second), other: true },
      ],
      other: {},
    }),
    [first.certificate.serial],
  );
  t.strictSame(serials({ keys: [] }), []);
});

await t.test('reads sequence numbers to the last of their 64 bits, and the refresh hint in seconds', async (t) => {
  const bundle = parseSpiffeBundle('{"keys":[],"spiffe_sequence":18446744073709551615,"spiffe_refresh_hint":300}');
  t.equal(bundle.sequence, 18446744073709551615n);
  t.equal(bundle.refreshHintSeconds, 300);
});

const bad: readonly [json: string, message: RegExp][] = [
  ['', /^not a SPIFFE bundle: Unexpected end/],
  ['[]', /not a JSON object$/],
  ['{}', /"keys" is no array$/],
  ['{"keys":{}}', /"keys" is no array$/],
  ['{"keys":[],"spiffe_sequence":"7"}', /"spiffe_sequence" is no whole number$/],
  ['{"keys":[],"spiffe_sequence":1.5}', /"spiffe_sequence" is no whole number$/],
  ['{"keys":[],"spiffe_refresh_hint":"300"}', /"spiffe_refresh_hint" is no number$/],
  [
    '{"keys":[{"kty":"EC","use":"x509-svid","x5c":["AAAA"]}]}',
    /^not a SPIFFE bundle: x5c of key 0: not an X.509 certificate: /,
  ],
  ['{"keys":[{"kty":"EC","use":"x509-svid","x5c":[7]}]}', /x5c of key 0: it is no text$/],
];

for (const [json, message] of bad) {
  await t.test(`is no bundle: ${json}`, async (t) => {
    t.throws(() => parseSpiffeBundle(json), { name: /^BundleError$/, message });
  });
}

await t.test('a trust domain has one bundle, and goes by its name', async (t) => {
  t.strictSame([...trustBundles(['a.test', [first.certificate]], ['b.test', []]).keys()], ['a.test', 'b.test']);
  t.throws(() => trustBundles(['a.test', []], ['a.test', []]), RangeError);
  t.throws(() => trustBundles(['spiffe://a.test', []]), RangeError);
});

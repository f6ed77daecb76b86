import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import t from 'tap';
import { searchForLeaks, secretsIn } from './find-leaks.ts';
import { withoutSecrets, withoutSecretsByLine } from './withhold.ts';

const pairs: Readonly<Record<string, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>> = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  Ed25519: generateKeyPairSync('ed25519'),
};
const { privateKey, publicKey } = pairs['P-256']!;

/** A key as a target may say it, on one line. */
function waysOf(key: KeyObject): Record<string, string> {
  const own = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : key.asymmetricKeyType === 'ec' ? 'sec1' : undefined;
  const types = ['pkcs8', ...(own ? [own] : [])] as ('pkcs8' | 'sec1')[];
  return Object.fromEntries(
    types.flatMap((type) => {
      const pem = key.export({ type, format: 'pem' }) as string;
      const der = key.export({ type, format: 'der' });
      return [
        [`${type} in PEM in JSON`, JSON.stringify({ key: pem })],
        [`${type} in PEM in JSON in JSON`, JSON.stringify(JSON.stringify({ key: pem }))],
        [`${type} in PEM, cut off`, JSON.stringify(pem.slice(0, 120))],
        [`${type} in PEM, in base64`, Buffer.from(pem).toString('base64')],
        [`${type} in DER, in base64`, der.toString('base64')],
        [`${type} in DER, in hexadecimal`, der.toString('hex')],
        [`${type} in DER, in large hexadecimal`, der.toString('hex').toUpperCase()],
      ] as const;
    }),
  );
}

const jwt = `${Buffer.from('{"alg":"ES256","kid":"a"}').toString('base64url')}.${Buffer.from('{"sub":"spiffe://a/b"}').toString('base64url')}.${'x7-_'.repeat(20)}`;
const tokens: Readonly<Record<string, string>> = {
  'a JWT': jwt,
  'a JWT as a bearer': `Authorization: Bearer ${jwt}`,
  'a bearer token': 'authorization: bearer 9f8a7c6b5d4e3f2a1b0c',
  'a bearer token in JSON': JSON.stringify({ authorization: 'Bearer ab12cd34.ef56~gh78+ij/kl90==' }),
};

const planted: readonly (readonly [name: string, text: string])[] = [
  ...Object.entries(pairs).flatMap(([kind, pair]) =>
    Object.entries(waysOf(pair.privateKey)).map(([way, text]) => [`${kind}, ${way}`, text] as const),
  ),
  ...Object.entries(tokens),
];
const around = (text: string) => `level=info msg="before ${text} behind"`;

await t.test('each secret that was planted is found, and withheld with all that stands around it left', async (t) => {
  for (const [name, text] of planted) {
    t.not(secretsIn(around(text)).length, 0, `${name} is found`);
    const told = withoutSecrets(around(text));
    t.strictSame(secretsIn(told), [], `${name} is withheld`);
    t.match(told, /^level=info msg="before .*\[withheld: a (?:private key|JWT|bearer token)\]/, name);
    if (!text.includes('END')) t.match(told, / behind"$/, name);
  }
});

await t.test('nothing of a known key is left', async (t) => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const { find } = searchForLeaks([], [{ name: 'key-1', value: pem }]);
  for (const [way, text] of Object.entries(waysOf(privateKey)))
    t.strictSame(find(withoutSecrets(around(text))), [], way);
});

await t.test('a key that goes on over lines is withheld line by line, and no line behind it', async (t) => {
  for (const [kind, { privateKey: key }] of Object.entries(pairs)) {
    const pem = (key.export({ type: 'pkcs8', format: 'pem' }) as string).trimEnd().split('\n');
    const der = key
      .export({ type: 'pkcs8', format: 'der' })
      .toString('base64')
      .match(/.{1,64}/g)!;
    for (const lines of [pem, der, ['key:', ...pem], pem.map((line) => `  ${line}`), pem.slice(0, -1)]) {
      const heard: string[] = [];
      const told = withoutSecretsByLine(({ secret }) => void heard.push(secret));
      const kept = [...lines, '2026-11-30 ready.', 'and more'].map(told);
      for (const line of lines.filter((one) => one.length > 12))
        t.notOk(kept.join('\n').includes(line.trim()), `${kind}: ${line}`);
      t.strictSame(kept.slice(-2), ['2026-11-30 ready.', 'and more'], kind);
      t.strictSame(heard, ['a private key'], kind);
    }
  }
});

await t.test('what is no secret stays as it is', async (t) => {
  for (const text of [
    publicKey.export({ type: 'spki', format: 'pem' }) as string,
    publicKey.export({ type: 'spki', format: 'der' }).toString('hex'),
    'WWW-Authenticate: Bearer realm="mesh"; a bearer of bad news, bearer authentication-is-required-here',
    'a log that speaks of a PRIVATE KEY, eyJ and MIGH',
    '{"atMs":3081.302,"spiffeId":"spiffe://a/b","authority":"3081a4020101aa"}',
    'BEGIN CERTIFICATE MIIBszCCAVmgAwIBAgIUE',
  ]) {
    t.equal(withoutSecrets(text), text);
    t.strictSame(secretsIn(text), [], text);
  }
});

await t.test('hostile text ends, and what is endless is bounded', async (t) => {
  for (const piece of [
    'eyJ',
    'eyJaaaaaaaaa.',
    '-----BEGIN PRIVATE KEY-----',
    'bearer ',
    'bearer aaaaaaaaaaaaaaaa',
    'MIGHAgEAMBMGByqGSM4',
    '\\n\\r',
    '308187020100301306072a8648ce3d02',
  ])
    t.type(withoutSecrets(`PRIVATE KEY-----${piece.repeat(200_000)}`), 'string', piece);
  const told = withoutSecretsByLine(() => undefined);
  const kept = ['-----BEGIN PRIVATE KEY-----', ...Array.from({ length: 300 }, () => 'AAAAAAAAAAAAAAAA')].map(told);
  t.equal(
    kept.filter((line) => line === 'AAAAAAAAAAAAAAAA').length,
    100,
    'what begins as a key and never ends is no key',
  );
});

import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { searchForLeaks } from './find-leaks.ts';

const token = '3f0c2a9e-5b71-4d58-9c3e-7a1f60d2b4e8';
const pair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const { privateKey, publicKey } = pair('P-256');
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const scalar = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url');
const { find } = searchForLeaks([{ name: 'token-1', value: token }], [{ name: 'key-1', value: pem }]);
const told = (text: string) => find(text).map(({ secret, form }) => `${secret} ${form}`);

const around = (text: string) => `{"level":"info","msg":"before ${text} behind"}\n`;
const percent = (text: string) => [...text].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
const escaped = (text: string) => [...text].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('');

const tokens: readonly [name: string, text: string, form: string][] = [
  ['as it is', token, 'as it is'],
  ['in capitals', token.toUpperCase(), 'in capitals'],
  ['without hyphens', token.replaceAll('-', ''), 'without its hyphens'],
  ['in hexadecimal', Buffer.from(token).toString('hex'), 'in hexadecimal'],
  ['in base64', Buffer.from(token).toString('base64'), 'in base64'],
  ['in base64 behind one byte', Buffer.from(`:${token}`).toString('base64'), 'in base64'],
  ['in base64 within a text', Buffer.from(`ab${token} and more`).toString('base64'), 'in base64'],
  ['in base64url', Buffer.from(`?>${token}`).toString('base64url'), 'in base64'],
  ['escaped for a URL', percent(token), 'as it is, escaped or broken over lines'],
  ['escaped for JSON', escaped(token), 'as it is, escaped or broken over lines'],
  ['broken in the middle', `${token.slice(0, 18)}\n${token.slice(18)}`, 'as it is'],
  [
    'broken into three',
    `${token.slice(0, 12)}\n${token.slice(12, 24)}\n  ${token.slice(24)}`,
    'as it is, escaped or broken over lines',
  ],
  ['broken, with a stamp on the second line', `${token.slice(0, 10)}\n12:00 info ${token.slice(10)}`, 'as it is'],
  [
    'escaped line breaks',
    `${token.slice(0, 12)}\\n${token.slice(12, 24)}\\n${token.slice(24)}`,
    'as it is, escaped or broken over lines',
  ],
];
for (const [name, text, form] of tokens) {
  await t.test(`a token is found ${name}`, async (t) => t.strictSame(told(around(text)), [`token-1 ${form}`]));
}

const der = privateKey.export({ type: 'pkcs8', format: 'der' });
const keys: readonly [name: string, text: string, wanted: RegExp][] = [
  ['its scalar in hexadecimal', scalar.toString('hex'), /^key-1 in hexadecimal$/],
  ['its scalar in base64', scalar.toString('base64'), /^key-1 in base64$/],
  ['PEM', pem, /^key-1 in base64.*,a private key in PEM/],
  ['PEM in JSON', JSON.stringify({ key: pem }), /^key-1 .*a private key in PEM/],
  ['PEM in JSON in JSON', JSON.stringify(JSON.stringify({ key: pem })), /a private key in PEM/],
  ['PEM in base64', Buffer.from(pem).toString('base64'), /a private key in PEM, in base64/],
  ['DER in base64', der.toString('base64'), /^key-1 in base64,a private key in DER, in base64$/],
];
for (const [name, text, wanted] of keys) {
  await t.test(`a key that is known is found: ${name}`, async (t) => t.match(told(around(text)).join(), wanted));
}

const strangers = {
  'P-256': pair('P-256'),
  'P-384': pair('P-384'),
  'P-521': pair('P-521'),
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  Ed25519: generateKeyPairSync('ed25519'),
};
for (const [name, { privateKey: stranger }] of Object.entries(strangers)) {
  await t.test(`a private key that nobody named is found: ${name}`, async (t) => {
    t.match(told(stranger.export({ type: 'pkcs8', format: 'pem' }) as string).join(), /^a private key in PEM/);
    t.match(told(stranger.export({ type: 'pkcs8', format: 'der' }).toString('base64')).join(), /^a private key in DER/);
    if (name.startsWith('P-'))
      t.match(
        told(stranger.export({ type: 'sec1', format: 'der' }).toString('base64')).join(),
        /^a private key in DER/,
      );
    if (name === 'RSA')
      t.match(
        told(stranger.export({ type: 'pkcs1', format: 'der' }).toString('base64')).join(),
        /^a private key in DER/,
      );
  });
}

await t.test('what is no secret is not taken for one', async (t) => {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  for (const text of [
    '',
    'short',
    '3f0c2a9e-5b71-0000-9c3e-0000000000e8',
    spki.toString('base64'),
    publicKey.export({ type: 'spki', format: 'pem' }) as string,
    'a log that speaks of a PRIVATE KEY, and of -----BEGIN PRIVATE KEY----- too',
  ])
    t.strictSame(told(around(text)), [], text);
});

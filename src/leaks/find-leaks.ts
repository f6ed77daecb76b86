import { createPrivateKey } from 'node:crypto';
import { findPieces, piecesOf } from './pieces.ts';

/** A secret by our name for it, never told by its value. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

export interface Leak {
  readonly secret: string;
  /** How it stands there, in words. */
  readonly form: string;
}

/** What a search looks for, made ready once for all texts. */
export interface LeakSearch {
  /** Each secret at most once, in the first form that it was found in. */
  find(text: string): Leak[];
}

interface Needle extends Leak {
  readonly piece: string;
}

/**
 * Looks for tokens, for private keys that are known (PEM), and for private keys of any kind: as they are, in base64 and hexadecimal, escaped
 * for URLs or JSON, and broken over lines.
 */
export function searchForLeaks(tokens: readonly Secret[], keys: readonly Secret[]): LeakSearch {
  const needles = [
    ...tokens.flatMap(({ name, value }) => formsOfToken(value).flatMap((form) => needlesOf(name, form))),
    ...keys.flatMap(({ name, value }) => formsOfBytes(scalarOf(value)).flatMap((form) => needlesOf(name, form))),
  ];
  const pieces = new Set(needles.map(({ piece }) => piece));
  return {
    find(text) {
      const joined = loosened(text);
      const found = findPieces(text, pieces);
      const foundJoined = findPieces(joined, pieces);
      const leaks = new Map<string, Leak>();
      for (const { piece, secret, form } of needles) {
        if (leaks.has(secret)) continue;
        if (found.has(piece)) leaks.set(secret, { secret, form });
        else if (foundJoined.has(piece)) leaks.set(secret, { secret, form: `${form}, escaped or broken over lines` });
      }
      const known = [...leaks.values()];
      return [
        ...known,
        ...privateKeys.filter(({ pattern }) => pattern.test(joined)).map(({ secret, form }) => ({ secret, form })),
      ];
    },
  };
}

type Form = readonly [form: string, text: string];

function needlesOf(secret: string, [form, text]: Form): Needle[] {
  return piecesOf(text).map((piece) => ({ secret, form, piece }));
}

function formsOfToken(token: string): Form[] {
  const bare = token.replaceAll('-', '');
  return [
    ['as it is', token],
    ['in capitals', token.toUpperCase()],
    ...(bare === token ? [] : [['without its hyphens', bare] as const]),
    ...formsOfBytes(Buffer.from(token)),
  ];
}

function formsOfBytes(bytes: Buffer): Form[] {
  const hex = bytes.toString('hex');
  return [
    ...base64Of(bytes).flatMap((text): Form[] => [
      ['in base64', text],
      ['in base64', text.replaceAll('+', '-').replaceAll('/', '_')],
    ]),
    ['in hexadecimal', hex],
    ['in hexadecimal', hex.toUpperCase()],
  ];
}

/** As it reads wherever the bytes stand in what was encoded: without the characters that they share with their neighbours. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const shared = before === 0 ? 0 : before + 1;
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(shared, whole);
  });
}

/** The secret part of a key: all the rest of its DER stands in certificates as well. */
function scalarOf(privateKeyPem: string): Buffer {
  const { d } = createPrivateKey(privateKeyPem).export({ format: 'jwk' });
  if (d === undefined) throw new TypeError('the key has no secret part');
  return Buffer.from(d, 'base64url');
}

// What logs put into a text that they quote or break: JSON's and URLs' escapes, and whatever separates lines.
function loosened(text: string): string {
  return text
    .replaceAll(/(?:\\u00|%)([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/\\+(?:r|n|t)|[\s"'\\]+/g, '');
}

const somePrivateKey = 'a private key';
const heads = ['BEGIN PRIVATE KEY', 'BEGIN EC PRIVATE KEY', 'BEGIN RSA PRIVATE KEY'];

/** By how PEM and DER begin, in text without white space. Source: RFC 5958 (PKCS #8), RFC 5915 (EC), RFC 8017 (RSA), RFC 7468 (PEM). */
const privateKeys: readonly (Leak & { readonly pattern: RegExp })[] = [
  {
    secret: somePrivateKey,
    form: 'in PEM',
    pattern: /-----BEGIN(?:EC|RSA|OPENSSH|ENCRYPTED)?PRIVATEKEY-----[A-Za-z0-9+/]{32}/,
  },
  {
    secret: somePrivateKey,
    form: 'in PEM, in base64',
    pattern: new RegExp(
      heads
        .flatMap((head) => base64Of(Buffer.from(head)))
        .map((text) => text.replaceAll('+', '\\+'))
        .join('|'),
    ),
  },
  {
    secret: somePrivateKey,
    form: 'in DER, in base64',
    // PKCS #8 of P-256, P-384, P-521, Ed25519 and RSA; then EC and RSA of their own.
    pattern:
      /MIGHAgEAMBMGByqGSM49|MIG2AgEAMBAGByqGSM49|MIHuAgEAMBAGByqGSM49|MC4CAQAwBQYDK2VwBCIEI|MII[A-Za-z0-9+/]{2}[AQgw]IBADANBgkqhkiG9w0BAQEFAASC|MHcCAQEEI[A-Za-z0-9+/]{43}oAoGCCqGSM49|MIGkAgEBBD[A-D]|MIHcAgEBBE[I-L]|MII[A-Za-z0-9+/]{2}[AQgw]IBAAKCA/,
  },
];

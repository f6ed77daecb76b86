import { createPrivateKey } from 'node:crypto';
import { findPieces, piecesOf } from './pieces.ts';
import { base64Of, secretShapes } from './shapes.ts';

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
      return [...leaks.values(), ...keysIn(joined)];
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

const shapes = secretShapes.map(({ head, least, ...shape }) => ({ ...shape, pattern: new RegExp(`${head}${least}`) }));

function keysIn(joined: string): Leak[] {
  return shapes
    .filter(({ isPrivateKey, pattern }) => isPrivateKey && pattern.test(joined))
    .map(({ secret, form }) => ({ secret, form }));
}

/** Private keys, JWTs and bearer tokens that stand in a text, whosever they are. */
export function secretsIn(text: string): Leak[] {
  const others = shapes.filter(({ isPrivateKey, pattern }) => !isPrivateKey && pattern.test(text));
  return [...keysIn(loosened(text)), ...others.map(({ secret, form }) => ({ secret, form }))];
}

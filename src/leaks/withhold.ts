import type { Leak } from './find-leaks.ts';
import { secretShapes, type SecretShape } from './shapes.ts';

/** Hears of a private key that was withheld. */
export type OnWithheld = (leak: Leak) => void;

// A key in PEM is told by its head alone: a text may be cut off right behind it.
const whole = ({ form, head, least, rest }: SecretShape) =>
  `(${head}${form === 'in PEM' ? '' : `(?=${least})`}${rest})`;
const anySecret = new RegExp(secretShapes.map(whole).join('|'), 'g');
// Most texts hold none, and are looked through once.
const maybe = /PRIVATE KEY-----|MI[IGH]|MC4C|MEEC|MHcC|eyJ|bearer|QkVHSU|FR0lO|UdJTi|302e02|304102|307702|308[12]/i;

/** A text with each private key, JWT and bearer token replaced by a note of what it was. Linear in the text. */
export function withoutSecrets(text: string, onKey?: OnWithheld): string {
  if (!maybe.test(text)) return text;
  return text.replaceAll(anySecret, (_found, ...groups: unknown[]) => {
    const { secret, form, isPrivateKey } = secretShapes[groups.findIndex((group) => group !== undefined)]!;
    if (isPrivateKey) onKey?.({ secret, form });
    return note(secret);
  });
}

const note = (secret: string) => `[withheld: ${secret}]`;
const mostLines = 200;
// Behind whatever a program sets before each of its lines.
const partOfKey =
  /^[\sA-Za-z0-9+/=]*$|(?:^|[^A-Za-z0-9+/=])[A-Za-z0-9+/]{24,}={0,2}\s*$|-----END [A-Z ]{0,24}PRIVATE KEY-----\s*$/;

/** The same for what comes line by line: a key that goes on in the next lines is withheld there, too. */
export function withoutSecretsByLine(onKey: OnWithheld): (line: string) => string {
  let linesLeft = 0;
  return (line) => {
    if (linesLeft > 0 && partOfKey.test(line)) {
      linesLeft = line.includes('-----END') ? 0 : linesLeft - 1;
      return `[withheld: more of a private key]`;
    }
    let keys = 0;
    const told = withoutSecrets(line, (leak) => {
      keys++;
      onKey(leak);
    });
    const isOpen =
      keys > 0 && told.trimEnd().endsWith(note('a private key')) && !/-----END [A-Z ]*KEY-----\s*$/.test(line);
    linesLeft = isOpen ? mostLines : 0;
    return told;
  };
}

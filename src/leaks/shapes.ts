/** How a secret that nobody named looks. What is matched is made for text as it is and for text without its white space. */
export interface SecretShape {
  readonly secret: string;
  /** How it stands there, in words. */
  readonly form: string;
  readonly isPrivateKey: boolean;
  /** How it begins, as a part of a regular expression. */
  readonly head: string;
  /** What has to follow for it to be one, and not only words about it. */
  readonly least: string;
  /** All that belongs to it. */
  readonly rest: string;
}

const heads = ['BEGIN PRIVATE KEY', 'BEGIN EC PRIVATE KEY', 'BEGIN RSA PRIVATE KEY'];
const base64 = '[A-Za-z0-9+/=_-]';
// Line breaks within it, as they are and as JSON escapes them, once or more often.
const broken = '|\\\\+[rnt]|\\r?\\n';
const key = { secret: 'a private key', isPrivateKey: true } as const;

/** Source: RFC 5958 (PKCS #8), RFC 5915 (EC), RFC 8017 (RSA), RFC 7468 (PEM), RFC 7519 (JWT), RFC 6750 §2.1 (bearer). */
export const secretShapes: readonly SecretShape[] = [
  {
    ...{ ...key, form: 'in PEM' },
    head: '-----BEGIN ?(?:(?:EC|RSA|OPENSSH|ENCRYPTED) ?)?PRIVATE ?KEY-----',
    least: '[A-Za-z0-9+/]{32}',
    rest: '(?:[A-Za-z0-9+/=]|\\s|\\\\+[rnt])*(?:-----END [A-Z ]{0,24}PRIVATE KEY-----)?',
  },
  {
    ...{ ...key, form: 'in PEM, in base64' },
    head: `(?:${heads
      .flatMap((head) => base64Of(Buffer.from(head)))
      .map((text) => text.replaceAll('+', '\\+'))
      .join('|')})`,
    least: '',
    rest: `(?:${base64}${broken})*`,
  },
  {
    ...{ ...key, form: 'in DER, in base64' },
    // PKCS #8 of P-256, with its public key and without, P-384, P-521, Ed25519 and RSA; then EC and RSA of their own.
    head: '(?:MIGHAgEAMBMGByqGSM49|MEECAQAwEwYHKoZIzj0CAQ|MIG2AgEAMBAGByqGSM49|MIHuAgEAMBAGByqGSM49|MC4CAQAwBQYDK2VwBCIEI|MII[A-Za-z0-9+/]{2}[AQgw]IBADANBgkqhkiG9w0BAQEFAASC|MHcCAQEEI[A-Za-z0-9+/]{43}oAoGCCqGSM49|MIGkAgEBBD[A-D]|MIHcAgEBBE[I-L]|MII[A-Za-z0-9+/]{2}[AQgw]IBAAKCA)',
    least: '',
    rest: `(?:${base64}${broken})*`,
  },
  {
    ...{ ...key, form: 'in DER, in hexadecimal' },
    head: hexadecimal([
      '308187020100301306072a8648ce3d0201',
      '3041020100301306072a8648ce3d0201',
      '3081b6020100301006072a8648ce3d0201',
      '3081ee020100301006072a8648ce3d0201',
      '302e020100300506032b657004220420',
      '3082....020100300d06092a864886f70d01010105000482',
      ...['30770201010420', '3081a40201010430', '3081dc0201010442', '3082....0201000282'],
    ]),
    least: '[0-9A-Fa-f]{32}',
    rest: '[0-9A-Fa-f]*',
  },
  {
    ...{ secret: 'a JWT', form: 'as it is', isPrivateKey: false },
    head: '(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.',
    least: '[A-Za-z0-9_-]{16}',
    rest: '[A-Za-z0-9_-]*',
  },
  {
    ...{ secret: 'a bearer token', form: 'as it is', isPrivateKey: false },
    // Parted as in a header: what only begins so is a name. Source: RFC 6750, section 2.1.
    head: '(?<![A-Za-z0-9/_.-])(?i:bearer)(?:\\s|%20)+',
    // Words about it are no token: that has a figure in it.
    least: '(?=[A-Za-z._~+/-]{0,64}[0-9])[A-Za-z0-9._~+/-]{16}',
    rest: '[A-Za-z0-9._~+/-]*=*',
  },
];

/** In small and in large letters, a full stop for any digit. Not by the flag `i` for a part, which V8 13 does not heed in classes. */
function hexadecimal(beginnings: readonly string[]): string {
  const digits = (text: string) =>
    text
      .replaceAll('.', '[0-9A-Fa-f]')
      .replaceAll(/(?<!\[[^\]]*)[a-f]/g, (small) => `[${small}${small.toUpperCase()}]`);
  return `(?:${beginnings.map(digits).join('|')})`;
}

/** As bytes read in base64 wherever they stand in what was encoded: without the characters that they share with their neighbours. */
export function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const shared = before === 0 ? 0 : before + 1;
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(shared, whole);
  });
}

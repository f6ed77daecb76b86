const maxIdBytes = 2048;
const maxTrustDomainBytes = 255;
const scheme = 'spiffe://';

/** A SPIFFE ID taken apart. Two of them are the same identity exactly when their `text` is. */
export interface SpiffeId {
  /** The name alone, as in `example.test`: no scheme, no slash. */
  readonly trustDomain: string;
  /** Empty for the ID of a trust domain itself; otherwise begins with a slash, as in `/service/web`. */
  readonly path: string;
  readonly text: string;
}

/** Says what is wrong with a text that was to be a SPIFFE ID, and where: `offset` counts characters from 0. */
export class SpiffeIdError extends Error {
  override readonly name = 'SpiffeIdError';
  readonly offset: number;

  constructor(complaint: string, offset: number, text: string) {
    const shown = text.length > 120 ? `${text.slice(0, 117)}...` : text;
    super(`not a SPIFFE ID: ${complaint} at offset ${offset} of ${JSON.stringify(shown)}`);
    this.offset = offset;
  }
}

/**
 * Reads a SPIFFE ID by the grammar of its specification and never by that of URLs: nothing is decoded,
 * folded or tidied, so two texts that differ in one byte are two identities.
 *
 * @throws SpiffeIdError naming the first thing that is wrong
 *
 * Source: SPIFFE-ID §2 (parts), §2.1 (trust domain), §2.2 (path), §2.3 (at most 2048 bytes, the trust domain at most 255).
 */
export function parseSpiffeId(text: string): SpiffeId {
  // What passes is ASCII, so characters count as bytes from here on.
  if (text.length > maxIdBytes) throw new SpiffeIdError(`longer than ${maxIdBytes} bytes`, maxIdBytes, text);
  if (!text.startsWith(scheme)) throw new SpiffeIdError(schemeComplaint(text), 0, text);

  const slash = text.indexOf('/', scheme.length);
  const trustDomainEnd = slash === -1 ? text.length : slash;
  const trustDomain = text.slice(scheme.length, trustDomainEnd);
  checkTrustDomain(trustDomain, text);
  const path = text.slice(trustDomainEnd);
  if (path !== '') checkPath(path, trustDomainEnd, text);
  return { trustDomain, path, text };
}

/** The same as {@link parseSpiffeId} where a text that is no SPIFFE ID is nothing out of the ordinary. */
export function findSpiffeId(text: string): SpiffeId | undefined {
  try {
    return parseSpiffeId(text);
  } catch (error) {
    if (error instanceof SpiffeIdError) return undefined;
    throw error;
  }
}

/** Whether a name alone (`example.test`, without the scheme) can name a trust domain. Source: SPIFFE-ID §2.1 and §2.3. */
export function isTrustDomain(name: string): boolean {
  return name.length <= maxTrustDomainBytes && /^[a-z0-9._-]+$/.test(name);
}

function checkTrustDomain(name: string, text: string): void {
  if (isTrustDomain(name)) return;
  const bad = name.search(/[^a-z0-9._-]/);
  const at = scheme.length + Math.max(bad, 0);
  if (name === '') throw new SpiffeIdError('the trust domain is empty', at, text);
  // A character outside the grammar says more than a length does.
  if (bad === -1)
    throw new SpiffeIdError(
      `the trust domain is longer than ${maxTrustDomainBytes} bytes`,
      scheme.length + maxTrustDomainBytes,
      text,
    );
  // What came before the first wrong character tells user@host and host:port from a mere stray character.
  if (name.includes('@')) throw new SpiffeIdError('the trust domain has user information', scheme.length, text);
  if (bad === 0 && name[0] === ':') throw new SpiffeIdError('the trust domain is empty before a port', at, text);
  if (/^:[0-9]*$/.test(name.slice(bad))) throw new SpiffeIdError('the trust domain has a port', at, text);
  throw new SpiffeIdError(`${nameCharacter(name, bad)} in the trust domain`, at, text);
}

function checkPath(path: string, offset: number, text: string): void {
  let at = 0;
  for (const segment of path.slice(1).split('/')) {
    at += 1;
    if (segment === '' && at === path.length)
      throw new SpiffeIdError('the path ends with a slash', offset + at - 1, text);
    if (segment === '') throw new SpiffeIdError('a path segment is empty', offset + at, text);
    if (segment === '.' || segment === '..')
      throw new SpiffeIdError(`a path segment is ${JSON.stringify(segment)}`, offset + at, text);
    const bad = segment.search(/[^A-Za-z0-9._-]/);
    if (bad !== -1) throw new SpiffeIdError(`${nameCharacter(segment, bad)} in the path`, offset + at + bad, text);
    at += segment.length;
  }
}

function schemeComplaint(text: string): string {
  if (text === '') return 'it is empty';
  if (text.slice(0, scheme.length).toLowerCase() === scheme) return 'the scheme is not in lower case';
  return text.startsWith('spiffe:') ? 'the scheme is not followed by "//"' : 'the scheme is not "spiffe"';
}

function nameCharacter(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === '?') return 'a query begins';
  if (character === '#') return 'a fragment begins';
  if (character === '%') return 'percent-encoding begins';
  if (/[A-Z]/.test(character)) return `upper-case letter "${character}"`;
  return `character ${JSON.stringify(character)} (U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')})`;
}

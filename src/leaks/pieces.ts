/** What is looked for is cut to pieces of this many characters: long enough that chance writes none of them. */
const pieceLength = 16;

/** The first and the last piece of a secret: one that is broken in two, by a log's line wrapping say, still has one of them whole. */
export function piecesOf(secret: string): string[] {
  if (secret.length < pieceLength)
    throw new RangeError(`a secret of ${secret.length} characters is too short to be looked for`);
  return [...new Set([secret.slice(0, pieceLength), secret.slice(-pieceLength)])];
}

const base = 31;
// Of the character that leaves the window.
const leaving = Array.from({ length: pieceLength }).reduce<number>((power) => Math.imul(power, base), 1);

/**
 * Those of the pieces that stand somewhere in a text, found in one pass however many they are.
 *
 * @param pieces - each of `pieceLength` characters
 *
 * Source: the Karp-Rabin algorithm.
 */
export function findPieces(text: string, pieces: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  const wanted = new Uint8Array(1 << 16);
  for (const piece of pieces) wanted[hashOf(piece) & 0xffff] = 1;
  let hash = hashOf(text.slice(0, pieceLength));
  for (let end = pieceLength; end <= text.length; end++) {
    if (wanted[hash & 0xffff] === 1) {
      const here = text.slice(end - pieceLength, end);
      if (pieces.has(here)) found.add(here);
    }
    hash = (Math.imul(hash, base) + text.charCodeAt(end) - Math.imul(text.charCodeAt(end - pieceLength), leaving)) | 0;
  }
  return found;
}

function hashOf(piece: string): number {
  let hash = 0;
  for (let at = 0; at < piece.length; at++) hash = (Math.imul(hash, base) + piece.charCodeAt(at)) | 0;
  return hash;
}

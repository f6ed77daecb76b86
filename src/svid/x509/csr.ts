import {
  bytesOf,
  derOf,
  distinguishedName,
  element,
  extension,
  integer,
  oid,
  sequence,
  subjectAltName,
} from './encode.ts';
import { newKeyPair, privateKeyPem, signed, type KeyAlgorithm } from './key-pair.ts';

export interface SigningRequest {
  /** PKCS #10. */
  readonly csrDer: Uint8Array;
  /** PKCS #8. */
  readonly privateKeyPem: string;
}

/**
 * A signing request under a fresh key, as agents attest with (no ID: the server chooses it) and as MintX509SVID takes (one URI SAN).
 *
 * @param spiffeId - written byte for byte, one byte a character
 * @param dnsSans - more names, of which SPIRE makes the first the CN
 * @throws RangeError for a character beyond U+00FF
 *
 * Source: RFC 2986 §4; SPIRE api/server/agent/v1 AgentX509SVIDParams, svid/v1 MintX509SVIDRequest.
 */
export async function createCsr(
  spiffeId?: string,
  algorithm: KeyAlgorithm = 'ec',
  dnsSans: readonly string[] = [],
): Promise<SigningRequest> {
  const { privateKey, spki } = await newKeyPair(algorithm);
  const extensions = spiffeId === undefined ? [] : subjectAltName({ uriSans: [spiffeId], dnsSans });
  const asked =
    extensions.length === 0
      ? ''
      : sequence(oid('1.2.840.113549.1.9.14'), element(0x31, sequence(...extensions.map(extension))));
  const info = sequence(
    integer(0),
    distinguishedName([
      { type: 'C', value: 'US' },
      { type: 'O', value: 'SPIRE' },
    ]),
    derOf(spki),
    element(0xa0, asked),
  );
  return { csrDer: bytesOf(signed(info, privateKey)), privateKeyPem: privateKeyPem(privateKey) };
}

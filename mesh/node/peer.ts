import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { knownCertificate } from '../../src/svid/x509/known.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { rememberSignatures } from '../../src/svid/x509/signature.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import type { Held } from './held.ts';

/** What a node makes of its peer. */
export type PeerJudgement =
  { readonly ok: true; readonly spiffeId: string } | { readonly ok: false; readonly why: string };

const memory = rememberSignatures();

/** A peer is who its SVID says, when that validates right now and is exactly one of `allow`. */
export function judgePeer(
  chain: readonly Certificate[],
  held: Held,
  allow: ReadonlySet<string>,
  at: Date,
): PeerJudgement {
  const verified = verifyX509Svid(chain, held.bundles, at, memory);
  if (!verified.ok) return { ok: false, why: `${verified.reason}: ${verified.detail}` };
  const spiffeId = verified.spiffeId.text;
  if (!allow.has(spiffeId))
    return { ok: false, why: `not-allowed: ${spiffeId} is not one of the IDs that this node accepts` };
  return { ok: true, spiffeId };
}

/**
 * The certificates that a peer presented, leaf first.
 *
 * On a resumed session TLS kept the leaf only, which is still enough under an authority that signs leaves itself.
 */
export function presentedChain(socket: TLSSocket): Certificate[] {
  const chain: Certificate[] = [];
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < 8) {
    chain.push(knownCertificate(certificate));
    const issuer: X509Certificate | undefined = certificate.issuerCertificate;
    if (issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256) break;
    certificate = issuer;
  }
  return chain;
}

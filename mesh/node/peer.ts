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
 * On a resumed session TLS kept the leaf only: the intermediates behind it are those that `rememberChain` was told of.
 */
export function presentedChain(socket: TLSSocket): readonly Certificate[] {
  const known = presented.get(socket);
  if (known !== undefined) return known;
  const chain = readChain(socket);
  if (chain.length > 0) presented.set(socket, chain);
  return chain;
}

// A client of Node 24 is told them once: whoever asks again is told that there are none.
const presented = new WeakMap<TLSSocket, readonly Certificate[]>();

function readChain(socket: TLSSocket): readonly Certificate[] {
  const chain: Certificate[] = [];
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < 8) {
    chain.push(knownCertificate(certificate));
    const issuer: X509Certificate | undefined = certificate.issuerCertificate;
    if (issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256) break;
    certificate = issuer;
  }
  const [leaf, ...behind] = chain;
  return leaf !== undefined && behind.length === 0 && socket.isSessionReused()
    ? (chains.get(leaf.fingerprint) ?? chain)
    : chain;
}

// As many as sessions are worth resuming; the oldest gives way. What is remembered proves nothing: it is judged again each time.
const mostChains = 1_000;
const chains = new Map<string, readonly Certificate[]>();

/**
 * Keeps the chain of a peer that was accepted, for when it resumes its session. Strangers take no room here. It is kept in this process: one of
 * several that have their ticket keys in common, as the workers of a cluster do, must give no tickets.
 */
export function rememberChain(chain: readonly Certificate[]): void {
  const [leaf, ...behind] = chain;
  if (leaf === undefined || behind.length === 0 || chains.has(leaf.fingerprint)) return;
  if (chains.size >= mostChains) chains.delete(chains.keys().next().value as string);
  chains.set(leaf.fingerprint, chain);
}

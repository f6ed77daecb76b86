import { messageOf } from '../../src/errors.ts';
import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { pemBlocks } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import type { Held } from '../node/held.ts';

/** Whether something is as it should be right now, why, and what was looked at. */
export interface Health {
  readonly ok: boolean;
  /** A sentence without its full stop. */
  readonly reason: string;
  readonly [detail: string]: unknown;
}

/** What has an identity, as a SpiffeController has. */
export interface HasIdentity {
  /** @throws Error that says why none is held */
  getIdentity(): Held;
}

/** As of an SVID that SPIRE would have renewed at half of its life. */
const lateAfter = 0.8;

/** Whether an SVID is held that others take: of the ID that it has to be, not ended, and vouched for by its own bundle. */
export function certificateHealth(controller: HasIdentity, expects: string, now: Date): Health {
  let held: Held;
  try {
    held = controller.getIdentity();
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
  const { spiffeId, leaf, bundles, certPem } = held;
  const chain = pemBlocks(certPem, 'CERTIFICATE').map((der) => readCertificate(der));
  const verified = verifyX509Svid(chain, bundles, now);
  const [from, until] = [leaf.notBefore.getTime(), leaf.notAfter.getTime()];
  const late = now.getTime() > from + (until - from) * lateAfter;
  const told = { spiffeId, serial: leaf.serial, notAfter: leaf.notAfter.toISOString(), late };
  if (spiffeId !== expects) return { ok: false, reason: `the SVID is of ${spiffeId}, and not of ${expects}`, ...told };
  if (!verified.ok)
    return { ok: false, reason: `its own bundle refuses the SVID: ${verified.reason}: ${verified.detail}`, ...told };
  return { ok: true, reason: late ? 'the SVID is valid, and late to be renewed' : 'the SVID is valid', ...told };
}

/** How a service lets others in, and whom. */
export interface Policy {
  /** Exact SPIFFE IDs. */
  readonly allow: readonly string[];
  /** SPIFFE IDs that it calls. */
  readonly calls: readonly string[];
  readonly cipherSuites: readonly string[];
}

/**
 * Whether what is enforced is what a service of the mesh promises: that it is who it has to be, and that everyone whom it lets in or calls is one exact
 * workload of a trust domain that it can judge.
 */
export function policyHealth(controller: HasIdentity, expects: string, policy: Policy): Health {
  const told = { protocol: 'TLSv1.3 and nothing older', clientCertificate: 'required', ...policy };
  let held: Held;
  try {
    held = controller.getIdentity();
  } catch (error) {
    return { ok: false, reason: `nobody can be judged: ${messageOf(error)}`, ...told };
  }
  if (held.spiffeId !== expects)
    return { ok: false, reason: `this is ${held.spiffeId}, and was to be ${expects}`, ...told };
  const unknown = [...policy.allow, ...policy.calls].find((id) => !held.bundles.has(parseSpiffeId(id).trustDomain));
  return unknown === undefined
    ? { ok: true, reason: 'TLS 1.3, exact SPIFFE IDs, both sides verified', ...told }
    : { ok: false, reason: `there is no bundle to judge ${unknown} by`, ...told };
}

/** What came of asking a peer who it is. */
export interface AskedPeer {
  readonly peer: string;
  /** Why it gave no answer; absent where it gave one. */
  readonly why?: string;
}

/** Whether this service and those that it rests on can speak with each other. */
export function meshHealth(controller: HasIdentity, asked: readonly AskedPeer[], now: Date): Health {
  let held: Held;
  try {
    held = controller.getIdentity();
  } catch (error) {
    return { ok: false, reason: messageOf(error), peers: asked };
  }
  const { trustDomain } = parseSpiffeId(held.spiffeId);
  const alive = (held.bundles.get(trustDomain) ?? []).filter(({ notAfter }) => notAfter > now);
  const told = { authorities: alive.length, peers: asked };
  if (alive.length === 0) return { ok: false, reason: `every authority of ${trustDomain} has ended`, ...told };
  const silent = asked.find(({ why }) => why !== undefined);
  if (silent !== undefined) return { ok: false, reason: `${silent.peer}: ${silent.why}`, ...told };
  return {
    ok: true,
    reason: asked.length === 0 ? 'it rests on no other service' : 'each service that it rests on has answered',
    ...told,
  };
}

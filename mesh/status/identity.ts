import type { X509Context, X509Svid } from '../../spiffe/workload-api.ts';
import type { TrustBundles } from '../../src/svid/bundle.ts';
import { authorityId, readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';

/** One identity that a workload is handed, as it stands. Instants are ISO 8601. */
export interface IdentityStatus {
  readonly spiffeId: string;
  /** Of its entry; empty where that has none. */
  readonly hint: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** When SPIRE renews it, give or take a tenth: at half of its life, where its agent has no availability target. */
  readonly renewedAt: string;
  /** When four fifths of its life are over, or twelve hours are left: one that is not renewed by then is late. */
  readonly lateFrom: string;
  /** Certificates behind the leaf. */
  readonly intermediates: number;
  /** Subject key identifier of who signed it. */
  readonly authority?: string;
}

/** Authorities of a trust domain. */
export interface BundleStatus {
  readonly trustDomain: string;
  /** Subject key identifier and end of each. */
  readonly authorities: readonly { readonly id: string; readonly notAfter: string }[];
}

/** What a workload has of SPIFFE right now. */
export interface WorkloadStatus {
  readonly identities: readonly IdentityStatus[];
  /** Of the own trust domain first, then of those that it is federated with. */
  readonly bundles: readonly BundleStatus[];
  /** What is wrong, in sentences. */
  readonly wrong: readonly string[];
}

const lateAfter = 0.8;
// An agent with an availability target renews SVIDs of days when a day is left of them. Source: SPIRE 1.15, doc/spire_agent.md.
const longestLeftMs = 12 * 3_600_000;

/** @throws CertificateError where what the agent delivers is none */
export function workloadStatus({ svids, bundles }: X509Context, now: Date): WorkloadStatus {
  const trust = new Map([...bundles].map(([name, ders]) => [name, ders.map((der) => readCertificate(der))] as const));
  const looked = svids.map((svid) => identityStatus(svid, trust, now));
  return {
    identities: looked.map(({ identity }) => identity),
    bundles: [...trust].map(([trustDomain, authorities]) => ({
      trustDomain,
      authorities: authorities.map((one) => ({ id: authorityId(one) ?? '', notAfter: one.notAfter.toISOString() })),
    })),
    wrong: [
      ...(svids.length === 0 ? ['the agent delivers no SVID'] : []),
      ...looked.flatMap(({ wrong }) => wrong),
      ...endedAuthorities(trust, now),
    ],
  };
}

function identityStatus({ spiffeId, hint, chain }: X509Svid, trust: TrustBundles, now: Date) {
  const certificates = chain.map((der) => readCertificate(der));
  const leaf = certificates[0]!;
  const after = (share: number) =>
    new Date(leaf.notBefore.getTime() + share * (leaf.notAfter.getTime() - leaf.notBefore.getTime()));
  const late = new Date(Math.max(after(lateAfter).getTime(), leaf.notAfter.getTime() - longestLeftMs));
  const authority = authorityId(leaf);
  const verified = verifyX509Svid(certificates, trust, now);
  const identity: IdentityStatus = {
    ...{ spiffeId, hint, serial: leaf.serial, intermediates: certificates.length - 1 },
    ...{ notBefore: leaf.notBefore.toISOString(), notAfter: leaf.notAfter.toISOString() },
    ...{ renewedAt: after(0.5).toISOString(), lateFrom: late.toISOString() },
    ...(authority !== undefined && { authority }),
  };
  return { identity, wrong: wrongOf(identity, verified, late, now) };
}

function wrongOf(
  { spiffeId, notAfter, lateFrom }: IdentityStatus,
  verified: ReturnType<typeof verifyX509Svid>,
  late: Date,
  now: Date,
): string[] {
  if (!verified.ok)
    return [`the SVID of ${spiffeId} is refused by its own trust bundle: ${verified.reason}: ${verified.detail}`];
  if (verified.spiffeId.text !== spiffeId)
    return [`the SVID that is delivered for ${spiffeId} names ${verified.spiffeId.text}`];
  if (now < late) return [];
  return [
    `the SVID of ${spiffeId} was to be renewed, at ${lateFrom} at the latest, and was not: it ends at ${notAfter}. Whether the agent reaches its server stands in its log`,
  ];
}

function endedAuthorities(trust: TrustBundles, now: Date): string[] {
  return [...trust].flatMap(([trustDomain, authorities]) =>
    authorities.some((one: Certificate) => one.notAfter > now)
      ? []
      : [
          `${authorities.length === 0 ? `no authority of ${trustDomain} is trusted` : `every authority of ${trustDomain} has ended`}: nobody of it can be verified`,
        ],
  );
}

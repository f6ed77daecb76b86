import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import type { Authority } from '../../src/svid/x509/forge.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import type { TlsIdentity } from '../../fixtures/probes/probe.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { unknownDomain } from '../mesh/pinning.ts';
import type { IdentityRow, Names, Signer } from './row.ts';

/** A wrong identity, ready to be shown. */
export interface WrongIdentity extends Omit<IdentityRow, 'wrong' | 'signer'> {
  readonly identity: TlsIdentity;
}

/** The identities that the matrix is made of: the right one, that of the federated ally, and the wrong ones of these rows. */
export interface Identities {
  readonly right: TlsIdentity;
  /** The federated peer that every node allows; undefined where none can be made. */
  readonly ally: TlsIdentity | undefined;
  readonly wrong: readonly WrongIdentity[];
  /** Another identity of the mesh's own trust domain, right in everything; undefined where none can be made. */
  readonly issue: ((spiffeId: string) => Promise<TlsIdentity>) | undefined;
}

// A bundle may hold many authorities, as after rotations; a stranger like each of these few says it all.
const mostStrangers = 4;

/** Makes the identities of these rows; rows whose signer is not to be had on this target are left out. */
export async function identitiesFor(target: Target, rows: readonly IdentityRow[]): Promise<Identities> {
  const { forging, probeIds } = target;
  const right = forging === undefined ? await target.probeIdentity() : await issue(forging.own, probeIds.own);
  const names = namesOf(target, right.spiffeId);
  const signers = await signersOf(target);
  const wrong = rows.flatMap(({ wrong: make, signer, ...row }) =>
    signers[signer].map(async (authority, at, { length }): Promise<WrongIdentity> => {
      const { spiffeId = right.spiffeId, change } = make(names);
      const identity = await issue(authority, spiffeId, change);
      const title = length > 1 ? `${row.title}, ${at + 1} of ${length}` : row.title;
      return { ...row, title, identity: { ...identity, spiffeId: right.spiffeId } };
    }),
  );
  return {
    right,
    ally: forging && probeIds.federated ? await issue(forging.federated.authority, probeIds.federated) : undefined,
    wrong: await Promise.all(wrong),
    issue: forging && ((spiffeId) => issue(forging.own, spiffeId)),
  };
}

async function issue(
  authority: Authority,
  spiffeId: string,
  change?: ReturnType<IdentityRow['wrong']>['change'],
): Promise<TlsIdentity> {
  const now = Date.now();
  const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) };
  const svid = await authority.issue({ spiffeId, ...validity, ...(change && { change }) });
  return { spiffeId, cert: svid.certificatePem, key: svid.privateKeyPem };
}

function namesOf({ trustDomain, forging }: Target, right: string): Names {
  const now = Date.now();
  return {
    right,
    trustDomain,
    path: right.slice(`spiffe://${trustDomain}`.length),
    federatedDomain: forging?.federated.trustDomain ?? unknownDomain,
    id: (path) => `spiffe://${trustDomain}${path}`,
    at: (seconds) => new Date(now + seconds * 1_000),
  };
}

async function signersOf({ trustDomain, forging, authorities }: Target): Promise<Record<Signer, readonly Authority[]>> {
  const known = (await authorities()).map((pem) => readCertificate(pemToDer(pem)));
  const spire = known.filter(({ fingerprint }) => fingerprint !== forging?.own.certificate.fingerprint);
  const [unknown, likeOwn, ...likeSpire] = await Promise.all([
    forgeAuthority({ trustDomain: unknownDomain }),
    forging && forgeAuthority({ trustDomain, like: forging.own.certificate }),
    ...spire.slice(0, mostStrangers).map((like) => forgeAuthority({ trustDomain, like })),
  ]);
  return {
    own: forging ? [forging.own] : [],
    federated: forging ? [forging.federated.authority] : [],
    unknown: [unknown],
    'like-own': likeOwn ? [likeOwn] : [],
    'like-spire': likeSpire,
  };
}

import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import type { Authority } from '../../src/svid/x509/forge.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import type { TlsIdentity } from '../../fixtures/probes/probe.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { unknownDomain } from '../mesh/pinning.ts';
import type { Behind, IdentityRow, Level, Names, Odd, Signer } from './row.ts';

/** The identity of a row, made anew each time that it is shown: its times count from then. */
export interface OddIdentity extends Omit<IdentityRow, 'odd' | 'signer'> {
  readonly identity: () => Promise<TlsIdentity>;
}

/** An identity that other rows stand beside, and the same below an intermediate; undefined where none can be made. */
export interface RightIdentity {
  readonly direct: TlsIdentity | undefined;
  readonly chained: TlsIdentity | undefined;
}

/** The identities that the matrix is made of: the right one, that of the federated ally, and those of these rows. */
export interface Identities {
  readonly right: RightIdentity & { readonly direct: TlsIdentity };
  /** The federated peer that every node allows. */
  readonly ally: RightIdentity;
  readonly odd: readonly OddIdentity[];
  /** Another identity of the mesh's own trust domain, right in everything; undefined where none can be made. */
  readonly issue: ((spiffeId: string) => Promise<TlsIdentity>) | undefined;
}

// A bundle may hold many authorities, as after rotations; a stranger like each of these few says it all.
const mostStrangers = 4;

/** Makes the identities of these rows; rows whose signer is not to be had on this target are left out. */
export async function identitiesFor(target: Target, rows: readonly IdentityRow[]): Promise<Identities> {
  const { forging, probeIds } = target;
  const [right, ally, signers] = await Promise.all([
    forging === undefined ? target.probeIdentity() : issueIdentity(forging.own, probeIds.own),
    forging && probeIds.federated ? rightOf(forging.federated.authority, probeIds.federated) : none,
    signersOf(target),
  ]);
  const names = namesOf(target, right.spiffeId);
  const behind: Behinds = { ...(forging && { 'own-authority': forging.own.certificatePem }), 'right-svid': right.cert };
  const odd = rows.flatMap(({ odd: make, signer, ...row }) =>
    signers[signer].map((authority, at, { length }): OddIdentity => {
      const title = length > 1 ? `${row.title}, ${at + 1} of ${length}` : row.title;
      const identity = () => oddIdentity(authority, right.spiffeId, make(names), behind);
      return { ...row, title, identity };
    }),
  );
  return {
    right: { direct: right, chained: forging && (await issueBelow(forging.own, [{}], right.spiffeId)) },
    ally,
    odd,
    issue: forging && ((spiffeId) => issueIdentity(forging.own, spiffeId)),
  };
}

const none: RightIdentity = { direct: undefined, chained: undefined };

async function rightOf(authority: Authority, spiffeId: string): Promise<RightIdentity> {
  const [direct, chained] = await Promise.all([
    issueIdentity(authority, spiffeId),
    issueBelow(authority, [{}], spiffeId),
  ]);
  return { direct, chained };
}

type Behinds = Readonly<Partial<Record<Exclude<Behind, 'signer'>, string>>>;

async function oddIdentity(
  authority: Authority,
  right: string,
  { goesBy = right, spiffeId = goesBy, change, below = [], behind }: Odd,
  certificates: Behinds,
): Promise<TlsIdentity> {
  const identity = await issueBelow(authority, below, spiffeId, change);
  const last = behind === 'signer' ? authority.certificatePem : behind && certificates[behind];
  return { ...identity, spiffeId: goesBy, cert: identity.cert + (last ?? '') };
}

async function issueBelow(
  signer: Authority,
  levels: readonly Level[],
  spiffeId: string,
  change?: Odd['change'],
): Promise<TlsIdentity> {
  const { trustDomain } = parseSpiffeId(signer.certificate.uriSans[0] ?? '');
  let issuer = signer;
  for (const level of levels) issuer = await forgeAuthority({ ...level, trustDomain, issuer });
  return issueIdentity(issuer, spiffeId, change && { change });
}

function namesOf({ trustDomain, forging, probeIds }: Target, right: string): Names {
  return {
    right,
    ally: probeIds.federated ?? '',
    trustDomain,
    path: right.slice(`spiffe://${trustDomain}`.length),
    name: right.slice(right.lastIndexOf('/') + 1),
    federatedDomain: forging?.federated.trustDomain ?? unknownDomain,
    id: (path) => `spiffe://${trustDomain}${path}`,
    at: (seconds) => new Date(Date.now() + seconds * 1_000),
  };
}

async function signersOf({ trustDomain, forging, authorities }: Target): Promise<Record<Signer, readonly Authority[]>> {
  const known = (await authorities()).map((pem) => readCertificate(pemToDer(pem)));
  const spire = known.filter(({ fingerprint }) => fingerprint !== forging?.own.certificate.fingerprint);
  const [unknown, stranger, likeOwn, ...likeSpire] = await Promise.all([
    forgeAuthority({ trustDomain: unknownDomain }),
    forgeAuthority({ trustDomain }),
    forging && forgeAuthority({ trustDomain, like: forging.own.certificate }),
    ...spire.slice(0, mostStrangers).map((like) => forgeAuthority({ trustDomain, like })),
  ]);
  return {
    own: forging ? [forging.own] : [],
    federated: forging ? [forging.federated.authority] : [],
    unknown: [unknown],
    stranger: [stranger],
    'like-own': likeOwn ? [likeOwn] : [],
    'like-spire': likeSpire,
  };
}

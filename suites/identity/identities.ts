import { findSpiffeId, parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import type { Authority } from '../../src/svid/x509/forge.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import type { TlsIdentity } from '../../fixtures/probes/probe.ts';
import { ownAuthorityOf } from '../../fixtures/target/attach/own-authority.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { unknownDomain } from '../mesh/pinning.ts';
import type { Behind, IdentityRow, Level, Names, Odd, Signer } from './row.ts';

/** The identity of a row, made when it is first shown. Where seconds matter it is made anew each time: its times count from then. */
export interface OddIdentity extends Omit<IdentityRow, 'odd' | 'signer'> {
  readonly identity: () => Promise<TlsIdentity>;
  /** The name that it shows, where that is another one that somebody may be allowed by. */
  readonly shows?: string;
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

/**
 * Makes the identities of these rows; rows whose signer is not to be had on this target are left out.
 *
 * @param caller - in whose name a node is called, where it does not accept the probe itself: all names are made of that
 */
export async function identitiesFor(
  target: Target,
  rows: readonly IdentityRow[],
  caller?: string,
): Promise<Identities> {
  const { forging, probeIds, named } = target;
  const [right, ally, signers] = await Promise.all([
    forging === undefined
      ? target.probeIdentity(caller)
      : issueBelow(forging.own, [], caller ?? probeIds.own, forging.leaf),
    forging?.federated && probeIds.federated ? rightOf(forging.federated.authority, probeIds.federated) : none,
    signersOf(target),
  ]);
  const names = namesOf(target, right.spiffeId);
  const behind: Behinds = { ...(forging && { 'own-authority': forging.own.certificatePem }), 'right-svid': right.cert };
  const odd = rows.flatMap(({ odd: make, signer, bySeconds, ...one }): OddIdentity[] => {
    const row: typeof one = {
      ...one,
      ...(bySeconds && target.ownClocks && { expect: 'either' }),
      // A stranger is refused whether or not there is a right identity below an intermediate to stand beside.
      ...(forging === undefined && one.beside === 'chain' && signer !== 'own' && { beside: 'right' }),
    };
    const made = make(names);
    // Not every ID has a dash, or a letter a: what a row makes of it may be the right one.
    if (signer === 'own' && row.expect === 'refused' && nameAlone(made) === right.spiffeId) return [];
    if (signer === 'own' && forging === undefined) {
      return named !== undefined && differsInName(made) && isAnotherName(made.spiffeId, right.spiffeId)
        ? [{ ...row, shows: made.spiffeId!, identity: () => namedIdentity(named, right.spiffeId, made, behind) }]
        : [];
    }
    return signers[signer].map((authority, at, { length }): OddIdentity => {
      const title = length > 1 ? `${row.title}, ${at + 1} of ${length}` : row.title;
      const anew = () => oddIdentity(authority, right.spiffeId, make(names), behind, forging?.leaf);
      let first: ReturnType<typeof anew> | undefined;
      const identity = bySeconds ? anew : () => (first ??= anew());
      const shows = signer === 'own' ? nameAlone(made) : undefined;
      return { ...row, title, identity, ...(shows !== undefined && { shows }) };
    });
  });
  return {
    right: { direct: right, chained: forging && (await issueBelow(forging.own, [{}], right.spiffeId, forging.leaf)) },
    ally,
    odd,
    issue: forging === undefined ? named : (spiffeId) => issueBelow(forging.own, [], spiffeId, forging.leaf),
  };
}

/** Not every ID has a dash, or letters in two cases: what a row makes of it may be no ID, or the same. */
function isAnotherName(name: string | undefined, right: string): boolean {
  return name !== undefined && name !== right && findSpiffeId(name) !== undefined;
}

/** The name that an identity shows where it is right in all but that; undefined where something else is odd about it, too. */
function nameAlone({ spiffeId, change, below = [], behind }: Odd): string | undefined {
  const isRight =
    below.every((level) => Object.keys(level).length === 0) && behind !== 'own-authority' && behind !== 'signer';
  if (!isRight) return undefined;
  if (change === undefined) return spiffeId;
  const { uriSans, ...others } = change;
  return uriSans?.length === 1 && Object.keys(others).length === 0 ? uriSans[0] : undefined;
}

/** Whether an identity is right in all but its name, so that SPIRE itself would issue it. */
export function differsInName({ spiffeId, change, below, behind }: Odd): boolean {
  return (
    spiffeId !== undefined &&
    change === undefined &&
    below === undefined &&
    behind !== 'own-authority' &&
    behind !== 'signer'
  );
}

async function namedIdentity(
  named: NonNullable<Target['named']>,
  right: string,
  { goesBy = right, spiffeId = goesBy, behind }: Odd,
  certificates: Behinds,
): Promise<TlsIdentity> {
  const identity = await named(spiffeId);
  const last = behind === 'right-svid' ? certificates[behind] : undefined;
  return { ...identity, spiffeId: goesBy, cert: identity.cert + (last ?? '') };
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
  leaf?: Odd['change'],
): Promise<TlsIdentity> {
  const identity = await issueBelow(authority, below, spiffeId, { ...leaf, ...change });
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
    sibling: `${right.slice(0, right.lastIndexOf('/'))}/assay-other`,
    federatedDomain: forging?.federated?.trustDomain ?? unknownDomain,
    id: (path) => `spiffe://${trustDomain}${path}`,
    at: (seconds) => new Date(Date.now() + seconds * 1_000),
  };
}

async function signersOf({ trustDomain, forging, authorities }: Target): Promise<Record<Signer, readonly Authority[]>> {
  const known = (await authorities()).map((pem) => readCertificate(pemToDer(pem)));
  // Of what is over, and of what earlier runs left, nobody need be afraid; the newest are those in use.
  const spire = known
    .filter(({ fingerprint }) => fingerprint !== forging?.own.certificate.fingerprint)
    .filter(({ notAfter, subject }) => notAfter > new Date() && ownAuthorityOf(subject) === undefined)
    .toSorted((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
  const [unknown, stranger, likeOwn, ...likeSpire] = await Promise.all([
    forgeAuthority({ trustDomain: unknownDomain }),
    forgeAuthority({ trustDomain }),
    forging && forgeAuthority({ trustDomain, like: forging.own.certificate }),
    ...spire.slice(0, mostStrangers).map((like) => forgeAuthority({ trustDomain, like })),
  ]);
  return {
    own: forging ? [forging.own] : [],
    federated: forging?.federated ? [forging.federated.authority] : [],
    unknown: [unknown],
    stranger: [stranger],
    'like-own': likeOwn ? [likeOwn] : [],
    'like-spire': likeSpire,
  };
}

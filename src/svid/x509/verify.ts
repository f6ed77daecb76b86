import type { TrustBundles } from '../bundle.ts';
import { parseSpiffeId, SpiffeIdError, type SpiffeId } from '../spiffe-id.ts';
import { extensionOids } from './extensions.ts';
import { forbiddenName } from './name-constraints.ts';
import type { Certificate } from './read.ts';
import { signedBy, type SignatureMemory } from './signature.ts';

/** Why an X.509-SVID was refused. */
export type VerifyFailure =
  | 'no-uri-san'
  | 'two-uri-sans'
  | 'not-a-spiffe-id'
  | 'no-path'
  | 'ca-leaf'
  | 'key-usage'
  | 'expired'
  | 'not-yet-valid'
  | 'unknown-trust-domain'
  | 'unknown-authority'
  | 'bad-chain';

export type Verification =
  | { readonly ok: true; readonly spiffeId: SpiffeId; readonly authority: Certificate }
  | { readonly ok: false; readonly reason: VerifyFailure; readonly detail: string };

type Refusal = Extract<Verification, { ok: false }>;

/** No mesh needs more, and a peer may send anything. */
const maxChain = 10;
const maxSignatureChecks = 100;

/** Critical extensions whose meaning is known here, so that a certificate with any other is refused. Source: RFC 5280 §4.2. */
const understood = new Set<string>([...Object.values(extensionOids), '2.5.29.31', '2.5.29.32']);

/**
 * Validates a peer's X.509-SVID: its leaf, and a path from it to an authority of the trust domain that its own ID names.
 *
 * @param chain - the leaf, then intermediates in any order
 * @param bundles - authorities by trust domain; those of another trust domain never help
 * @param at - the instant to judge; both bounds of a validity belong to it
 * @param memory - signatures found right before; without it every one is checked
 *
 * Source: X509-SVID §5.1 (path), §5.2 (leaf); SPIFFE-ID §3; RFC 5280 §6.1. The absence of key usage is the
 * issuer's fault (X509-SVID §4.3) and no reason to refuse: validators are told to look at three usages only.
 */
export function verifyX509Svid(
  chain: readonly Certificate[],
  bundles: TrustBundles,
  at: Date,
  memory?: SignatureMemory,
): Verification {
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined) return refused('bad-chain', 'there is no certificate');
  if (chain.length > maxChain)
    return refused('bad-chain', `${chain.length} certificates, at most ${maxChain} are looked at`);

  const spiffeId = leafId(leaf);
  if ('reason' in spiffeId) return spiffeId;
  const fault = leafFault(leaf) ?? validityFault(leaf, at) ?? extensionFault(leaf);
  if (fault !== undefined) return fault;
  const authorities = bundles.get(spiffeId.trustDomain);
  if (authorities === undefined) return refused('unknown-trust-domain', `no bundle for ${spiffeId.trustDomain}`);

  const search: Search = { authorities, intermediates, at, memory, checksLeft: maxSignatureChecks };
  const found = findAuthority(search, [leaf]);
  return 'reason' in found ? found : { ok: true, spiffeId, authority: found };
}

function leafId(leaf: Certificate): SpiffeId | Refusal {
  const [text, ...others] = leaf.uriSans;
  if (text === undefined) return refused('no-uri-san', 'the leaf has no URI SAN');
  if (others.length > 0)
    return refused(
      'two-uri-sans',
      `the leaf has ${leaf.uriSans.length} URI SANs: ${leaf.uriSans
        .slice(0, 4)
        .map((uri) => JSON.stringify(uri.slice(0, 120)))
        .join(', ')}`,
    );
  try {
    const id = parseSpiffeId(text);
    return id.path === ''
      ? refused('no-path', `the leaf's SPIFFE ID names a trust domain and no workload: ${text}`)
      : id;
  } catch (error) {
    if (error instanceof SpiffeIdError) return refused('not-a-spiffe-id', error.message);
    throw error;
  }
}

function leafFault(leaf: Certificate): Refusal | undefined {
  if (leaf.isCa) return refused('ca-leaf', 'the leaf is marked as a CA');
  const signing = leaf.keyUsage?.filter((usage) => usage === 'keyCertSign' || usage === 'cRLSign') ?? [];
  return signing.length > 0
    ? refused('key-usage', `the leaf's key may be used for ${signing.join(' and ')}`)
    : undefined;
}

function validityFault(certificate: Certificate, at: Date): Refusal | undefined {
  if (at.getTime() > certificate.notAfter.getTime())
    return refused(
      'expired',
      `${nameOf(certificate)} ended at ${certificate.notAfter.toISOString()}, judged at ${at.toISOString()}`,
    );
  if (at.getTime() < certificate.notBefore.getTime())
    return refused(
      'not-yet-valid',
      `${nameOf(certificate)} begins at ${certificate.notBefore.toISOString()}, judged at ${at.toISOString()}`,
    );
  return undefined;
}

function extensionFault(certificate: Certificate): Refusal | undefined {
  const unknown = certificate.extensions.find(({ oid, critical }) => critical && !understood.has(oid));
  if (unknown !== undefined)
    return refused(
      'bad-chain',
      `${nameOf(certificate)} has critical extension ${unknown.oid}, which is not understood`,
    );
  const broken = certificate.unreadable[0];
  return broken === undefined
    ? undefined
    : refused('bad-chain', `${nameOf(certificate)} has extension ${broken} in a form that cannot be read`);
}

interface Search {
  readonly authorities: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly at: Date;
  readonly memory: SignatureMemory | undefined;
  checksLeft: number;
}

/** Depth first from the end of `path`; a path that ends at a fault says more than one that ends nowhere. */
function findAuthority(search: Search, path: readonly Certificate[]): Certificate | Refusal {
  const child = path.at(-1) as Certificate;
  let nearest: Refusal | undefined;
  for (const authority of likelyIssuers(child, search.authorities)) {
    if (!isSigned(search, child, authority)) continue;
    const fault = issuerFault(authority, path, search.at);
    if (fault === undefined) return authority;
    nearest ??= fault;
  }
  for (const intermediate of likelyIssuers(child, search.intermediates)) {
    if (path.includes(intermediate) || !isSigned(search, child, intermediate)) continue;
    const found = issuerFault(intermediate, path, search.at) ?? findAuthority(search, [...path, intermediate]);
    if (!('reason' in found)) return found;
    nearest ??= found;
  }
  if (nearest !== undefined) return nearest;
  return search.checksLeft > 0
    ? refused(
        'unknown-authority',
        `no authority of the bundle signed ${nameOf(child)} of issuer "${child.issuer}", key ${child.authorityKeyId ?? 'not named'}`,
      )
    : refused('bad-chain', `no path found within ${maxSignatureChecks} signatures`);
}

/** Those with the right name; the ones whose key identifier fits come first, for identifiers are hints and prove nothing. */
function likelyIssuers(child: Certificate, candidates: readonly Certificate[]): readonly Certificate[] {
  const named = candidates.filter(({ subjectHex }) => subjectHex === child.issuerHex);
  if (named.length < 2) return named;
  const fits = ({ subjectKeyId }: Certificate): boolean => subjectKeyId === child.authorityKeyId;
  return [...named.filter(fits), ...named.filter((candidate) => !fits(candidate))];
}

function isSigned(search: Search, child: Certificate, issuer: Certificate): boolean {
  search.checksLeft -= 1;
  return search.checksLeft >= 0 && signedBy(child, issuer, search.memory);
}

/** What keeps a certificate from being the issuer of the last one in `path`. Source: RFC 5280 §6.1.4 (g) and (k) to (n); X509-SVID §4.1 to §4.3. */
function issuerFault(issuer: Certificate, path: readonly Certificate[], at: Date): Refusal | undefined {
  if (!issuer.isCa) return refused('bad-chain', `${nameOf(issuer)} issued a certificate and is no CA`);
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.includes('keyCertSign'))
    return refused('bad-chain', `${nameOf(issuer)} issued a certificate and its key may not sign any`);
  const between = path.slice(1).filter(({ selfIssued }) => !selfIssued).length;
  if (issuer.pathLength !== undefined && between > issuer.pathLength) {
    return refused(
      'bad-chain',
      `${nameOf(issuer)} allows ${issuer.pathLength} intermediates below it, there are ${between}`,
    );
  }
  return validityFault(issuer, at) ?? extensionFault(issuer) ?? nameFault(issuer, path);
}

/** Names are held to what each issuer above them says; a CA that only renews itself is passed over. Source: RFC 5280 §6.1.3 (b), (c). */
function nameFault(issuer: Certificate, path: readonly Certificate[]): Refusal | undefined {
  const { nameConstraints } = issuer;
  if (nameConstraints === undefined) return undefined;
  for (const [at, certificate] of path.entries()) {
    const name = at > 0 && certificate.selfIssued ? undefined : forbiddenName(certificate, nameConstraints);
    if (name !== undefined)
      return refused('bad-chain', `${nameOf(issuer)} allows no certificate below it to have ${name}`);
  }
  return undefined;
}

function nameOf(certificate: Certificate): string {
  const id = certificate.uriSans[0];
  return `certificate ${certificate.serial}${id === undefined ? '' : ` of ${id.slice(0, 120)}`}`;
}

function refused(reason: VerifyFailure, detail: string): Refusal {
  return { ok: false, reason, detail };
}

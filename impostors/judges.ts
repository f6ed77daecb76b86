import type { Certificate } from '../src/svid/x509/read.ts';
import { verifyX509Svid, type VerifyFailure } from '../src/svid/x509/verify.ts';
import type { Behaviour } from '../mesh/node/behaviour.ts';
import type { Held } from '../mesh/node/held.ts';
import { judgePeer, type PeerJudgement } from '../mesh/node/peer.ts';

/** Who may be a peer: one way to judge, for both ends. */
export type Judge = (chain: readonly Certificate[], held: Held, allow: ReadonlySet<string>, at: Date) => PeerJudgement;

export const asServer = (judge: Judge): Partial<Behaviour> => ({ judgeClient: judge });
/** A client accepts one: the peer that it asked for. */
export const asClient = (judge: Judge): Partial<Behaviour> => ({
  judgeServer: (chain, held, _allow, expect, at) => judge(chain, held, new Set([expect]), at),
});

/** A beginning and an end of what is good at all times. */
export const always = new Date('2000-01-01T00:00:00Z');
export const never = new Date('2100-01-01T00:00:00Z');

/** The name alone of an ID's trust domain, and its path with the slash before it: taken apart and no more, so that whatever stands there stays. */
export const trustDomainOf = (id: string): string => id.split('/')[2] ?? '';
export const pathOf = (id: string): string => `/${id.split('/').slice(3).join('/')}`;

/** Right in all but how an ID is compared with an allowed one. */
export function comparing(same: (allowed: string, shown: string) => boolean): Judge {
  return (chain, held, allow, at) => {
    const verified = verifyX509Svid(chain, held.bundles, at);
    if (!verified.ok) return { ok: false, why: verified.detail };
    const spiffeId = verified.spiffeId.text;
    return [...allow].some((allowed) => same(allowed, spiffeId))
      ? { ok: true, spiffeId }
      : { ok: false, why: `${spiffeId} is not allowed` };
  };
}

/** Right in all but how the leaf is read. Signatures are over its bytes, which stay. */
export function misreading(
  read: (leaf: Certificate, allow: ReadonlySet<string>, held: Held) => Partial<Certificate>,
): Judge {
  return ([leaf, ...rest], held, allow, at) =>
    judgePeer(leaf === undefined ? [] : [{ ...leaf, ...read(leaf, allow, held) }, ...rest], held, allow, at);
}

/** Right in all but how the certificates behind the leaf are read. */
export function misreadingBehind(read: (certificate: Certificate) => Partial<Certificate>): Judge {
  return ([leaf, ...rest], held, allow, at) =>
    judgePeer(leaf === undefined ? [] : [leaf, ...rest.map((one) => ({ ...one, ...read(one) }))], held, allow, at);
}

/** Right in all but which certificates of a chain are looked at. */
export function shortening(looksAt: (chain: readonly Certificate[]) => readonly Certificate[]): Judge {
  return (chain, held, allow, at) => judgePeer(looksAt(chain), held, allow, at);
}

/** Right in all but how it reads the text of a URI SAN; each is read by itself. */
export function respelling(read: (uri: string, held: Held) => string): Judge {
  return misreading(({ uriSans }, _allow, held) => ({ uriSans: uriSans.map((uri) => read(uri, held)) }));
}

/** Lets its own authorities vouch for whatever trust domain they name, and compares the text of the ID in a way of its own. */
export function underOwnAuthority(same: (allowed: string, shown: string) => boolean): Judge {
  return (chain, held, allow, at) => {
    const shown = chain[0]?.uriSans[0] ?? '';
    const met = [...allow].find((allowed) => same(allowed, shown));
    const judged = misreading(() => (met === undefined ? {} : { uriSans: [met] }))(chain, held, allow, at);
    return judged.ok ? { ok: true, spiffeId: shown } : judged;
  };
}

/** Right in all but which authorities count. */
export function trusting(bundles: (held: Held, chain: readonly Certificate[]) => Held['bundles']): Judge {
  return (chain, held, allow, at) => judgePeer(chain, { ...held, bundles: bundles(held, chain) }, allow, at);
}

/** Right in all but that it lets one reason to refuse pass, `when` it likes the leaf. */
export function forgiving(
  reason: VerifyFailure,
  when: (leaf: Certificate, held: Held, chain: readonly Certificate[]) => boolean,
  same = (allowed: string, shown: string) => allowed === shown,
): Judge {
  return (chain, held, allow, at) => {
    const [leaf] = chain;
    const verified = verifyX509Svid(chain, held.bundles, at);
    const shown = leaf?.uriSans[0] ?? '';
    if (leaf === undefined || verified.ok || verified.reason !== reason || !when(leaf, held, chain))
      return judgePeer(chain, held, allow, at);
    return [...allow].some((allowed) => same(allowed, shown))
      ? { ok: true, spiffeId: shown }
      : { ok: false, why: `${shown} is not allowed` };
  };
}

/** Right at first; whoever has the same `key` as somebody who was accepted is that one from then on. */
export function remembering(
  key: (leaf: Certificate, held: Held) => string | undefined,
  judge: Judge = judgePeer,
): Judge {
  const accepted = new Map<string, PeerJudgement>();
  return (chain, held, allow, at) => {
    const known = chain[0] && key(chain[0], held);
    const before = known === undefined ? undefined : accepted.get(known);
    if (before !== undefined) return before;
    const judged = judge(chain, held, allow, at);
    if (judged.ok && known !== undefined) accepted.set(known, judged);
    return judged;
  };
}

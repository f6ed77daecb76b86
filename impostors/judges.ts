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

/** Right in all but which authorities count. */
export function trusting(bundles: (held: Held) => Held['bundles']): Judge {
  return (chain, held, allow, at) => judgePeer(chain, { ...held, bundles: bundles(held) }, allow, at);
}

/** Right in all but that it lets one reason to refuse pass, `when` it likes the leaf. */
export function forgiving(
  reason: VerifyFailure,
  when: (leaf: Certificate, held: Held) => boolean,
  same = (allowed: string, shown: string) => allowed === shown,
): Judge {
  return (chain, held, allow, at) => {
    const [leaf] = chain;
    const verified = verifyX509Svid(chain, held.bundles, at);
    const shown = leaf?.uriSans[0] ?? '';
    if (leaf === undefined || verified.ok || verified.reason !== reason || !when(leaf, held))
      return judgePeer(chain, held, allow, at);
    return [...allow].some((allowed) => same(allowed, shown))
      ? { ok: true, spiffeId: shown }
      : { ok: false, why: `${shown} is not allowed` };
  };
}

import { judgePeer, type PeerJudgement } from '../../mesh/node/peer.ts';
import type { Held } from '../../mesh/node/held.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { inBothRoles } from '../both-roles.ts';
import type { Impostor, ImpostorNode } from '../impostor.ts';
import { pathOf, trustDomainOf, type Judge } from '../judges.ts';

/** Right in all but that it refuses whoever is `odd`. */
const refusing =
  (odd: (leaf: Certificate, held: Held, at: Date) => boolean): Judge =>
  (chain, held, allow, at) =>
    chain[0] !== undefined && odd(chain[0], held, at)
      ? { ok: false, why: 'not as it should be' }
      : judgePeer(chain, held, allow, at);

/** Refuses a certificate that was shown before, as a message that was sent twice. */
function onlyOnce(): Judge {
  const seen = new Set<string>();
  return (chain, held, allow, at) => {
    const judged = judgePeer(chain, held, allow, at);
    const { fingerprint = '' } = chain[0] ?? {};
    const again = judged.ok && seen.has(fingerprint);
    seen.add(fingerprint);
    return again ? { ok: false, why: 'shown before' } : judged;
  };
}

/** Keeps the first key that it sees for each subject, and refuses any other. */
function firstKeyOfSubject(): Judge {
  const keys = new Map<string, string>();
  return (chain, held, allow, at) => {
    const judged = judgePeer(chain, held, allow, at);
    const [leaf] = chain;
    if (!judged.ok || leaf === undefined) return judged;
    const kept = keys.get(leaf.subjectHex) ?? leaf.fingerprint;
    keys.set(leaf.subjectHex, kept);
    return kept === leaf.fingerprint ? judged : { ok: false, why: 'another key of the same subject' };
  };
}

interface Refusal {
  readonly id: string;
  readonly title: string;
  readonly judge: Judge;
  readonly source: string;
  /** Whom it wrongly refuses. */
  readonly ally?: true;
}

/** Turns away whom it should let in, in either role. */
function turningAway({ ally, ...refusal }: Refusal): ImpostorNode[] {
  const row = ally ? 'an allowed ID of a federated trust domain' : 'exactly the';
  return inBothRoles({ ...refusal, breaks: 'mesh/pinning/exact-id', row }, 'refused, wanted accepted');
}

/** Accepts the right caller under the name that `rename` makes of the right one. */
function misnaming(rename: (spiffeId: string, leaf: Certificate, held: Held) => string): ImpostorNode['change'] {
  return {
    judgeClient: (chain, held, allow, at) => {
      const judged: PeerJudgement = judgePeer(chain, held, allow, at);
      return judged.ok ? { ok: true, spiffeId: rename(judged.spiffeId, chain[0]!, held) } : judged;
    },
  };
}

const misnamed = {
  kind: 'node',
  breaks: 'mesh/pinning/exact-id',
  reason: /^NODE as server: exactly the allowed ID: accepted, but taken for .* instead of /,
} as const;

/** Nodes that refuse who is right, or let the right one in under another name. */
export const refusingImpostors: readonly Impostor[] = [
  ...turningAway({
    id: 'refuse-without-common-name',
    title: 'refuses certificates without a common name',
    judge: refusing(({ commonName }) => commonName === undefined),
    source: 'haskell-tls/hs-certificate#47',
  }),
  ...turningAway({
    id: 'refuse-without-host-name',
    title: 'refuses certificates that name no host, as the web wants it',
    judge: refusing(({ dnsSans }) => dnsSans.length === 0),
    source: 'networkservicemesh/sdk#264',
  }),
  ...turningAway({
    id: 'refuse-deep-paths',
    title: 'refuses IDs with more than one segment',
    judge: refusing(({ uriSans }) => pathOf(uriSans[0] ?? '').split('/').length > 2),
    source: 'SPIFFE-ID §2.2',
  }),
  ...turningAway({
    id: 'refuse-milliseconds',
    title: 'compares a clock in milliseconds with an end in seconds, by which all is expired',
    judge: refusing(({ notAfter }, _held, at) => at.getTime() > notAfter.getTime() / 1_000),
    source: 'CWE-682',
  }),
  ...turningAway({
    id: 'refuse-local-time',
    title: 'reads the beginning of an SVID as local time, five hours west of Greenwich',
    judge: refusing(({ notBefore }, _held, at) => notBefore.getTime() + 5 * 3_600_000 > at.getTime()),
    source: 'RFC 5280 §4.1.2.5.1',
  }),
  ...turningAway({
    id: 'refuse-other-shape',
    title: 'refuses IDs that are not of the shape ns/NAMESPACE/sa/NAME',
    judge: refusing(({ uriSans }) => !/^\/ns\/[^/]+\/sa\/[^/]+$/.test(pathOf(uriSans[0] ?? ''))),
    source: 'Istio, SPIFFE identity format',
  }),
  ...turningAway({
    id: 'refuse-shown-before',
    title: 'refuses a certificate that it has seen before',
    judge: onlyOnce(),
    source: 'CWE-697',
  }),
  ...turningAway({
    id: 'refuse-second-of-subject',
    title: 'keeps certificates by subject, and refuses a second of the same',
    judge: firstKeyOfSubject(),
    source: 'spiffe/spire#1793',
    ally: true,
  }),
  ...turningAway({
    id: 'refuse-other-domain',
    title: 'refuses IDs of other trust domains than its own, whatever is allowed',
    judge: refusing(({ uriSans }, held) => trustDomainOf(uriSans[0] ?? '') !== trustDomainOf(held.spiffeId)),
    source: 'istio/istio#26748',
    ally: true,
  }),
  {
    ...misnamed,
    id: 'name-without-scheme',
    title: 'It names the right caller without the scheme',
    source: 'istio/istio#50710',
    change: misnaming((spiffeId) => spiffeId.replace('spiffe://', '')),
  },
  {
    ...misnamed,
    id: 'name-by-subject',
    title: 'It names the right caller by the subject of the certificate',
    source: 'traiana/kafka-spiffe-principal#1',
    change: misnaming((_spiffeId, { subject }) => subject),
  },
  {
    ...misnamed,
    id: 'name-last-segment',
    title: 'It names the right caller by the last segment of the ID',
    source: 'SPIFFE-ID §2.2',
    change: misnaming((spiffeId) => spiffeId.slice(spiffeId.lastIndexOf('/') + 1)),
  },
  {
    ...misnamed,
    id: 'name-in-upper-case',
    title: 'It names the right caller in upper case',
    source: 'CWE-178',
    change: misnaming((spiffeId) => spiffeId.toUpperCase()),
  },
];

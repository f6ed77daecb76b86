import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import type { Seen, TlsIdentity } from '../../fixtures/probes/probe.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { FixtureError } from '../../src/errors.ts';

/** Makes identities of the probe that every node accepts, each with an end of its own, in whole seconds; without one, it lives on. */
export type Issue = (notAfter?: Date) => Promise<TlsIdentity>;

export function identitiesOf({ forging, probeIds, name }: Target): Issue {
  if (forging === undefined) throw new FixtureError(`mesh ${name} trusts no authority of ours to make identities with`);
  return (notAfter) => issueIdentity(forging.own, probeIds.own, notAfter && { notAfter });
}

/** What came of an identity that was shown near its end: who refused one that ended meanwhile was right, so that it tells nothing. */
export function orEnded<Of extends Seen | DialSeen>(seen: Of, inTime: boolean): Of {
  if (seen.outcome === 'accepted' || inTime) return seen;
  return { ...seen, outcome: 'unknown', how: `${seen.how}; the identity came to its end meanwhile` };
}

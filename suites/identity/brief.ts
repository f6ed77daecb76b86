import { setTimeout as sleep } from 'node:timers/promises';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import type { Seen, TlsIdentity } from '../../fixtures/probes/probe.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { lastSecondMs } from '../../src/checkers/cut.ts';
import { FixtureError } from '../../src/errors.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';

// Time to be shown once; then for further attempts, where the machine is so busy that it ended under way.
const livesSeconds = [2, 4, 8];
// As SPIRE has it, for clocks that differ. Source: SPIRE 1.15, pkg/server/credtemplate/builder.go (NotBeforeCushion).
const cushionMs = 10_000;

/** An SVID that was accepted, or was to be, and ends soon. */
export interface Brief {
  readonly identity: TlsIdentity;
  readonly notAfterMs: number;
  /**
   * Until when it may rightly be accepted, by whatever clock. Whoever accepted it at first has one that is behind by no more than the time by which it
   * began before it was issued: otherwise it had not yet been valid. And no clock lets an SVID in for longer than the whole of its life.
   *
   * @param acceptedAtMs - when it had been accepted for the first time
   */
  beyondEveryClockMs(acceptedAtMs: number): number;
}

/** Gives right identities under a name that end soon, each later than the one before; by SPIRE, or by an authority of ours where that is trusted. */
export function briefOf({ named, forging }: Target, spiffeId: string): () => Promise<Brief> {
  let attempt = 0;
  const issue = async (seconds: number): Promise<TlsIdentity> => {
    if (named !== undefined) return named(spiffeId, seconds);
    if (forging === undefined) throw new FixtureError('there is nobody who issues SVIDs that end during the run');
    const whole = (ms: number) => new Date(Math.ceil(ms / 1_000) * 1_000);
    const [notBefore, notAfter] = [whole(Date.now() - cushionMs), whole(Date.now() + 1_000 * seconds)];
    return issueIdentity(forging.own, spiffeId, { notBefore, notAfter, ...(forging.leaf && { change: forging.leaf }) });
  };
  return async () => {
    const identity = await issue(livesSeconds[Math.min(attempt++, livesSeconds.length - 1)]!);
    const { notBefore, notAfter } = readCertificate(pemToDer(identity.cert));
    const notAfterMs = notAfter.getTime();
    return {
      ...{ identity, notAfterMs },
      beyondEveryClockMs: (acceptedAtMs) => acceptedAtMs + (notAfterMs - notBefore.getTime()) + lastSecondMs,
    };
  };
}

/** Who refused one that had ended meanwhile was right: that tells nothing, and it is asked for again with one that lives longer. */
export function unlessEnded<T extends Seen | DialSeen>(seen: T, { notAfterMs }: Brief): T {
  if (seen.outcome === 'accepted' || Date.now() < notAfterMs) return seen;
  return { ...seen, outcome: 'unknown', ending: 'unseen', how: `${seen.how}; the SVID had come to its end meanwhile` };
}

/** Waits until an instant of the wall clock: time itself is what is tried. */
export const until = (atMs: number, signal: AbortSignal) =>
  sleep(Math.max(0, atMs - Date.now()), undefined, { signal });

/** As the row has it that is made with an authority of ours: less would say nothing of who reads the clock in whole seconds. */
export const surelyPastMs = 3_000;
export const lookMs = 1_000;

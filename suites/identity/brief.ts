import { setTimeout as sleep } from 'node:timers/promises';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import { leftOpen } from '../../fixtures/probes/meant.ts';
import type { Seen, TlsIdentity } from '../../fixtures/probes/probe.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { lastSecondMs } from '../../src/checkers/cut.ts';
import { FixtureError } from '../../src/errors.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';

// Time to be shown once; then for further attempts, where it ended under way as the machine is busy, or where the clock of the node is ahead.
const livesSeconds = [2, 4, 15];
// As SPIRE has it, for clocks that differ. Source: SPIRE 1.15, pkg/server/credtemplate/builder.go (NotBeforeCushion).
const cushionMs = 10_000;
// Of an issuer whose clock is further ahead of ours nothing is waited for.
const mostAheadMs = 5_000;
// Of an issuer that has its SVIDs begin long before they are issued, so that no clock need be right.
const longestMs = 60_000;

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
  /** Why its end is not waited for: it is not when it was asked for. */
  readonly strange?: string;
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
    const seconds = livesSeconds[Math.min(attempt++, livesSeconds.length - 1)]!;
    const identity = await issue(seconds);
    const { notBefore, notAfter } = readCertificate(pemToDer(identity.cert));
    const notAfterMs = notAfter.getTime();
    const aheadMs = notAfterMs - Date.now() - 1_000 * seconds;
    return {
      ...{ identity, notAfterMs },
      ...(aheadMs > mostAheadMs && {
        strange: `an SVID that was to live for ${seconds} s ends ${Math.round(aheadMs / 1_000)} s later than that by the clock of this machine: it is behind that of the issuer, and its end is not waited for`,
      }),
      beyondEveryClockMs: (acceptedAtMs) => acceptedAtMs + (notAfterMs - notBefore.getTime()) + lastSecondMs,
    };
  };
}

/**
 * A refusal of one that still lived, by our clock, tells nothing, be it by an alert: it ended under way, or the clock of the node is ahead by as much. It
 * is asked for again with one that lives longer.
 */
export function unlessRefused<T extends Seen | DialSeen>(seen: T, { strange }: Brief): T {
  if (strange !== undefined) return leftOpen(seen, `${seen.how}; ${strange}`);
  // What a service answers who turns callers away is made out beside what it is asked.
  if (seen.outcome !== 'refused' || seen.ending === 'turnedAway') return seen;
  const how = `${seen.how}: of an SVID that is to end within seconds: by a clock that is ahead, or as it had ended under way`;
  return { ...seen, outcome: 'unknown', ending: 'unseen', how };
}

/** Until when one that was accepted is asked about: beyond every clock, or as long as is waited at most. */
export function waitedFor(
  { notAfterMs, beyondEveryClockMs }: Brief,
  acceptedAtMs: number,
): { readonly beyondMs: number; readonly lastMs: number } {
  const beyondMs = Math.max(beyondEveryClockMs(acceptedAtMs), notAfterMs + surelyPastMs);
  return { beyondMs, lastMs: Math.min(beyondMs, acceptedAtMs + longestMs) };
}

/** How long past its end something was, in words. */
export const pastItsEnd = ({ notAfterMs }: Brief, atMs: number) =>
  `${Math.round((atMs - notAfterMs) / 1_000)} s past its end`;

/** Refused at last, after it had been taken so late that it may have been wrong. @param taken - what became of it then, in words */
export function refusedLate<T extends Seen | DialSeen>(seen: T, brief: Brief, takenMs: number, taken: string): T {
  const why = `${pastItsEnd(brief, takenMs)} it was ${taken}: by a clock that is behind, or by a leeway, and nobody knows which`;
  return leftOpen(seen, `${seen.how}; ${why}`);
}

/** Taken still when it is asked for the last time, and a clock may allow that. */
export const takenToTheLast = <T extends Seen | DialSeen>(seen: T, how: string): T =>
  leftOpen(seen, `${how}: it began so long before it was issued that a clock may be that far behind`);

/** Waits until an instant of the wall clock: time itself is what is tried. */
export const until = (atMs: number, signal: AbortSignal) =>
  sleep(Math.max(0, atMs - Date.now()), undefined, { signal });

/** As the row has it that is made with an authority of ours: less would say nothing of who reads the clock in whole seconds. */
export const surelyPastMs = 3_000;
export const lookMs = 1_000;

import { setTimeout as sleep } from 'node:timers/promises';
import { openControl, type Control } from '../../fixtures/probes/beside-control.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import { leftOpen, meant, told } from '../../fixtures/probes/meant.ts';
import type { Seen, TlsIdentity } from '../../fixtures/probes/probe.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, idTo, partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import { lastSecondMs } from '../../src/checkers/cut.ts';
import type { Role } from '../../src/clause.ts';
import { expired } from '../../src/clauses/x509-svid/path.ts';
import { FixtureError } from '../../src/errors.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import type { Suite, SuiteContext } from '../suite.ts';

// Time to be shown once; then for further attempts, where the machine is so busy that it ended under way.
const livesSeconds = [2, 4, 8];
// As the row has it that is made with an authority of ours: less would say nothing of who reads the clock in whole seconds.
const surelyPastMs = 3_000;
const everyMs = 1_000;
// Of an issuer that has its SVIDs begin long before they are issued, so that no clock need be right.
const longestMs = 60_000;

/** What becomes of an SVID of SPIRE itself that a node accepted, when it has ended: where nobody lends an authority that could sign one that has. */
export const ended: Suite = {
  id: 'ended',
  title: 'An SVID that ends',
  mesh: 'steady',
  needs: ['ending-svids'],
  decides: [expired],
  async run(context) {
    await allEnded(partsOf(context.target).map(({ node, role }) => inRole(context, node, role)));
  },
};

async function inRole({ target, recorder, signal }: SuiteContext, node: TargetNode, role: Role): Promise<void> {
  const { named } = target;
  if (named === undefined) throw new FixtureError('ended: there is nobody who issues SVIDs that end');
  const show = (identity: TlsIdentity) => showTo(target, node, role, identity);
  let identity!: TlsIdentity;
  let attempt = 0;
  let acceptedAtMs = 0;
  const whileItLives = async () => {
    identity = await named(idTo(target, node, role), livesSeconds[Math.min(attempt++, livesSeconds.length - 1)]);
    const seen = await show(identity);
    acceptedAtMs = Date.now();
    return seen && seen.outcome !== 'accepted' && acceptedAtMs >= validityOf(identity).notAfterMs
      ? { ...seen, outcome: 'unknown' as const, ending: 'unseen' as const, how: `${seen.how}; it had ended meanwhile` }
      : seen;
  };
  const control = await openControl({
    ...{ recorder, signal, trust: target, node, role, name: `ended/${node.name}/${role}` },
    right: { clause: expired, row: 'an SVID of SPIRE, near its end', offer: whileItLives },
    after: { row: 'an SVID that lives', offer: async () => show(await identityTo(target, node, role)) },
  } satisfies Control);
  const offer = () => pastItsEnd({ identity, acceptedAtMs, first: control.first, signal }, () => show(identity));
  await control.try([{ clause: expired, row: 'the same SVID, past its end', expect: 'refused', offer }]);
  await control.close();
}

interface Shown {
  readonly identity: TlsIdentity;
  /** When it had been accepted while it lived. */
  readonly acceptedAtMs: number;
  readonly first: Seen | DialSeen | undefined;
  readonly signal: AbortSignal;
}

/**
 * Shows an SVID past its end. Whoever refuses it does right. Whoever still accepts it may have a clock that is behind, by as much as the SVID began
 * before it was issued: otherwise it would not have been accepted at first. But no clock lets an SVID in for longer than the whole of its life.
 */
async function pastItsEnd(
  { identity, acceptedAtMs, first, signal }: Shown,
  show: () => Promise<Seen | DialSeen | undefined>,
): Promise<Seen | DialSeen | undefined> {
  const { notBeforeMs, notAfterMs } = validityOf(identity);
  const beyondEveryClockMs = acceptedAtMs + (notAfterMs - notBeforeMs) + lastSecondMs;
  const lastMs = Math.min(Math.max(beyondEveryClockMs, notAfterMs + surelyPastMs), acceptedAtMs + longestMs);
  await until(notAfterMs + surelyPastMs, signal);
  let letInMs: number | undefined;
  for (;;) {
    const beganMs = Date.now();
    const raw = await show();
    const seen = meant(first, raw);
    if (seen === undefined || (letInMs === undefined && seen.outcome !== 'accepted')) return raw;
    const past = `${Math.round(((letInMs ?? beganMs) - notAfterMs) / 1_000)} s past its end`;
    if (seen.outcome !== 'accepted')
      return leftOpen(
        seen,
        `${seen.how}; ${past} it was let in: by a clock that is behind, or by a leeway, and nobody knows which`,
      );
    letInMs = beganMs;
    const now = `${seen.how}, ${Math.round((beganMs - notAfterMs) / 1_000)} s past its end`;
    if (beganMs >= beyondEveryClockMs && beganMs >= notAfterMs + surelyPastMs)
      return told({ ...seen, how: `${now}, and longer after it was let in first than the whole of its life` });
    if (beganMs >= lastMs)
      return leftOpen(seen, `${now}: it began so long before it was issued that a clock may be that far behind`);
    await until(Math.min(beganMs + everyMs, Math.max(lastMs, beganMs)), signal);
  }
}

function validityOf({ cert }: TlsIdentity): { readonly notBeforeMs: number; readonly notAfterMs: number } {
  const { notBefore, notAfter } = readCertificate(pemToDer(cert));
  return { notBeforeMs: notBefore.getTime(), notAfterMs: notAfter.getTime() };
}

const until = (atMs: number, signal: AbortSignal) => sleep(Math.max(0, atMs - Date.now()), undefined, { signal });

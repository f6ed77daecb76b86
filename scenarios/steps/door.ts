import type { Callers } from '../../fixtures/faults/kinds/restart.ts';
import { openControl } from '../../fixtures/probes/beside-control.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import { meant } from '../../fixtures/probes/meant.ts';
import { offerPlaintext } from '../../fixtures/probes/plaintext.ts';
import { offerTo, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { whoAnswered, type WhoAnswered } from '../../fixtures/probes/who-answered.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { identityTo, idTo, type Target, type TargetNode } from '../../fixtures/target/target.ts';
import { strangersAtTheDoor as titles, unlookedMs } from '../../src/checkers/door.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { FixtureError } from '../../src/errors.ts';
import type { Exchange } from '../../src/history.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { thousandths } from '../../src/thousandths.ts';
import type { ScenarioContext } from '../scenario.ts';
import { watchAbsence } from './absence.ts';

// On a mesh whose owner says nothing of it: twenty a second. Four at once.
const leastEveryMs = 50;
const mostAtOnce = 4;
// A service that stands still takes connections and says nothing.
export const patienceMs = 1_500;
// How often each has come before anything is done, and what a busy machine may need for it beyond their pace.
const roundsBefore = 2;
// The right one, four strangers, and whoever shows an SVID that has ended.
const mostCallers = 6;
const slackMs = 20_000;
// Whoever offers nothing older than what is wanted is not let in by a fallback that speaks nothing newer.
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

/** What the calls at a door are to decide. */
export interface DoorClauses {
  readonly refuses: KnownClause;
  readonly isBack: KnownClause;
}

/** A service at which strangers and the right one call. The control was accepted when it was made. */
export interface Door extends AsyncDisposable, Callers {
  readonly node: TargetNode;
  /** A call comes so often, in milliseconds. */
  readonly everyMs: number;
  /** Strangers and the right one call in turn from now on. @param more - further ones who have to be refused, by row */
  begin(more?: readonly (readonly [row: string, identity: TlsIdentity])[]): void;
  /**
   * Each of them has come twice, and the right one was let in each time.
   *
   * @throws FixtureError where it was not, as by whoever takes fewer calls than the target file allows
   */
  steady(): Promise<void>;
  /** The right one comes once, and nothing is recorded. Gives how it was let in; undefined where it was not. */
  letsIn(withinMs: number): Promise<string | undefined>;
  /** Those who are under way come to their end, and the right one comes once more after them. @throws FixtureError where several stand there */
  end(): Promise<void>;
}

/** How often one service is called, in milliseconds: no more often than the target file allows. */
export const callEveryMs = ({ callsPerSecond = Infinity }: Pick<Target, 'callsPerSecond'>) =>
  Math.max(leastEveryMs, 1_000 / callsPerSecond);

interface Caller {
  readonly row: string;
  readonly isRight?: true;
  offer(): Promise<Seen>;
}

/**
 * Stands at the door of a service. What finds nobody there says nothing of whom it would let in and is not recorded, but for the right one.
 *
 * @throws FixtureError where the right one is not let in, so that nothing could be seen to change
 */
export async function standAtDoor(
  { target, recorder, signal }: ScenarioContext,
  node: TargetNode,
  { refuses, isBack }: DoorClauses,
): Promise<Door> {
  const name = `${refuses.id}/${node.name}/server`;
  const everyMs = callEveryMs(target);
  const rightOffer = async (withinMs = patienceMs) =>
    offerTo(node, { identity: await identityTo(target, node, 'server'), versions }, withinMs);
  const control = await openControl({
    ...{ recorder, signal, trust: target, node, role: 'server', name },
    right: { clause: refuses, row: 'the right identity', offer: rightOffer },
  });
  const { first } = control;
  if (!control.tells || first?.outcome !== 'accepted')
    throw new FixtureError(
      `${node.name} does not let the probe in before anything is done, so that nothing is done: ${first?.how}`,
    );
  const untold = whyNoStrangers(node, first);
  if (untold !== undefined)
    recorder.record({ kind: 'skip', clause: refuses.id, node: node.name, role: 'server', reason: untold });
  const turnMs = mostCallers * everyMs;
  if (untold === undefined && turnMs > unlookedMs)
    throw new FixtureError(
      `${node.name} may be called ${(1_000 / everyMs).toFixed(0)} times a second, too seldom for ${mostCallers} who come in turn within ${unlookedMs / 1_000} s, so that nothing is done: allow.load.perSecond of ${Math.ceil((1_000 * mostCallers) / unlookedMs)} is wanted`,
    );
  const unknown = await forgeAuthority({ trustDomain: target.trustDomain });
  const own = idTo(target, node, 'server');
  const [below, selfSigned] = await Promise.all([
    issueIdentity(unknown, own),
    issueIdentity(unknown, own, { change: { selfSigned: true } }),
  ]);
  const as = (row: string, identity?: TlsIdentity): Caller => ({
    row,
    offer: () => offerTo(node, { versions, ...(identity && { identity }) }, patienceMs),
  });
  const right: Caller = { row: 'the right identity', isRight: true, offer: rightOffer };
  const strangers = [
    as(titles.nobody),
    as(titles.selfSigned, selfSigned),
    as(titles.unknownAuthority, below),
    { row: titles.inTheClear, offer: () => offerPlaintext(node, patienceMs) },
  ];

  const came = async ({ isRight, offer }: Pick<Caller, 'isRight' | 'offer'>) => {
    const seen = meant(first, await offer(), { isControl: isRight === true }) as Seen;
    const { tls, server = [], beganAt = new Date() } = seen;
    // Whoever shows what cannot be read, or nothing, has shown nothing that proves it.
    const who = tls && (await whoAnswered(target, node, server, beganAt));
    const isIn = isRight === true && seen.outcome === 'accepted' && who !== undefined && who.unproven === undefined;
    return { seen, who, letIn: isIn ? seen.how : undefined };
  };
  const absence = watchAbsence(() => recorder.now());
  let calls = 0;
  let turnedAway: string | undefined;
  const call = async (caller: Caller) => {
    const { row, isRight } = caller;
    const startMs = recorder.now();
    const { seen, who, letIn } = await came(caller);
    const { ending, how } = seen;
    const isClosed = ending === 'noConnection' && how.startsWith('ECONNREFUSED');
    const port = isClosed ? 'closed' : ending === 'noConnection' ? 'unknown' : 'open';
    absence.note({ startMs, endMs: recorder.now(), port, letIn, how });
    calls++;
    if (isRight && letIn === undefined) turnedAway ??= how;
    // Who stands still says nothing; who has shaken hands and says nothing may serve in the end.
    if (isRight !== true && (ending === 'noConnection' || (ending === 'silence' && seen.tls === undefined))) return;
    recorder.record({
      ...exchangeOf(seen, who),
      ...{ row, node: node.name, role: 'server', control: name },
      ...(isRight ? { clause: isBack.id, expect: 'either' } : { clause: refuses.id, expect: 'refused' }),
    });
  };

  const underWay = new Set<Promise<void>>();
  let trouble: unknown;
  let pump: NodeJS.Timeout | undefined;
  let atOneTime: readonly Caller[] = [];
  const stop = async () => {
    clearInterval(pump);
    await Promise.all(underWay);
  };
  const { away, back, several, anew } = absence;
  return {
    ...{ node, everyMs, away, back, several, anew },
    begin(more = []) {
      const callers = [
        right,
        ...(untold === undefined ? [...strangers, ...more.map(([row, identity]) => as(row, identity))] : []),
      ];
      atOneTime = callers;
      let turn = 0;
      pump = setInterval(() => {
        // Whoever stops a run waits until all are back: that is seen by those who call.
        if (underWay.size >= mostAtOnce) return;
        const one = call(callers[turn++ % callers.length]!)
          .catch((error: unknown) => {
            // Where we have no identity, or no bundle, for a moment, nobody calls: the silence tells.
            if (!(error instanceof FixtureError)) trouble ??= error;
          })
          .finally(() => underWay.delete(one));
        underWay.add(one);
      }, everyMs);
    },
    async steady() {
      const wanted = roundsBefore * atOneTime.length;
      await eventually(`each who calls at ${node.name} has come`, () => calls >= wanted || turnedAway !== undefined, {
        ...{ withinMs: wanted * everyMs + slackMs, everyMs: leastEveryMs, signal },
      });
      if (turnedAway !== undefined)
        throw new FixtureError(
          `${node.name} turns the probe away before anything is done, at ${(1_000 / everyMs).toFixed(0)} calls a second beside the load, so that nothing is done: ${turnedAway}`,
        );
    },
    letsIn: async (withinMs) => (await came({ isRight: true, offer: () => rightOffer(withinMs) })).letIn,
    async end() {
      await stop();
      if (trouble !== undefined) throw trouble;
      const why = several();
      if (why !== undefined) throw new FixtureError(`${node.name}: ${why}`);
      await control.close();
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Whether whoever is let in there hears a word. */
export const isAsked = ({ protocol }: TargetNode) => protocol === undefined || protocol.inTheClear.question !== '';

/** Why strangers cannot be told from those who are let in; undefined where they can. */
function whyNoStrangers(node: TargetNode, right: Seen | DialSeen): string | undefined {
  if (isAsked(node) && !('provisional' in right && right.provisional)) return undefined;
  return 'the target file does not say what is sent there (send), and whom a service lets in that says nothing nobody knows';
}

/** What came of a call, and who answered it. */
function exchangeOf(
  { outcome, how, tookMs, as, named, tls }: Seen,
  who: WhoAnswered | undefined,
): Pick<Exchange, 'kind' | 'outcome' | 'how' | 'tookMs'> & Partial<Exchange> {
  return {
    ...{ kind: 'exchange', outcome, how, tookMs: thousandths(tookMs) },
    ...(as !== undefined && { as }),
    ...(named !== undefined && { named }),
    ...(tls && { tls }),
    ...who,
  };
}

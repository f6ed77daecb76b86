import { openControl } from '../../fixtures/probes/beside-control.ts';
import type { Callers } from '../../fixtures/faults/kinds/restart.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import { meant } from '../../fixtures/probes/meant.ts';
import { offerPlaintext } from '../../fixtures/probes/plaintext.ts';
import { offerTo, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { whoAnswered, type WhoAnswered } from '../../fixtures/probes/who-answered.ts';
import { identityTo, idTo, type TargetNode } from '../../fixtures/target/target.ts';
import { strangersAtTheDoor as titles } from '../../src/checkers/door.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { FixtureError } from '../../src/errors.ts';
import type { Exchange } from '../../src/history.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { thousandths } from '../../src/thousandths.ts';
import type { ScenarioContext } from '../scenario.ts';

// As rows and controls come to a mesh that others run: twenty a second, four at once.
const everyMs = 50;
const mostAtOnce = 4;
// A service that stands still takes connections and says nothing.
const patienceMs = 1_500;

/** What the calls at a door are to decide. */
export interface DoorClauses {
  readonly refuses: KnownClause;
  readonly isBack: KnownClause;
}

/** A service at which strangers and the right one call. The control was accepted when it was made. */
export interface Door extends AsyncDisposable, Callers {
  readonly node: TargetNode;
  /** Strangers and the right one call in turn from now on. @param more - further ones who have to be refused, by row */
  begin(more?: readonly (readonly [row: string, identity: TlsIdentity])[]): void;
  /** Those who are under way come to their end, and the right one comes once more after them. */
  end(): Promise<void>;
}

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
  const offer = async () => offerTo(node, { identity: await identityTo(target, node, 'server') }, patienceMs);
  const control = await openControl({
    ...{ recorder, signal, trust: target, node, role: 'server', name },
    right: { clause: refuses, row: 'the right identity', offer },
  });
  if (!control.tells || control.first?.outcome !== 'accepted')
    throw new FixtureError(
      `${node.name} does not let the probe in before anything is done, so that nothing is done: ${control.first?.how}`,
    );
  const unknown = await forgeAuthority({ trustDomain: target.trustDomain });
  const own = idTo(target, node, 'server');
  const [below, selfSigned] = await Promise.all([
    issueIdentity(unknown, own),
    issueIdentity(unknown, own, { change: { selfSigned: true } }),
  ]);
  const as = (row: string, identity?: TlsIdentity): Caller => ({
    row,
    offer: () => offerTo(node, identity === undefined ? {} : { identity }, patienceMs),
  });
  const right: Caller = { row: 'the right identity', isRight: true, offer };
  const strangers = [
    as(titles.nobody),
    as(titles.selfSigned, selfSigned),
    as(titles.unknownAuthority, below),
    { row: titles.inTheClear, offer: () => offerPlaintext(node, patienceMs) },
  ];

  // Where nobody listens the kernel says so. Any other accident is no absence: two in a row are, for the right one.
  let turnedAway = 0;
  let away: { readonly how: string; readonly sinceMs: number } | undefined;
  let back: string | undefined;
  const note = (isRight: boolean, { ending, how }: Seen, isIn: boolean, startMs: number) => {
    if (isRight) turnedAway = isIn ? 0 : turnedAway + 1;
    const nobodyListens = ending === 'noConnection' && how.startsWith('ECONNREFUSED');
    if (nobodyListens || (isRight && turnedAway === 2))
      away ??= { how: nobodyListens ? how : `${how}, twice in a row`, sinceMs: startMs };
    if (isIn && (away === undefined || startMs > away.sinceMs)) back = `it is let in: ${how}`;
  };
  const call = async ({ row, isRight, offer: once }: Caller) => {
    const startMs = recorder.now();
    const seen = meant(control.first, await once()) as Seen;
    const { server, beganAt = new Date() } = seen;
    const who = server && (await whoAnswered(target, node, server, beganAt));
    const isIn = isRight === true && seen.outcome === 'accepted' && who?.unproven === undefined;
    note(isRight === true, seen, isIn, startMs);
    if (isRight !== true && (seen.ending === 'noConnection' || seen.ending === 'silence')) return;
    recorder.record({
      ...exchangeOf(seen, who),
      ...{ row, node: node.name, role: 'server', control: name },
      ...(isRight ? { clause: isBack.id, expect: 'either' } : { clause: refuses.id, expect: 'refused' }),
    });
  };

  const underWay = new Set<Promise<void>>();
  let trouble: unknown;
  let pump: NodeJS.Timeout | undefined;
  const stop = async () => {
    clearInterval(pump);
    await Promise.all(underWay);
  };
  return {
    node,
    begin(more = []) {
      const callers = [right, ...strangers, ...more.map(([row, identity]) => as(row, identity))];
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
    away: () => away?.how,
    back: () => back,
    async end() {
      await stop();
      if (trouble !== undefined) throw trouble;
      await control.close();
    },
    [Symbol.asyncDispose]: stop,
  };
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

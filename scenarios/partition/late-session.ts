import { setTimeout as sleep } from 'node:timers/promises';
import { openControl, type Row } from '../../fixtures/probes/beside-control.ts';
import { offerTo, type Seen } from '../../fixtures/probes/probe.ts';
import { eventually, inTime } from '../../fixtures/run/eventually.ts';
import type { TargetNode } from '../../fixtures/target/target.ts';
import { ticketNotPastSvid } from '../../src/clauses/mesh/tls.ts';
import { offers, untilResumed } from '../steps/resumption.ts';
import type { ScenarioContext } from '../scenario.ts';
import { surelyPast } from './expiry.ts';
import { identitiesOf, orEnded, type Issue } from './identities.ts';
import { cuttable } from './server-cut.ts';

/**
 * Waits until a node shows the last SVID that it was given, or may no longer show another. From then on nothing rotates as long as the cut
 * lasts. What it shows stands in the history.
 */
async function showsItsLast(
  { target, recorder, signal }: ScenarioContext,
  node: TargetNode,
  scenario: string,
): Promise<void> {
  const identity = await identitiesOf(target)();
  const shown = async () => {
    const startMs = recorder.now();
    const [leaf] = (await offerTo(node, { identity })).server ?? [];
    if (leaf === undefined || leaf.serial !== node.agent?.delivery.leaf?.serial) return false;
    const svid = { spiffeId: leaf.uriSans[0] ?? '', serial: leaf.serial };
    recorder.record({ kind: 'presented', scenario, node: node.name, role: 'server', svid, startMs });
    return true;
  };
  const withinMs = target.timing.uptakeMs;
  await inTime(eventually(`${node.name} shows its last SVID`, shown, { withinMs, everyMs: 25, signal }));
}

/** Closes what was opened: a living identity is shown, to be accepted. */
export type Close = () => Promise<void>;

/**
 * Begins as soon as the link of each node is cut, without waiting for the proof: the sooner the sessions are opened, the surer they are
 * offered again while the own SVID of the node lives. Ends when all were offered again; each still has to be closed after the heal.
 */
export async function sessionsInTheQuiet(context: ScenarioContext, scenario: string): Promise<readonly Close[]> {
  const { target, recorder, signal } = context;
  const closes = cuttable(target).map(async (node): Promise<Close[]> => {
    await recorder.until(
      `the link of ${node.name} is cut`,
      (entry) => entry.kind === 'fault' && entry.state === 'injected' && entry.target === node.name,
      { withinMs: cutWithinMs, signal },
    );
    await showsItsLast(context, node, scenario);
    return node.judged && node.lacks?.server === undefined ? [await lateSession(context, node)] : [];
  });
  return (await Promise.all(closes)).flat();
}

// A link is asked to cut by one call to its proxy.
const cutWithinMs = 10_000;

/**
 * In the quiet of a cut, where no rotation changes the keys of tickets: a session of an identity near its end, offered again after that end,
 * and right after it a session that was opened at the same moment by one that lives.
 */
async function lateSession(context: ScenarioContext, node: TargetNode): Promise<Close> {
  const { target, recorder, signal } = context;
  const issue = identitiesOf(target);
  let brief = await openSession(node, issue, 0);
  // Where the machine is so busy that the identity ended under way, its refusal was right and a longer life is needed.
  // Who did not answer at all would not for longer either.
  for (const moreSeconds of [1, 4])
    if (!brief.inTime && brief.opened.outcome !== 'unknown') brief = await openSession(node, issue, moreSeconds);
  // A session that is not resumed right away may have met a change of keys: only who does so again and again resumes none.
  for (let again = 0; again < 2 && wasInVain(brief); again++) brief = await openSession(node, issue, 1);
  const { identity, notAfter, opened, resumed, session, living } = brief;
  const clause = ticketNotPastSvid;
  const control = await openControl({
    ...{ recorder, signal, trust: target, node, role: 'server', name: `${clause.id}/${node.name}` },
    right: { clause, row: 'an identity near its end', offer: () => Promise.resolve(orEnded(opened, brief.inTime)) },
    after: { row: 'a living identity', offer: () => offerTo(node, { identity: living.identity }) },
  });
  const offered = (row: string, expect: Row['expect'], offer: Row['offer']) =>
    control.try([{ clause, row, expect, offer }]);
  if (resumed !== undefined)
    await offered('its session, while it lives', 'either', () => Promise.resolve(orEnded(resumed, brief.inTime)));
  await sleep(Math.max(0, surelyPast(notAfter) - Date.now()), undefined, { signal });
  if (session === undefined || resumed?.tls?.resumed !== true) {
    const row = 'the identity after its end (no session was offered)';
    await offered(row, 'refused', () => offerTo(node, { identity }));
  } else {
    // What is offered past the end of the node's own SVID says nothing of sessions.
    const ownEndMs = node.agent?.delivery.leaf?.notAfter.getTime() ?? Infinity;
    let told: Seen | undefined;
    // That a living one was resumed says nothing of the worker that the other met; without it, the refusals say nothing.
    const goesOn = (offer: number) => offer <= offers || (told?.tls?.resumed !== true && offer <= 2 * offers);
    for (let offer = 1; offer === 1 || (goesOn(offer) && Date.now() < ownEndMs); offer++) {
      await offered('its session, after its end', 'refused', () => offerTo(node, { identity, session }));
      await offered('a session of a living identity, right after it', 'either', async () => {
        const seen = await offerTo(node, living);
        if (told?.tls?.resumed !== true) told = seen;
        return seen;
      });
    }
  }
  return () => control.close();
}

function wasInVain({ session, resumed }: Awaited<ReturnType<typeof openSession>>): boolean {
  return session !== undefined && resumed?.outcome === 'accepted' && resumed.tls?.resumed !== true;
}

const leastLifeMs = 150;

async function openSession(node: TargetNode, issue: Issue, moreSeconds: number) {
  const living = await issue();
  // Validity counts in whole seconds.
  const notAfter = new Date((Math.ceil((Date.now() + leastLifeMs) / 1000) + moreSeconds) * 1000);
  const identity = await issue(notAfter);
  const [opened, beside] = await Promise.all([offerTo(node, { identity }), offerTo(node, { identity: living })]);
  // A ticket may be good for one use only, so that the first is spent on the control and the last kept for afterwards.
  const [spent, ...kept] = opened.sessions;
  const resumed =
    spent === undefined
      ? undefined
      : await untilResumed(
          () => offerTo(node, { identity, session: spent }),
          ({ tookMs }) => Date.now() + 2 * tookMs < notAfter.getTime(),
        );
  const inTime = Date.now() < notAfter.getTime();
  const session = kept.at(-1) ?? spent;
  const lasting = beside.sessions.at(-1);
  return {
    ...{ notAfter, identity, opened, resumed, session, inTime },
    living: { identity: living, ...(lasting && { session: lasting }) },
  };
}

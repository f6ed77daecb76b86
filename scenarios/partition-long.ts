import { setTimeout as sleep } from 'node:timers/promises';
import { partition } from '../fixtures/faults/kinds/partition.ts';
import { arePeers } from '../fixtures/load/plan.ts';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { inTime } from '../fixtures/run/eventually.ts';
import type { Target, TargetNode } from '../fixtures/target/target.ts';
import { longFailsClosed, longRecovers, longTrafficWhileValid } from '../src/clauses/mesh/partition.ts';
import { clockMs, lastSecondMs } from '../src/checkers/cut.ts';
import { leastTries } from '../src/checkers/partition.ts';
import { ticketNotPastSvid } from '../src/clauses/mesh/tls.ts';
import { FixtureError } from '../src/errors.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import type { Entry } from '../src/history.ts';
import { showEndingIdentity } from './partition/expiry.ts';
import { sessionsInTheQuiet } from './partition/late-session.ts';
import { cutsFromServer, cuttable } from './partition/server-cut.ts';
import type { Scenario, ScenarioContext } from './scenario.ts';
import { recovery, recoveryBound } from './steps/recovery.ts';

export const partitionLong: Scenario = {
  id: 'partition-long',
  title: "Server partition, longer than an SVID's life",
  hypothesis:
    'while all agents are cut from their server, traffic goes on for as long as the SVIDs live, no connection is made with an expired one, no session outlives its SVID, and both SVIDs and traffic are back within the computed bound after the heal',
  clauses: [longTrafficWhileValid, longFailsClosed, longRecovers, ticketNotPastSvid],
  needs: ['server-links', 'forging'],
  mesh: 'brief',
  steps: [
    'Traffic flows between the nodes. Each node under test is shown an identity that ends soon, as its client and as its server, and accepts it.',
    'Every link between an agent and the server is cut; the cut is proven from outside.',
    'As soon as a node shows the last SVID that it was given, nothing rotates any more: two sessions are opened there, by an identity near its end and by one that lives.',
    'Each identity near its end is shown again past that, while the SVIDs of the nodes still live; so is the session of the one, and right after it that of the living identity.',
    'The cut is held until every SVID is past its notAfter, the first of them by a whole second, and several connections each way were tried after that. The identity of the beginning is shown once more.',
    'The links are healed, and the heal is proven.',
    'Each node is given a new SVID within the bound, and traffic is back and stays. A living identity is accepted.',
  ],
  faults: [partition],
  bounds: [recoveryBound],
  async run(context) {
    const { target, signal, inject, othersDone } = context;
    // What is asked of a node whose SVID has ended says nothing of it.
    await othersDone;
    const ending = await showEndingIdentity(context);
    const sessions = sessionsInTheQuiet(context, partitionLong.id);
    // Where the cut itself fails, that is what is told.
    heardElsewhere(sessions);
    {
      await using _cut = await inject(cutsFromServer(context));
      const offeredAgain = sessions.then(() => undefined);
      await allEnded([ending.showPastItsEnd(), offeredAgain, allHaveEnded(target, signal)]);
      await allEnded([connectionsAreTried(context), ending.showPastTheirs()]);
    }
    await recovery(context);
    await allEnded([ending.close(), ...(await sessions).map((close) => close())]);
  },
};

/** Waits until the last SVIDs have ended. One that was under way when the cut came may be delivered after it, and ends later. */
async function allHaveEnded(target: Target, signal: AbortSignal): Promise<void> {
  for (let leftMs = untilAllHaveEndedMs(target); leftMs > 0; leftMs = untilAllHaveEndedMs(target))
    await sleep(leftMs, undefined, { signal });
}

// Who reads the clock in whole seconds accepts until the second of the notAfter is over. Who judges that allows for a clock which is off, and so do
// we for ours.
const pastMs = lastSecondMs + 2 * clockMs;

function untilAllHaveEndedMs(target: Target): number {
  const { svidTtlSeconds } = target.timing;
  const nodes = cuttable(target);
  const endOf = ({ agent }: TargetNode) => agent?.delivery.leaf?.notAfter.getTime() ?? 0;
  // A pair is dead with the first of its SVIDs.
  const dead = nodes.flatMap((node) =>
    nodes.flatMap((peer) => (arePeers(node, peer) ? Math.min(endOf(node), endOf(peer)) + pastMs : [])),
  );
  // Nobody's own SVID is good any more when an identity is shown past the end of it.
  const own = nodes.filter((node) => node.judged).map((node) => endOf(node) + pastMs);
  const leftMs = Math.max(...nodes.map(endOf), ...dead, ...own) - Date.now();
  if (leftMs > svidTtlSeconds * 1000 + 2_000 + clockMs)
    throw new FixtureError(
      `partition-long: the SVIDs live ${(leftMs / 1000).toFixed(0)} s longer, the SVID TTL was to be ${svidTtlSeconds} s; is the TTL on the registration entries?`,
    );
  return Math.max(0, leftMs);
}

/** Waits for as many connections to and from each node, that begin from now on, as tell something of it. A node that does not dial makes none. */
async function connectionsAreTried({ target, recorder, signal }: ScenarioContext): Promise<void> {
  const fromMs = recorder.now();
  const left = new Map(
    cuttable(target).flatMap(({ name }) => [`to ${name}`, `from ${name}`].map((way) => [way, leastTries])),
  );
  const counts = (entry: Entry) => {
    if (entry.kind !== 'request' || entry.startMs <= fromMs) return false;
    const [from, to] = [`from ${entry.from}`, `to ${entry.to}`];
    // Those of the probe are not between the nodes.
    if (!left.has(from) || !left.has(to)) return false;
    for (const way of [from, to]) left.set(way, left.get(way)! - 1);
    return [...left.values()].every((count) => count <= 0);
  };
  await inTime(recorder.until('connections are tried past notAfter', counts, { withinMs: 3_000, signal }));
}

import { setTimeout as sleep } from 'node:timers/promises';
import { partition } from '../fixtures/faults/kinds/partition.ts';
import { arePeers } from '../fixtures/load/plan.ts';
import { inTime } from '../fixtures/run/eventually.ts';
import type { Target, TargetNode } from '../fixtures/target/target.ts';
import { longFailsClosed, longRecovers, longTrafficWhileValid } from '../src/clauses/mesh/partition.ts';
import { FixtureError } from '../src/errors.ts';
import type { Entry } from '../src/history.ts';
import { cutsFromServer, cuttable, recovery, recoveryBound } from './partition/server-cut.ts';
import type { Scenario, ScenarioContext } from './scenario.ts';

export const partitionLong: Scenario = {
  id: 'partition-long',
  title: "Server partition, longer than an SVID's life",
  hypothesis:
    'while all agents are cut from their server, traffic goes on for as long as the SVIDs live, no connection is made with an expired one, and both SVIDs and traffic are back within the computed bound after the heal',
  clauses: [longTrafficWhileValid, longFailsClosed, longRecovers],
  needs: ['server-links'],
  mesh: 'brief',
  steps: [
    'Traffic flows between the nodes.',
    'Every link between an agent and the server is cut; the cut is proven from outside.',
    'It is held until every SVID is past its notAfter, the first of them by a whole second, and several connections each way were tried after that.',
    'The links are healed, and the heal is proven.',
    'Each node is given a new SVID within the bound, and traffic is back.',
  ],
  faults: [partition],
  bounds: [recoveryBound],
  async run(context) {
    const { target, signal, inject } = context;
    {
      await using _cut = await inject(cutsFromServer(context));
      await sleep(untilAllHaveEndedMs(target), undefined, { signal });
      await connectionsAreTried(context);
    }
    await recovery(context);
  },
};

function untilAllHaveEndedMs(target: Target): number {
  const { svidTtlSeconds } = target.timing;
  const nodes = cuttable(target);
  const endOf = ({ agent }: TargetNode) => agent?.delivery.leaf?.notAfter.getTime() ?? 0;
  // A pair is dead with the first of its SVIDs; who reads the clock in whole seconds accepts one until the second of its notAfter is over.
  const dead = nodes.flatMap((node) =>
    nodes.flatMap((peer) => (arePeers(node, peer) ? Math.min(endOf(node), endOf(peer)) + 1_000 : [])),
  );
  const leftMs = Math.max(...nodes.map(endOf), ...dead) - Date.now();
  if (leftMs > svidTtlSeconds * 1000 + 2_000)
    throw new FixtureError(
      `partition-long: the SVIDs live ${(leftMs / 1000).toFixed(0)} s longer, the SVID TTL was to be ${svidTtlSeconds} s; is the TTL on the registration entries?`,
    );
  return Math.max(0, leftMs);
}

/** Waits for at least four connections to and from each node that begin from now on. A node that does not dial makes none. */
async function connectionsAreTried({ target, recorder, signal }: ScenarioContext): Promise<void> {
  const fromMs = recorder.now();
  const left = new Map(cuttable(target).flatMap(({ name }) => [`to ${name}`, `from ${name}`].map((way) => [way, 4])));
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

import { longTrafficWhileValid, longFailsClosed, longRecovers } from '../src/clauses/mesh/partition.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { arePeers } from '../fixtures/load/plan.ts';
import { FixtureError } from '../src/errors.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { cuttable, partition, partitionFault, recovered, recoversWithinMs, recoveryBound } from './partition.ts';
import { orNot, type Scenario } from './scenario.ts';

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
  faults: [partitionFault],
  bounds: [recoveryBound],
  async run(context, bounds) {
    const { target, recorder, signal } = context;
    const nodes = cuttable(context);
    const { outageMs } = await partition(context, 'partition-long', async () => {
      const dies = nodes.map(({ agent }) => agent?.delivery.leaf?.notAfter.getTime() ?? 0);
      // A pair is dead with the first of its SVIDs; who reads the clock in whole seconds accepts one until the second of its notAfter is over.
      const dead = nodes.flatMap((node, at) =>
        nodes.flatMap((peer, peerAt) => (arePeers(node, peer) ? Math.min(dies[at]!, dies[peerAt]!) + 1_000 : [])),
      );
      const leftMs = Math.max(...dies, ...dead) - Date.now();
      if (leftMs > target.timing.svidTtlSeconds * 1000 + 2_000)
        throw new FixtureError(
          `partition-long: the SVIDs live ${(leftMs / 1000).toFixed(0)} s longer, the SVID TTL was to be ${target.timing.svidTtlSeconds} s; is the TTL on the registration entries?`,
        );
      await sleep(Math.max(0, leftMs), undefined, { signal });
      const deadMs = recorder.now();
      const names = new Set(nodes.map(({ name }) => name));
      const tried = (role: 'from' | 'to', node: string) =>
        recorder.history.filter(
          (entry) =>
            entry.kind === 'request' &&
            entry[role] === node &&
            names.has(entry.from) &&
            names.has(entry.to) &&
            entry.startMs > deadMs,
        ).length;
      await orNot(
        eventually(
          'connections are tried past notAfter',
          () => nodes.every(({ name }) => tried('to', name) >= 4 && tried('from', name) >= 4),
          { withinMs: 3_000, signal },
        ),
      );
    });
    bounds.recovers = recoversWithinMs(outageMs, target.timing.syncIntervalMs);
    await recovered(context, nodes, bounds.recovers + 2_000);
  },
};

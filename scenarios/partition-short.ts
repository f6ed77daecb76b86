import { shortRequestsSurvive, shortRecovers } from '../src/clauses/mesh/partition.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { FixtureError } from '../src/errors.ts';
import { cuttable, partition, partitionFault, recovered, recoversWithinMs, recoveryBound } from './partition.ts';
import type { Scenario } from './scenario.ts';

export const partitionShort: Scenario = {
  id: 'partition-short',
  title: "Server partition, shorter than an SVID's life",
  hypothesis:
    'a cut between all agents and their server that ends before any SVID does fails no request, and renewal goes on within the computed bound',
  clauses: [shortRequestsSurvive, shortRecovers],
  needs: ['server-links'],
  mesh: 'steady',
  steps: [
    'Traffic flows between all pairs.',
    'Every link between an agent and the server is cut; the cut is proven from outside.',
    'It is held for at least four sync intervals, and ends while every SVID still lives.',
    'The links are healed, and the heal is proven.',
    'Each node is given a new SVID within the bound, and traffic goes on.',
  ],
  faults: [partitionFault],
  bounds: [recoveryBound],
  async run(context, bounds) {
    const { target, signal } = context;
    const { syncIntervalMs } = target.timing;
    // Long enough that renewals were missed; what is left of the SVIDs bounds it from above.
    const holdMs = Math.max(2.5 * syncIntervalMs, 300);
    const marginMs = 1_000;
    const nodes = cuttable(context);
    const { outageMs } = await partition(context, 'partition-short', async () => {
      // An agent that withdrew its SVID when it was cut has none that could come to its end: what that does to requests is seen.
      const leftMs = Math.min(
        ...nodes
          .flatMap(({ agent }) => agent?.delivery.leaf ?? [])
          .map(({ notAfter }) => notAfter.getTime() - Date.now()),
      );
      if (leftMs < holdMs + marginMs)
        throw new FixtureError(
          `partition-short: the SVIDs live only ${leftMs} ms longer, ${holdMs + marginMs} ms are needed; is the machine overloaded, or the SVID TTL of ${target.timing.svidTtlSeconds} s too short?`,
        );
      await sleep(holdMs, undefined, { signal });
    });
    bounds.recovers = recoversWithinMs(outageMs, syncIntervalMs);
    await recovered(context, nodes, bounds.recovers + 2_000);
  },
};

import { setTimeout as sleep } from 'node:timers/promises';
import { partition } from '../fixtures/faults/kinds/partition.ts';
import type { Target } from '../fixtures/target/target.ts';
import { shortRecovers, shortRequestsSurvive } from '../src/clauses/mesh/partition.ts';
import { FixtureError } from '../src/errors.ts';
import { cutsFromServer, cuttable, recovery, recoveryBound } from './partition/server-cut.ts';
import type { Scenario } from './scenario.ts';

// By how much the first SVID is to outlive the outage.
const marginMs = 1_000;

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
    'It is held for at least two and a half sync intervals, so that renewals are missed, and ends while every SVID still lives.',
    'The links are healed, and the heal is proven.',
    'Each node is given a new SVID within the bound, and traffic goes on.',
  ],
  faults: [partition],
  bounds: [recoveryBound],
  async run(context) {
    const { target, signal, inject } = context;
    // Long enough that renewals were missed; what is left of the SVIDs bounds it from above.
    const holdMs = Math.max(2.5 * target.timing.syncIntervalMs, 300);
    {
      await using _cut = await inject(cutsFromServer(context));
      everySvidOutlives(target, holdMs + marginMs);
      await sleep(holdMs, undefined, { signal });
    }
    await recovery(context);
  },
};

/** An agent that withdrew its SVID when it was cut has none that could come to its end: what that does to requests is seen. */
function everySvidOutlives(target: Target, wantedMs: number): void {
  const leaves = cuttable(target).flatMap(({ agent }) => agent?.delivery.leaf ?? []);
  const leftMs = Math.min(...leaves.map(({ notAfter }) => notAfter.getTime() - Date.now()));
  if (leftMs < wantedMs)
    throw new FixtureError(
      `partition-short: the SVIDs live only ${leftMs} ms longer, ${wantedMs} ms are needed; is the machine overloaded, or the SVID TTL of ${target.timing.svidTtlSeconds} s too short?`,
    );
}

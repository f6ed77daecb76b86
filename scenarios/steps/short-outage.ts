import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../fixtures/faults/fault.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { FixtureError } from '../../src/errors.ts';
import type { ScenarioContext } from '../scenario.ts';
import { recovery } from './recovery.ts';

// By how much the first SVID is to outlive the outage.
const marginMs = 1_000;

/**
 * What keeps agents from their server, held for so long that renewals were missed, and over while every SVID lives; then the recovery from it.
 *
 * @param scenario - whose outage it is, for messages
 * @param faults - the outage
 */
export async function shortOutage(context: ScenarioContext, scenario: string, faults: readonly Fault[]): Promise<void> {
  const { target, signal, inject } = context;
  // Long enough that renewals were missed; what is left of the SVIDs bounds it from above.
  const holdMs = Math.max(2.5 * target.timing.syncIntervalMs, 300);
  {
    await using _outage = await inject(faults);
    everySvidOutlives(target, scenario, holdMs + marginMs);
    await sleep(holdMs, undefined, { signal });
  }
  await recovery(context);
}

/** An agent that withdrew its SVID in the outage has none that could come to its end: what that does to requests is seen. */
function everySvidOutlives({ nodes, timing }: Target, scenario: string, wantedMs: number): void {
  const leaves = nodes.flatMap(({ agent }) => agent?.delivery.leaf ?? []);
  const leftMs = Math.min(...leaves.map(({ notAfter }) => notAfter.getTime() - Date.now()));
  if (leftMs < wantedMs)
    throw new FixtureError(
      `${scenario}: the SVIDs live only ${leftMs} ms longer, ${wantedMs} ms are needed; is the machine overloaded, or the SVID TTL of ${timing.svidTtlSeconds} s too short?`,
    );
}

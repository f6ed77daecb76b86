import { setTimeout as sleep } from 'node:timers/promises';
import { openControl, type OpenControl } from '../../fixtures/probes/beside-control.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import type { Seen, TlsIdentity } from '../../fixtures/probes/probe.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import { clockMs, lastSecondMs } from '../../src/checkers/cut.ts';
import { longFailsClosed } from '../../src/clauses/mesh/partition.ts';
import type { Role } from '../../src/clause.ts';
import type { ScenarioContext } from '../scenario.ts';
import { identitiesOf, orEnded } from './identities.ts';
import { cuttable } from './server-cut.ts';

/** An identity that every node under test accepted, in both roles, and that ends in the cut to come, well before any of their own SVIDs. */
export interface EndingIdentity {
  /** Shows it past its end, while the SVIDs of the nodes still live. */
  showPastItsEnd(): Promise<void>;
  /** Shows it once more, past the end of the nodes' own SVIDs. */
  showPastTheirs(): Promise<void>;
  /** Shows a living one, to be accepted. */
  close(): Promise<void>;
}

/** When who reads the clock in whole seconds has seen the end of this, too. */
export function surelyPast(notAfter: Date): number {
  return notAfter.getTime() + lastSecondMs + clockMs;
}

// By how much it ends before the first SVID of a node: time for the last second of it and then to be shown.
const aheadMs = 2_000;
// Time for it to be shown to all while it lives, and for sessions that end a second later to be opened in the cut; then for further
// attempts, where the machine is so busy that it ended under way.
const leastLivesMs = [350, 600, 600];

/** Shows every node under test an identity that is near its end. The cut has to begin right afterwards, while the nodes' SVIDs are new. */
export async function showEndingIdentity(context: ScenarioContext): Promise<EndingIdentity> {
  const { target, recorder, signal } = context;
  const issue = identitiesOf(target);
  const parts = partsOf(target);
  let identity!: TlsIdentity;
  let notAfter!: Date;
  let first: readonly (Seen | DialSeen | undefined)[] = [];
  for (const leastLifeMs of leastLivesMs) {
    notAfter = await nextEnd(context, leastLifeMs);
    identity = await issue(notAfter);
    first = await Promise.all(parts.map(({ node, role }) => showTo(target, node, role, identity)));
    // Otherwise a refusal was right, and another is needed.
    if (Date.now() < notAfter.getTime()) break;
  }
  const inTime = Date.now() < notAfter.getTime();
  const living = await issue();
  const opened = await Promise.all(
    parts.map(async ({ node, role }, at): Promise<[TargetNode, Role, OpenControl]> => {
      const name = `${longFailsClosed.id}/${node.name}/${role}`;
      const right = {
        clause: longFailsClosed,
        row: 'an identity near its end, before the cut',
        offer: () => Promise.resolve(first[at] && orEnded(first[at], inTime)),
      };
      const after = { row: 'a living identity, after the heal', offer: () => showTo(target, node, role, living) };
      return [node, role, await openControl({ recorder, signal, trust: target, name, node, role, right, after })];
    }),
  );
  const again = (row: string, read: (seen: Seen | DialSeen | undefined) => Seen | DialSeen | undefined) =>
    Promise.all(
      opened.map(([node, role, control]) => {
        const offer = async () => read(await showTo(target, node, role, identity));
        return control.try([{ clause: longFailsClosed, row, expect: 'refused', offer }]);
      }),
    );
  return {
    async showPastItsEnd() {
      await sleep(Math.max(0, surelyPast(notAfter) - Date.now()), undefined, { signal });
      await again('the same past its end, while the own SVID of the node lives', (seen) => seen);
    },
    async showPastTheirs() {
      await again('the same once more, past the end of the own SVID of the node', orMadeNone);
    },
    async close() {
      await Promise.all(opened.map(([, , control]) => control.close()));
    },
  };
}

/** A node whose own SVID has ended may close its listener and make no calls: that is a way to fail closed, too. */
function orMadeNone(seen: Seen | DialSeen | undefined): Seen | DialSeen | undefined {
  return seen?.ending === 'noConnection' || seen?.ending === 'neverCalled'
    ? { ...seen, outcome: 'refused', how: `no connection was made, as its own SVID has ended: ${seen.how}` }
    : seen;
}

/** Waits until the SVIDs that the nodes hold live long enough for an identity to end before them; gives that end. */
async function nextEnd({ target, signal }: ScenarioContext, leastLifeMs: number): Promise<Date> {
  const { svidTtlSeconds, syncIntervalMs } = target.timing;
  const found = await eventually(
    'SVIDs of all nodes that outlive an identity near its end',
    () => {
      const ends = cuttable(target).map(({ agent }) => agent?.delivery.leaf?.notAfter.getTime() ?? 0);
      const endMs = Math.min(...ends) - aheadMs;
      return endMs - Date.now() >= leastLifeMs && new Date(endMs);
    },
    { withinMs: 2 * svidTtlSeconds * 1000 + 2 * syncIntervalMs, everyMs: 10, signal },
  );
  return found;
}

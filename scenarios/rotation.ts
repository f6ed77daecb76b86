import { setTimeout as sleep } from 'node:timers/promises';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { inTime } from '../fixtures/run/eventually.ts';
import { propagationMs } from '../fixtures/target/propagation.ts';
import type { TargetNode } from '../fixtures/target/target.ts';
import { leastRotations } from '../src/checkers/rotation.ts';
import { nodeStaysReady } from '../src/clauses/mesh/node.ts';
import * as clauses from '../src/clauses/mesh/rotation.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { countRotations } from '../src/reading/rotations.ts';
import { takenUpBound, untilShown, untilTakenUp } from './rotation/uptake.ts';
import { beginRotation } from './rotation/authority.ts';
import { watchReadiness } from './rotation/readiness.ts';
import { openWitness, type Witness } from './rotation/witness.ts';
import type { BoundDeclaration, Scenario, ScenarioContext } from './scenario.ts';
import { sendStrangers } from './steps/strangers.ts';

// Until what a node shows is seen by the load, which calls every node many times in it.
const lookMs = 1_000;

const presentedBound: BoundDeclaration = {
  name: 'newSvidPresented',
  says: 'from the delivery of a new SVID by the agent to the first moment at which a new connection must show it: as long as a node may take (`--uptake`)',
};

export const rotation: Scenario = {
  id: 'rotation',
  title: 'SVIDs and the authority rotate under load',
  hypothesis:
    'through at least five SVID rotations of every node and one forced rotation of the authority (prepare, activate, taint, revoke) no request fails and no stranger is accepted, and afterwards nobody accepts the old authority',
  clauses: [
    clauses.requestsSurvive,
    clauses.connectionsSurvive,
    clauses.rotatedSvidPresented,
    clauses.rotatedKeyFresh,
    clauses.authorityKnown,
    clauses.bundleTakenUp,
    clauses.strangersRefusedMeanwhile,
    clauses.revokedAuthorityRefused,
    clauses.ticketNotPastAuthority,
    nodeStaysReady,
  ],
  needs: ['authority-rotation', 'forging'],
  mesh: 'steady',
  endsAuthorities: true,
  measuredAgain: true,
  steps: [
    'New connections arrive at a fixed rate over all pairs, long-lived ones stand beside them.',
    'A new authority is prepared, and one of ours put beside it; every agent has to deliver both.',
    'Meanwhile an SVID of the present authority is shown to every node and accepted, and the session ticket it brings is kept.',
    'Each node is asked, as server and as client, until it accepts peers of the one that came with the prepared one, up to the bound.',
    'The new authority is activated; every node has to be given an SVID of it.',
    'The old authority is tainted; every agent whose own SVID hangs on it has to renew that.',
    'Meanwhile strangers call at the nodes under test, and are called by them.',
    'Meanwhile each node under test is asked every 50 ms whether it is ready.',
    'At least five rotations of every node have been seen, each shows an SVID of the new authority, and the time is over in which it may show one of the old. That is revoked, and every agent has to drop it.',
    'The SVID and the ticket of the beginning are shown again: now they have to be refused, while a new SVID is accepted.',
  ],
  faults: [],
  bounds: [presentedBound, takenUpBound],
  async run(context) {
    const { target, recorder, signal, load, othersDone, bound } = context;
    const { uptakeMs, svidTtlSeconds } = target.timing;
    bound(presentedBound, uptakeMs);
    bound(takenUpBound, uptakeMs);
    await using ready = watchReadiness(context, rotation.id);
    const rotations = rotationsFromNow(context);
    const authority = await beginRotation(context);
    const companion = await forgeAuthority({ trustDomain: target.trustDomain, commonName: 'Assay companion' });
    // What is only prepared signs nothing: it changes no answer to what is shown meanwhile.
    const prepared = authority.prepare(companion);
    heardElsewhere(prepared);
    await using strangers = await sendStrangers(context, clauses.strangersRefusedMeanwhile, 'while SVIDs rotate');
    const witnesses = await openWitnesses(context);
    await prepared;
    await Promise.all([load.refresh(), untilTakenUp(context, companion, uptakeMs)]);
    const next = await authority.activate();
    // Until then a node may still show an SVID of the old authority somewhere, as by one of its workers.
    const followedMs = recorder.now() + uptakeMs;
    await authority.taint();
    await rotations.delivered(leastRotations * svidTtlSeconds * 1000 + propagationMs(target.timing));
    await rotations.presented(uptakeMs + 2 * target.timing.syncIntervalMs + lookMs);
    await untilShown(context, next, uptakeMs + lookMs);
    await othersDone;
    await sleep(Math.max(0, followedMs - recorder.now()), undefined, { signal });

    await authority.revoke();
    await Promise.all(witnesses.map((witness) => witness.close()));
    await allEnded([ready.end(), strangers.end()]);
  },
};

async function openWitnesses(context: ScenarioContext): Promise<readonly Witness[]> {
  const { target } = context;
  const old = await target.probeIdentity();
  // Asked for once, and not before the old authority is gone.
  let after: ReturnType<typeof target.probeIdentity> | undefined;
  const renewed = () => (after ??= target.probeIdentity());
  const judged = target.nodes.filter((node) => node.judged);
  return Promise.all(judged.map((node) => openWitness(context, node, () => ({ old, renewed }))));
}

/** The rotations of SVIDs from now on. */
interface Rotations {
  /** Waits for enough of them at every agent. */
  delivered(withinMs: number): Promise<void>;
  /** Waits for enough of them on the wire at every node under test, as long as each takes up its next in time: whether it does, the clause decides. */
  presented(nextWithinMs: number): Promise<void>;
}

function rotationsFromNow({ target, recorder, signal }: ScenarioContext): Rotations {
  const fromMs = recorder.now();
  const fromIndex = recorder.next;
  const until = (nodes: readonly TargetNode[], seen: 'delivered' | 'presented', times: number, withinMs: number) => {
    const enough = () =>
      nodes.every(({ name }) => countRotations(recorder.history, name, fromMs, Infinity)[seen] >= times);
    const condition = `${times} rotations ${seen} of ${nodes.map(({ name }) => name).join(', ')}`;
    return recorder.until(condition, (entry) => entry.kind === 'svid' && enough(), { fromIndex, withinMs, signal });
  };
  return {
    async delivered(withinMs) {
      await until(
        target.nodes.filter(({ agent }) => agent !== undefined),
        'delivered',
        leastRotations,
        withinMs,
      );
    },
    async presented(nextWithinMs) {
      const judged = target.nodes.filter((node) => node.judged);
      // One that coalesces shows but a few of those that it is given; one that shows none in time is not waited for any longer.
      for (let times = 1; times <= leastRotations; times++)
        if (!(await inTime(until(judged, 'presented', times, nextWithinMs)))) return;
    },
  };
}

import { inTime } from '../fixtures/run/eventually.ts';
import type { TargetNode } from '../fixtures/target/target.ts';
import * as clauses from '../src/clauses/mesh/rotation.ts';
import { countRotations } from '../src/reading/rotations.ts';
import { beginRotation, propagationMs } from './rotation/authority.ts';
import { openWitness, type Witness } from './rotation/witness.ts';
import type { BoundDeclaration, Scenario, ScenarioContext } from './scenario.ts';

const leastRotations = 5;

const presentedBound: BoundDeclaration = {
  name: 'newSvidPresented',
  says: "from the delivery of a new SVID by the agent to the first moment at which a new connection must show it: a quarter of the SVID's TTL",
};

export const rotation: Scenario = {
  id: 'rotation',
  title: 'SVIDs and the authority rotate under load',
  hypothesis:
    'through at least five SVID rotations of every node and one forced rotation of the authority (prepare, activate, taint, revoke) no request fails, and afterwards nobody accepts the old authority',
  clauses: [
    clauses.requestsSurvive,
    clauses.connectionsSurvive,
    clauses.rotatedSvidPresented,
    clauses.rotatedKeyFresh,
    clauses.authorityKnown,
    clauses.revokedAuthorityRefused,
    clauses.ticketNotPastAuthority,
  ],
  needs: ['authority-rotation'],
  mesh: 'steady',
  endsAuthorities: true,
  steps: [
    'New connections arrive at a fixed rate over all pairs, long-lived ones stand beside them.',
    'An SVID of the present authority is shown to every node and accepted, and the session ticket it brings is kept.',
    'A new authority is prepared; every agent has to deliver it before it is activated.',
    'It is activated; every node has to be given an SVID of it.',
    'The old authority is tainted; every agent has to renew its own SVID.',
    'At least five rotations of every node have been seen. The old authority is revoked, and every agent has to drop it.',
    'The SVID and the ticket of the beginning are shown again: now they have to be refused, while a new SVID is accepted.',
  ],
  faults: [],
  bounds: [presentedBound],
  async run(context) {
    const { target, load, othersDone, bound } = context;
    const presentedMs = bound(presentedBound, (target.timing.svidTtlSeconds * 1000) / 4);
    const rotations = rotationsFromNow(context);
    const authority = await beginRotation(context);
    const witnesses = await openWitnesses(context);

    await authority.prepare();
    await load.refresh();
    await authority.activate();
    await authority.taint();
    await rotations.delivered(leastRotations * target.timing.svidTtlSeconds * 1000 + propagationMs(context));
    await rotations.presented(presentedMs + 1_000);
    await othersDone;

    await authority.revoke();
    await Promise.all(witnesses.map((witness) => witness.close()));
  },
};

async function openWitnesses(context: ScenarioContext): Promise<readonly Witness[]> {
  const { target } = context;
  const old = await target.probeIdentity();
  // Asked for once, and not before the old authority is gone.
  let after: ReturnType<typeof target.probeIdentity> | undefined;
  const renewed = () => (after ??= target.probeIdentity());
  const judged = target.nodes.filter((node) => node.judged);
  return Promise.all(judged.map((node) => openWitness(context, node, { old, renewed })));
}

/** The rotations of SVIDs from now on. */
interface Rotations {
  /** Waits for enough of them at every agent. */
  delivered(withinMs: number): Promise<void>;
  /** Waits for enough of them on the wire at every node under test, as far as it takes them up in time: whether it does, the clause decides. */
  presented(withinMs: number): Promise<void>;
}

function rotationsFromNow({ target, recorder, signal }: ScenarioContext): Rotations {
  const fromMs = recorder.now();
  const fromIndex = recorder.history.length + 1;
  const until = (nodes: readonly TargetNode[], seen: 'delivered' | 'presented', withinMs: number) => {
    const enough = () =>
      nodes.every(({ name }) => countRotations(recorder.history, name, fromMs, Infinity)[seen] >= leastRotations);
    const condition = `${leastRotations} rotations ${seen} of ${nodes.map(({ name }) => name).join(', ')}`;
    return recorder.until(condition, (entry) => entry.kind === 'svid' && enough(), { fromIndex, withinMs, signal });
  };
  return {
    async delivered(withinMs) {
      await until(
        target.nodes.filter(({ agent }) => agent !== undefined),
        'delivered',
        withinMs,
      );
    },
    async presented(withinMs) {
      await inTime(
        until(
          target.nodes.filter(({ judged }) => judged),
          'presented',
          withinMs,
        ),
      );
    },
  };
}

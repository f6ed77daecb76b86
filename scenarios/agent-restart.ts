import { setTimeout as sleep } from 'node:timers/promises';
import { agentOutage, outageOf } from '../fixtures/faults/kinds/agent-outage.ts';
import { inTime } from '../fixtures/run/eventually.ts';
import type { TargetNode } from '../fixtures/target/target.ts';
import { newerThan } from '../src/checkers/agent-outage.ts';
import { nodeReconnects, nodeRefusesWithoutAgent, nodeServesWithoutAgent } from '../src/clauses/mesh/node.ts';
import { entriesOf } from '../src/history.ts';
import type { BoundDeclaration, Scenario, ScenarioContext } from './scenario.ts';
import { sendStrangers } from './steps/strangers.ts';

// Long enough that a node has noticed.
const holdMs = 300;

// Clients begin with a pause of up to a second and double it, so that a pause is never longer than the outage and a second. Then the new SVID
// is to be taken up. The rest is patience with a loaded machine.
const firstPauseMs = 1_000;
const patienceMs = 1_000;

const takenUpBound: BoundDeclaration = {
  name: 'takenUp',
  says: 'from the first SVID that the agent delivers again to a new connection that shows a new one: as long as the outage and a second for a client that doubles its pauses, beginning with one; as long as a node may take for taking it up (`--uptake`); and a second for a loaded machine',
};

export const agentRestart: Scenario = {
  id: 'agent-restart',
  title: 'The agent of a node is restarted',
  hypothesis:
    'while the agents of the nodes under test are stopped and started again no request fails and no stranger is accepted, and afterwards the nodes show new SVIDs within the bound',
  clauses: [nodeServesWithoutAgent, nodeRefusesWithoutAgent, nodeReconnects],
  needs: ['agent-restart'],
  mesh: 'steady',
  early: true,
  steps: [
    'Traffic flows between all pairs. Strangers call at the nodes under test, and are called by them, from now on to the end.',
    'The agent of every node under test is stopped, and with it every stream of its Workload API; that it is away is proven from outside.',
    'It is held for a moment, far shorter than the SVIDs live, in which strangers have called and been called.',
    'The agents are started again with what they keep on disk; that they deliver is proven.',
    'Each node under test shows an SVID that was delivered after that, or the bound is over.',
  ],
  faults: [agentOutage],
  bounds: [takenUpBound],
  async run(context) {
    const { target, recorder, signal, inject, faults, bound } = context;
    const nodes = target.nodes.filter(({ judged, agentProgram }) => judged && agentProgram !== undefined);
    await using strangers = await sendStrangers(context, nodeRefusesWithoutAgent, 'while its agent is restarted');
    {
      await using _outage = await inject(
        nodes.map(({ name, agentProgram }) => outageOf(name, agentProgram!, recorder)),
      );
      await Promise.all([sleep(holdMs, undefined, { signal }), strangers.called()]);
    }
    const outageMs = Math.max(
      0,
      ...faults().map(({ injectedAtMs, healedAtMs }) => (healedAtMs ?? recorder.now()) - injectedAtMs),
    );
    const withinMs = bound(takenUpBound, outageMs + firstPauseMs + target.timing.uptakeMs + patienceMs);
    await Promise.all(nodes.map((node) => inTime(showsNew(context, node, withinMs))));
    await strangers.end();
  },
};

/** Waits until a node has shown an SVID that came after the outage; a little longer than the bound, so that it is seen what it shows then. */
async function showsNew({ recorder, signal }: ScenarioContext, { name }: TargetNode, withinMs: number): Promise<void> {
  const marks = entriesOf(recorder.history, 'fault').filter(({ target }) => target === name);
  const healing = marks.findLast(({ state }) => state === 'healing');
  const fromMs = healing?.atMs ?? recorder.now();
  await recorder.until(
    `new SVID shown by ${name} after its agent was back`,
    (entry) =>
      entry.kind === 'request' &&
      entry.to === name &&
      entry.outcome === 'ok' &&
      entry.connection === 'new' &&
      entry.resumed !== true &&
      entry.server !== undefined &&
      newerThan(recorder.history, name, fromMs)(entry.server.serial),
    { withinMs: withinMs + 500, signal },
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind } from '../fixtures/faults/fault.ts';
import { agentOutage } from '../fixtures/faults/kinds/agent-outage.ts';
import { partition } from '../fixtures/faults/kinds/partition.ts';
import { nodesIn } from '../fixtures/target/target.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import { nodeRefusesWithoutAgent, nodeServesWithoutAgent } from '../src/clauses/mesh/node.ts';
import { shortRequestsSurvive } from '../src/clauses/mesh/partition.ts';
import { FixtureError } from '../src/errors.ts';
import { entriesOf } from '../src/history.ts';
import { svidsOf } from '../src/reading/rotations.ts';
import type { Scenario, ScenarioContext } from './scenario.ts';
import { sendStrangers } from './steps/strangers.ts';

// Before anything is broken, so that what is lost later has something to stand beside.
const calmMs = 3_000;
// By how much the SVIDs are to outlive an outage.
const marginMs = 10_000;
// Long enough that a service has noticed.
const awayMs = 3_000;

export const commandedPartition: Scenario = {
  id: 'commanded-partition',
  title: 'Agents of the mesh are cut off from their server',
  hypothesis:
    'a cut between agents of a mesh that others run and their server, which its owners make and which ends before any SVID does, fails no request',
  clauses: [shortRequestsSurvive],
  needs: ['commanded-partition'],
  mesh: 'steady',
  ofOthers: true,
  steps: stepsOf(
    'the agents of the nodes that the target file names are cut off from their server',
    'two and a half sync intervals',
  ),
  faults: [partition],
  bounds: [],
  run: (context) => outage(context, partition, [shortRequestsSurvive], 2.5 * context.target.timing.syncIntervalMs),
};

export const commandedAgentOutage: Scenario = {
  id: 'commanded-agent-outage',
  title: 'Services of the mesh are cut off from their agents',
  hypothesis:
    'while services of a mesh that others run are cut off from their agents, which its owners do, no request fails and no stranger is accepted',
  clauses: [nodeServesWithoutAgent, nodeRefusesWithoutAgent],
  needs: ['commanded-agent-outage'],
  mesh: 'steady',
  ofOthers: true,
  steps: stepsOf(
    'the nodes that the target file names are cut off from their agents; strangers call at them',
    `${awayMs / 1000} s`,
  ),
  faults: [agentOutage],
  bounds: [],
  run: (context) =>
    outage(context, agentOutage, [nodeServesWithoutAgent, nodeRefusesWithoutAgent], awayMs, nodeRefusesWithoutAgent),
};

function stepsOf(cut: string, long: string): readonly string[] {
  return [
    'Each service that lets the probe in is called at the rate that the target file allows.',
    `By the command of the target file, ${cut}. It is in force when the command that shows it gets nowhere, which it did before.`,
    `It is held for ${long}, and ends while every SVID that was shown lives.`,
    'It is healed, by the other command, and gone when the command that shows it gets through again.',
  ];
}

/** @param refused - what strangers decide that call meanwhile; left out: none call */
async function outage(
  context: ScenarioContext,
  { kind }: FaultKind,
  decides: readonly KnownClause[],
  holdMs: number,
  refused?: KnownClause,
): Promise<void> {
  const { target, recorder, signal, inject } = context;
  const commanded = (target.commanded ?? []).filter((one) => one.kind === kind);
  const names = new Set(commanded.map(({ node }) => node));
  const nodes = target.nodes.filter(({ name }) => names.has(name));
  for (const { name } of target.nodes.filter((node) => node.judged && !names.has(node.name)))
    for (const { id } of decides)
      recorder.record({
        kind: 'skip',
        clause: id,
        node: name,
        reason: `the target file gives no command for a ${kind} of ${name}`,
      });
  await sleep(calmMs, undefined, { signal });
  outlives(
    context,
    nodesIn({ nodes }, 'server').map(({ name }) => name),
    holdMs + marginMs,
  );
  await using strangers =
    refused && (await sendStrangers({ ...context, target: { ...target, nodes } }, refused, 'while its agent is away'));
  {
    await using _cut = await inject(commanded.map(({ fault }) => fault));
    await Promise.all([sleep(holdMs, undefined, { signal }), strangers?.called()]);
  }
  await sleep(calmMs, undefined, { signal });
  await strangers?.end();
}

/** Services whose SVIDs end meanwhile would be blamed for the outage. @throws FixtureError that says so */
function outlives({ recorder }: ScenarioContext, names: readonly string[], wantedMs: number): void {
  const asked = new Set(entriesOf(recorder.history, 'request').map(({ to }) => to));
  for (const name of names.filter((one) => asked.has(one))) {
    const last = svidsOf(recorder.history, name, 'presented').at(-1);
    const leftMs = last === undefined ? -Infinity : Date.parse(last.notAfter) - Date.now();
    if (leftMs < wantedMs)
      throw new FixtureError(
        `${name} shows an SVID that lives for ${(leftMs / 1000).toFixed(0)} s longer, and ${(wantedMs / 1000).toFixed(0)} s are needed: nothing is cut`,
      );
  }
}

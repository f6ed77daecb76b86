import { meshSpecs } from '../../plans/meshes.ts';
import { impostors } from '../../impostors/catalogue.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { anchorOf, cell, generatedNotice, sentence, table } from './markdown.ts';

/** docs/scenarios/<id>.md, from nothing but the scenario's own declaration, the catalogues and the gate's settings. */
export function scenarioPage(scenario: Scenario): string {
  const { id, title, hypothesis, steps } = scenario;
  return `${[
    `# ${title}`,
    generatedNotice,
    `Scenario \`${id}\`. Run it alone: \`npx assay gate ${scenario.ofOthers ? '--target mesh.yaml ' : ''}--only ${id}${id === 'watch' ? ' --watch 40m' : ''}\``,
    ...(scenario.certification
      ? ['It takes longer than a gate may: `npx assay certify` runs it, and a gate where it is named.']
      : []),
    '## Hypothesis',
    sentence(hypothesis),
    '## Steps',
    steps.map((step, at) => `${at + 1}. ${step}`).join('\n'),
    '## Faults',
    faults(scenario),
    '## Bounds',
    bounds(scenario),
    '## Where it runs',
    where(scenario),
    '## What it decides',
    decides(scenario),
  ].join('\n\n')}\n`;
}

function faults({ faults: declared, calm, ofOthers }: Scenario): string {
  if (declared.length === 0 && calm === true) return 'None.';
  if (ofOthers && declared.length === 0)
    return 'None is injected. What changes is the mesh itself, and what is seen of that is what its services show and what the agent of the probe delivers.';
  if (declared.length === 0)
    return 'None is injected. What changes is the mesh itself, by its own means; each step is waited for until every agent shows it.';
  return declared
    .map(({ kind, does, byOwner, inForceWhen, goneWhen }) => ({
      ...{ kind, does, inForceWhen, goneWhen },
      ...(ofOthers && !byOwner && byCommands),
    }))
    .map(({ kind, does, inForceWhen, goneWhen }) =>
      [
        `**${kind}**: ${does}.`,
        '',
        `- Proven in force when ${inForceWhen}.`,
        `- Proven gone when ${goneWhen}.`,
        '- Either proof missing: the scenario is inconclusive.',
      ].join('\n'),
    )
    .join('\n\n');
}

const byCommands = {
  does: 'by the commands of the target file',
  inForceWhen: '`reaches` gets nowhere, which it did before',
  goneWhen: '`reaches` gets through again',
};

function bounds({ bounds: declared }: Scenario): string {
  if (declared.length === 0) return 'None.';
  return [
    declared.map(({ name, says }) => `- \`${name}\`: ${says}.`).join('\n'),
    'The value of each stands in `history.jsonl`, in the entry that ends the scenario.',
  ].join('\n\n');
}

function where(scenario: Scenario): string {
  if (scenario.ofOthers)
    return 'On a mesh that runs already: `--target FILE`. What it takes stands in the README, under "Attach to a mesh that runs already".';
  const { name, svidTtlSeconds, syncIntervalMs, cacheReloadMs, nodes } = meshSpecs(undefined, {})[scenario.mesh];
  return `On mesh \`${name}\`: ${nodes.length} nodes with an agent each (${nodes.map((node) => `\`${node.name}\``).join(', ')}), SVIDs of ${svidTtlSeconds} s, agents that sync every ${syncIntervalMs} ms, a server that reads its entries every ${cacheReloadMs} ms.`;
}

function decides(scenario: Scenario): string {
  const own = scenario.clauses.map(({ id, title, danger }) => [
    `[\`${id}\`](../clauses.md#${anchorOf(id)})`,
    cell(title),
    cell(danger),
    ...(scenario.ofOthers ? [] : [cell(caughtBy(id))]),
  ]);
  const heads = ['Clause', 'What must hold', 'What is wrong otherwise'];
  return table(scenario.ofOthers ? heads : [...heads, 'Impostors caught'], own);
}

const caughtBy = (id: string) =>
  impostors
    .filter(({ breaks }) => breaks === id)
    .map(({ title }) => title)
    .join('<br>');

import { trees, type Cause, type Tree } from '../../mesh/explain/cause.ts';
import { causes } from '../../mesh/explain/causes.ts';
import { generatedNotice, sentence } from './markdown.ts';

const titles: Readonly<Record<Tree, string>> = {
  rotation: 'Identities are not renewed, or not taken up',
  handshake: 'A handshake fails',
  helper: 'The files of a helper are of no use',
};

/** docs/troubleshooting.md: what `assay mesh explain` looks for, tree by tree. */
export function troubleshootingPage(): string {
  return `${[
    '# Troubleshooting',
    generatedNotice,
    '`assay mesh explain` looks for all of this by itself, changes nothing, and names what it found, with what to do: ' +
      '`npx assay mesh explain rotation --workload-api unix:///tmp/spire-agent/public/api.sock`. ' +
      'Each cause was made on purpose beside a real SPIRE, and had to be named, and no other (`test/mesh-explain.test.ts`).',
    ...trees.flatMap((tree) => [`## ${titles[tree]}`, `\`npx assay mesh explain ${tree}\``, ...branchesOf(tree)]),
  ].join('\n\n')}\n`;
}

function branchesOf(tree: Tree): string[] {
  const own = causes.filter((cause) => cause.tree === tree);
  return [...Map.groupBy(own, ({ branch }) => branch)].flatMap(([branch, some]) => [
    `### ${branch}`,
    some.map(item).join('\n'),
  ]);
}

function item({ id, title, symptom, remedy }: Cause): string {
  return [`- **${sentence(title)}** \`${id}\``, `  - Seen: ${sentence(symptom)}`, `  - Do: ${sentence(remedy)}`].join(
    '\n',
  );
}

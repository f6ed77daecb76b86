import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownPackage } from '../../fixtures/toolchain/packaged.ts';
import { root } from './places.ts';

const { name, version } = ownPackage();

/** How the package is packed and installed, under the name that it has now. */
export function install(): string {
  // As npm names the file of a package.
  const tarball = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  const commands = [
    ['npm pack', `in this repository: makes ${tarball}`],
    [`npm install -g ./${tarball}`, 'for a whole machine: assay gate'],
    [`npm install ./${tarball}`, 'in a folder of yours: npx assay gate'],
  ] as const;
  const width = Math.max(...commands.map(([command]) => command.length));
  return `\`\`\`sh
${commands.map(([command, is]) => `${command.padEnd(width)}   # ${is}`).join('\n')}
\`\`\`

| Command | Is safe |
| --- | --- |
| \`assay …\` | After \`npm install -g\`. |
| \`npx assay …\` | In this repository, and where the package is installed, for that folder or for the machine. Anywhere else npm offers to fetch a package \`assay\`, which is not ours: whoever registers that name is run. |
| \`npx --no -- assay …\` | Everywhere: it runs what is installed, or nothing. Use it in scripts. |
| \`npx ${name} …\` | Not yet: nothing is published, and it would fetch what somebody publishes there. |`;
}

/** A program that uses the API, as it stands in the examples and is tested. */
export const program = (): string => example('look.ts');

/** A mesh node, as the deployment document has it. */
export const meshNode = (): string => example('mesh-node.ts');

const example = (file: string) => `\`\`\`ts\n${readFileSync(join(root, 'examples', file), 'utf8')}\`\`\``;

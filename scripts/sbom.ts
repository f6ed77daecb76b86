// npm run sbom: writes down what ships with Assay, for the package and for the toolchain, as CycloneDX and as a list of licences. It wants Go and Cargo,
// and what they have downloaded for a build. A licence that nobody knows is an error.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownPackage } from '../fixtures/toolchain/packaged.ts';
import { version } from '../src/version.ts';
import { crates } from './sbom/crates.ts';
import { cycloneDx, isProgram, type Component } from './sbom/component.ts';
import { goModules } from './sbom/go-modules.ts';
import { licenceList } from './sbom/licence-list.ts';
import { npmPackages } from './sbom/npm-packages.ts';
import { withLicences } from './sbom/stated-licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name } = ownPackage();

const [own, ...packages] = withLicences(npmPackages(root)) as [Component, ...Component[]];
const toolchain = withLicences([...goModules(), ...crates()]);
const toolchainOf: Component = {
  ...{ ref: 'toolchain', type: 'application', name: `the toolchain of ${name}`, version, licences: ['Apache-2.0'] },
  needs: toolchain.filter(isProgram).map(({ ref }) => ref),
};

mkdirSync(join(root, 'docs/sbom'), { recursive: true });
for (const [path, text] of [
  ['docs/sbom/package.cdx.json', cycloneDx(own, packages)],
  ['docs/sbom/toolchain.cdx.json', cycloneDx(toolchainOf, toolchain)],
  ['docs/licences.md', licenceList(packages, toolchain)],
] as const) {
  writeFileSync(join(root, path), text);
  console.log(path);
}

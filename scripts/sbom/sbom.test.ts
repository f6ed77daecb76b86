import { readFileSync } from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import t from 'tap';
import { cycloneDx, type Component } from './component.ts';
import { withLicences } from './stated-licences.ts';

interface Bom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: readonly Listed[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Listed {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses: readonly unknown[];
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const texts = { package: read('docs/sbom/package.cdx.json'), toolchain: read('docs/sbom/toolchain.cdx.json') };
const boms = { package: JSON.parse(texts.package) as Bom, toolchain: JSON.parse(texts.toolchain) as Bom };
const named = (bom: Bom, kind: string) =>
  bom.components
    .filter(({ purl }) => purl?.startsWith(`pkg:${kind}/`))
    .map(({ name, version }) => `${name} ${version}`);
const remedy = 'made anew by: npm run sbom';

const library: Component = {
  ...{ ref: 'pkg:npm/one@1.0.0', type: 'library', name: 'one', version: '1.0.0', licences: ['MIT'], needs: [] },
};

await t.test('both bills of materials are CycloneDX, and each has all that it speaks of', async (t) => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  for (const [of, text] of Object.entries(texts)) t.equal(await validator.validate(text), null, of);
  const wrong = cycloneDx({ ...library, ref: 'own' }, [{ ...library, licences: ['Mine-1.0'] }]);
  t.not(await validator.validate(wrong), null, 'a licence that nobody knows is not let through');
  for (const { metadata, components, dependencies } of Object.values(boms)) {
    const refs = [metadata.component, ...components].map((one) => one['bom-ref']);
    t.equal(new Set(refs).size, refs.length, 'nothing stands there twice');
    t.strictSame(new Set(dependencies.map(({ ref }) => ref)), new Set(refs));
    const strangers = dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref));
    t.strictSame(strangers, []);
  }
});

await t.test('that of the package lists what the lockfile installs for its users', async (t) => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    readonly packages: Readonly<
      Record<string, { readonly version: string; readonly dev?: true; readonly name?: string }>
    >;
  };
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  const wanted = installed.map(
    ([path, { name, version }]) => `${name ?? path.replace(/^.*node_modules\//, '')} ${version}`,
  );
  t.strictSame(named(boms.package, 'npm').sort(), [...new Set(wanted)].sort(), remedy);
});

await t.test('that of the toolchain names versions that are pinned', async (t) => {
  const goSum = read('fixtures/toolchain/go.sum');
  const notPinned = named(boms.toolchain, 'golang').filter((module) => !goSum.includes(`${module} h1:`));
  t.strictSame(notPinned, [], remedy);
  const cargoLock = read('fixtures/toolchain/rust-node/Cargo.lock');
  const isLocked = (crate: string) => {
    const [name, version] = crate.split(' ');
    return cargoLock.includes(`name = "${name}"\nversion = "${version}"`);
  };
  t.strictSame(
    named(boms.toolchain, 'cargo').filter((crate) => !isLocked(crate)),
    [],
    remedy,
  );
  const spire = /^\tgithub\.com\/spiffe\/spire v(\S+)/m.exec(read('fixtures/toolchain/go.mod'))?.[1];
  t.equal(boms.toolchain.components.find(({ name }) => name === 'spire-server')?.version, spire, remedy);
});

await t.test('each component has a licence, and stands in the list', async (t) => {
  const page = read('docs/licences.md');
  for (const { name, version, licenses } of Object.values(boms).flatMap(({ components }) => components)) {
    if (licenses.length === 0) t.fail(`${name} ${version} has no licence`);
    if (!page.includes(`| ${name} | ${version} |`))
      t.fail(`${name} ${version} does not stand in docs/licences.md; ${remedy}`);
  }
  t.ok(boms.package.components.length > 100 && boms.toolchain.components.length > 300);
});

await t.test('a licence that nobody knows is an error, which says what to do', async (t) => {
  t.throws(() => withLicences([library, { ...library, ref: 'pkg:npm/two@2.0.0', licences: [] }]), {
    message:
      /no licence is known of pkg:npm\/two@2\.0\.0; look it up, and write it down in scripts\/sbom\/stated-licences\.ts/,
  });
  const looked = withLicences([{ ...library, ref: 'pkg:npm/ssh2@1.17.0', licences: [] }]);
  t.strictSame(
    looked.map(({ licences }) => licences),
    [['MIT']],
  );
});

import { type Component, noLicence } from './component.ts';

// What the licence of a component is where neither its registry nor a text in its root says so, and where it is said instead. Looked up by hand, for this
// version and no other: a new one may have another licence.
const stated: Readonly<Record<string, readonly [licence: string, where: string]>> = {
  'pkg:npm/ssh2@1.17.0': ['MIT', 'LICENSE, and the old "licenses" of package.json'],
  'pkg:npm/cpu-features@0.0.10': ['MIT', 'LICENSE, and the old "licenses" of package.json'],
  'pkg:npm/buildcheck@0.0.7': ['MIT', 'LICENSE, and the old "licenses" of package.json'],
  'pkg:golang/buf.build/gen/go/prometheus/prometheus/protocolbuffers/go@v1.36.11-20251118093737-4105057cc7d4.1': [
    'Apache-2.0',
    'the head of each file',
  ],
  'pkg:golang/github.com/gogo/googleapis@v0.0.0-20180223154316-0cd9801be74a': ['Apache-2.0', 'the head of each .proto'],
  'pkg:golang/github.com/grafana/k6-cloud-openapi-client-go@v0.0.0-20260106090513-285631296b5d': [
    noLicence,
    'nowhere in the module; only k6 holds it',
  ],
};

/**
 * The components with the licence of each.
 *
 * @throws Error naming each whose licence nobody knows
 */
export function withLicences(components: readonly Component[]): Component[] {
  const all = components.map((component) => {
    const known = stated[component.ref];
    return component.licences.length > 0 || known === undefined ? component : { ...component, licences: [known[0]] };
  });
  const unknown = all.filter(({ licences }) => licences.length === 0).map(({ ref }) => ref);
  if (unknown.length === 0) return all;
  throw new Error(
    `no licence is known of ${unknown.join(', ')}; look it up, and write it down in scripts/sbom/stated-licences.ts with the place where it stands`,
  );
}

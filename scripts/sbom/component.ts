/** Something of somebody else that ships with Assay, or ours that holds it. */
export interface Component {
  /** Package URL; of a program of the toolchain, its name. */
  readonly ref: string;
  readonly type: 'library' | 'application';
  readonly name: string;
  readonly version: string;
  /** SPDX ids that all hold, or one expression; empty where none was found. */
  readonly licences: readonly string[];
  /** Refs of what it is made of. */
  readonly needs: readonly string[];
  /** Of the file that a registry hands out. */
  readonly sha512?: string;
}

/** Programs are no packages that a registry has, and have no package URL. */
export const isProgram = ({ ref }: Pick<Component, 'ref'>): boolean => !ref.startsWith('pkg:');

/**
 * A CycloneDX document: the same for the same components, whenever and wherever it is made, so it has no serial number and no time.
 *
 * @param all - each ref once
 */
export function cycloneDx(subject: Component, all: readonly Component[]): string {
  const sorted = all.toSorted((one, other) => (one.ref < other.ref ? -1 : 1));
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: written(subject) },
    components: sorted.map(written),
    dependencies: [subject, ...sorted].map(({ ref, needs }) => ({ ref, dependsOn: needs.toSorted() })),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function written(component: Component): object {
  const { ref, type, name, version, licences, sha512 } = component;
  return {
    'bom-ref': ref,
    type,
    name,
    version,
    ...(sha512 !== undefined && { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    licenses: licences.some(isExpression)
      ? [{ expression: licences.join(' AND ') }]
      : licences.map((id) => ({ license: id === noLicence ? { name: id } : { id } })),
    ...(!isProgram(component) && { purl: ref }),
  };
}

/** Of what states no licence anywhere: see stated-licences.ts. */
export const noLicence = 'none stated';

const isExpression = (licence: string) => licence !== noLicence && licence.includes(' ');

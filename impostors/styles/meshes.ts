import type { Conformer, MeshStyle } from '../conformer.ts';

const rsaSvids: MeshStyle = { id: 'rsa-svids', spec: { svidKeyType: 'rsa-2048' } };
const p384Authorities: MeshStyle = { id: 'p-384-authorities', spec: { caKeyType: 'ec-p384' } };
const rsaAuthorities: MeshStyle = { id: 'rsa-authorities', spec: { caKeyType: 'rsa-4096', svidKeyType: 'rsa-2048' } };
const nested: MeshStyle = { id: 'nested', spec: { upstreamAuthority: 'nested' } };

const reference = { kind: 'node', change: {} } as const;
const go = { kind: 'tool', tool: 'assay-go-node', args: [] } as const;

/** Plain nodes in meshes whose SPIRE has keys of other kinds, or another place among authorities. */
export const meshStyles: readonly Conformer[] = [
  {
    ...reference,
    id: 'mesh-rsa-svids',
    title: 'Holds SVIDs with RSA keys of 2048 bits',
    judgedBy: ['suites', 'rotation'],
    mesh: rsaSvids,
  },
  {
    ...go,
    id: 'mesh-rsa-svids-go',
    title: 'In Go: holds SVIDs with RSA keys of 2048 bits',
    judgedBy: ['suites'],
    mesh: rsaSvids,
  },
  {
    ...reference,
    id: 'mesh-p-384-authorities',
    title: 'Holds SVIDs of authorities on P-384',
    judgedBy: ['suites', 'rotation'],
    mesh: p384Authorities,
  },
  {
    ...go,
    id: 'mesh-p-384-authorities-go',
    title: 'In Go: holds SVIDs of authorities on P-384',
    judgedBy: ['suites'],
    mesh: p384Authorities,
  },
  {
    ...reference,
    id: 'mesh-rsa-authorities',
    title: 'Holds RSA SVIDs of RSA authorities of 4096 bits',
    judgedBy: ['suites'],
    mesh: rsaAuthorities,
  },
  {
    ...go,
    id: 'mesh-rsa-authorities-go',
    title: 'In Go: holds RSA SVIDs of RSA authorities of 4096 bits',
    judgedBy: ['suites'],
    mesh: rsaAuthorities,
  },
  {
    ...reference,
    id: 'mesh-nested',
    title: 'Holds SVIDs of a nested SPIRE, with two intermediates behind each leaf',
    judgedBy: ['suites', 'partition-short', 'partition-long'],
    mesh: nested,
  },
  {
    ...go,
    id: 'mesh-nested-go',
    title: 'In Go: holds SVIDs of a nested SPIRE, with two intermediates behind each leaf',
    judgedBy: ['suites', 'partition-long'],
    mesh: nested,
  },
  {
    kind: 'tool',
    tool: 'assay-rust-node',
    args: [],
    id: 'mesh-nested-rust',
    title: 'In Rust: holds SVIDs of a nested SPIRE, with two intermediates behind each leaf',
    judgedBy: ['suites'],
    mesh: nested,
  },
];

/** A document whose requirements stand in the catalogue, with how many there are. */
export interface CataloguedDocument {
  /** What the ids of its requirements begin with. */
  readonly id: string;
  readonly title: string;
  /** Whether the document says of itself that it may still change. */
  readonly incubating: boolean;
  readonly requirements: number;
  /** How many of them a program can decide from inputs and observed behaviour. */
  readonly blackBox: number;
  /** How many of them a program can decide with configuration, files or logs of the system. */
  readonly whiteBox: number;
  /** How many of them no program can decide. */
  readonly undecidable: number;
}

/**
 * The documents in the order of the catalogue.
 *
 * The counts stand here a second time, checked by a test, so that whoever only counts need not load the texts: that takes a gate 10 ms.
 */
export const documents = [
  {
    id: 'SPIFFE-ID',
    title: 'SPIFFE ID',
    incubating: false,
    requirements: 38,
    blackBox: 33,
    whiteBox: 4,
    undecidable: 1,
  },
  {
    id: 'X509-SVID',
    title: 'X.509-SVID',
    incubating: false,
    requirements: 48,
    blackBox: 47,
    whiteBox: 1,
    undecidable: 0,
  },
  { id: 'JWT-SVID', title: 'JWT-SVID', incubating: false, requirements: 39, blackBox: 33, whiteBox: 6, undecidable: 0 },
  { id: 'WIT-SVID', title: 'WIT-SVID', incubating: true, requirements: 63, blackBox: 58, whiteBox: 5, undecidable: 0 },
  {
    id: 'TDB',
    title: 'Trust domain and bundle',
    incubating: false,
    requirements: 39,
    blackBox: 34,
    whiteBox: 4,
    undecidable: 1,
  },
  {
    id: 'WORKLOAD-ENDPOINT',
    title: 'Workload endpoint',
    incubating: false,
    requirements: 32,
    blackBox: 27,
    whiteBox: 5,
    undecidable: 0,
  },
  {
    id: 'WORKLOAD-API',
    title: 'Workload API',
    incubating: false,
    requirements: 88,
    blackBox: 85,
    whiteBox: 3,
    undecidable: 0,
  },
  {
    id: 'FEDERATION',
    title: 'Federation',
    incubating: false,
    requirements: 82,
    blackBox: 76,
    whiteBox: 5,
    undecidable: 1,
  },
  {
    id: 'BROKER-API',
    title: 'Broker API',
    incubating: true,
    requirements: 102,
    blackBox: 89,
    whiteBox: 13,
    undecidable: 0,
  },
  {
    id: 'BROKER-ENDPOINT',
    title: 'Broker endpoint',
    incubating: true,
    requirements: 34,
    blackBox: 28,
    whiteBox: 6,
    undecidable: 0,
  },
  // Two documents in one, *Mesh deployment* and *Workload identity*: see mesh.ts.
  {
    id: 'MESH',
    title: 'Mesh deployment',
    incubating: false,
    requirements: 155,
    blackBox: 104,
    whiteBox: 50,
    undecidable: 1,
  },
] as const satisfies readonly CataloguedDocument[];

/** The id of a document of the catalogue. */
export type DocumentId = (typeof documents)[number]['id'];

/** The document that a requirement belongs to, by the requirement's id; undefined when it is of none. */
export function documentOf(requirementId: string): DocumentId | undefined {
  const name = requirementId.replace(/-[^-]+-\d+$/, '');
  return documents.find(({ id }) => id === name)?.id;
}
